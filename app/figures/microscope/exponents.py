"""Lyapunov exponents along one sequence, beside the factor per step that is measured."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Knob, Layout, View, figure, reference_line
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.numbers import fixed, plural, sig

Arrays = Mapping[str, np.ndarray]
ROUNDING = 1e-6
"""An exponent nearer to zero is zero to the precision of the states."""


def exponents(arrays: Arrays, measured: float | None, config: RunConfig, style: Style, *, knob: Knob) -> View:
    """From the answer to "exponents"; ``measured`` is the fitted factor per step of the gradient, None without one."""
    values = arrays["exponents"]
    lost = int(np.isneginf(values).sum())
    shown = values[np.isfinite(values)]
    color = CELL_LOOKS[config.cell.name].color
    marks = [] if measured is None or measured <= 0 else [reference_line(float(np.log(measured)), style, "dash")]
    low, high = _range(shown, [] if not marks else [float(np.log(measured or 1))])
    layout: Layout = {
        "xaxis": {"range": [0, len(values) + 1], "nticks": 5, "showgrid": False, "title": {"text": "exponent number"}},
        "yaxis": {"range": [low, high], "nticks": 6},
        "shapes": [reference_line(0, style, "solid"), *marks],
        "meta": {"axis": "exponent"},
    }
    data = [{"type": "scatter", "mode": "markers", "x": np.arange(1, len(values) + 1)[np.isfinite(values)], "y": shown,
             "marker": {"color": color, "size": 6, "symbol": CELL_LOOKS[config.cell.name].marker}, "name": "exponents",
             "hovertemplate": "λ%{x} = %{y:.3f}<extra></extra>"}]  # fmt: skip
    keys = (Key("exponent", color, "marker"),)
    if marks:
        keys += (Key(f"measured: ln {fixed(measured or 1)}", style.theme.muted, dash="dash"),)
    return View(
        name="exponents",
        title="Lyapunov exponents",
        hint=_hint(values, measured, lost),
        alt=_alt(values),
        figure=figure(style, data, layout, height=260, bottom=44),
        table=lambda: DataFrame({"number": range(1, len(values) + 1), "exponent": values,
                                 "factor per step": np.exp(values)}),
        keys=keys,
        knobs=(knob,),
    )  # fmt: skip


def _range(shown: np.ndarray, marks: list[float]) -> tuple[float, float]:
    values = np.concatenate([shown, marks, [0.0]])
    margin = 0.08 * max(float(np.ptp(values)), 0.1)
    return float(values.min()) - margin, float(values.max()) + margin


def _alt(values: np.ndarray) -> str:
    first = float(values[0])
    if not np.isfinite(first):
        return "There is no exponent."
    number, factor = sig(first if abs(first) >= ROUNDING else 0.0), fixed(float(np.exp(first)))
    return f"{plural(len(values), 'exponent')} from {number} down; the first one is a factor of {factor} per step."


def _hint(values: np.ndarray, measured: float | None, lost: int) -> str:
    first = float(values[0])
    if not np.isfinite(first):
        return "No exponent: " + ("every direction is lost." if np.isneginf(first) else "the states are not finite.")
    way = "keep their distance" if abs(first) < ROUNDING else "come together" if first < 0 else "part"
    number = sig(first if abs(first) >= ROUNDING else 0.0)
    start = f"λ₁ = {number}: states nearby {way}, × {fixed(float(np.exp(first)))} a step"
    gone = f"; {plural(lost, 'direction')} {'is' if lost == 1 else 'are'} lost altogether" if lost else ""
    if measured is None:
        return f"{start}{gone}. The measured gradient follows no single factor to compare it with."
    own = ", which starts in a direction of its own" if len(values) > 1 else ""
    return (
        f"{start}{gone}. The gradient goes × {fixed(measured)}: a mean over this whole sequence against one loss{own}."
    )
