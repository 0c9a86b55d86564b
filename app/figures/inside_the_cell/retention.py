"""How long each unit keeps what it holds: its time constant, longest first, and over training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Layout, View, cursor_line, figure, plain_log_axis, training_axis
from app.figures.inside_the_cell.looks import look
from app.figures.theme import Style
from core.config import RunConfig
from core.need import surely
from core.numbers import fixed, plural, sig

Arrays = Mapping[str, np.ndarray]
LONGEST, SHORTEST = 1e5, 0.1
"""Time constants beyond stand at the edge."""
QUANTILES = ("shortest tenth", "median", "longest tenth")


def retention(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style, *, step: int) -> View:
    """From the answer to "gates" at training step ``step``."""
    steps, factors, units = (arrays[f"kept.{name}"] for name in ("steps", "factor", "unit"))
    drawn, low, high = _inside(steps, config)
    rank, keeps = np.arange(1, len(steps) + 1), meta["keeps"]
    seen = look(keeps, config)
    words = [f"unit {unit + 1}: × {fixed(float(f))} a step, {_steps(float(s))}"
             for unit, f, s in zip(units, factors, steps)]  # fmt: skip
    symbols = ["triangle-up" if np.isinf(s) else seen.marker if np.isfinite(s) else "x" for s in steps]
    data = [{"type": "scatter", "mode": "markers", "x": rank, "y": drawn.astype(np.float32), "text": words,
             "marker": {"color": seen.color, "symbol": symbols, "size": 7 if len(steps) <= 64 else 4},
             "cliponaxis": False, "hovertemplate": "%{text}<extra></extra>"}]  # fmt: skip
    layout: Layout = {
        "xaxis": {"range": [0.3, len(steps) + 0.7], "nticks": 5, "showgrid": False, "fixedrange": True,
                  "title": {"text": "units, longest first"}},
        "yaxis": plain_log_axis(low, high) | {"fixedrange": True,
                                              "title": {"text": "" if style.narrow else "time constant, steps"}},
        "shapes": [_needed(config, style)],
        "annotations": [_needed_name(config, low, high)],
        "meta": {"axis": "unit"},
    }  # fmt: skip
    return View(
        name="retention",
        title="What a unit keeps" if keeps != "slope" else "What φ lets through",
        hint=_hint(steps, float(arrays["kept.quantiles"][-1, 1]), meta, config),
        alt=f"Time constants of {plural(len(steps), 'unit')}, from {_steps(float(steps[0]))} to "
            f"{_steps(float(steps[-1]))}, at training step {step}.",
        figure=figure(style, data, layout, height=336, top=12, bottom=44),
        table=lambda: DataFrame({"unit": units + 1, "factor per step": factors, "time constant": steps}),
    )  # fmt: skip


def _inside(steps: np.ndarray, config: RunConfig) -> tuple[np.ndarray, float, float]:
    """The time constants as they are drawn, and the axis: what is ∞ at its upper edge, what is 0 at its lower."""
    known = steps[np.isfinite(steps) & (steps > 0)]
    low = max(SHORTEST, min(1.0, float(known.min(initial=1.0)) / 1.3))
    high = min(LONGEST, max(2.0 * config.task.lag, 1.6 * float(known.max(initial=1.0)), 10.0))
    return np.clip(np.where(np.isinf(steps), high, steps), low, high), low, high


def _needed(config: RunConfig, style: Style) -> Layout:
    lag = max(1, config.task.lag)
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": lag, "y1": lag, "layer": "below",
            "line": {"color": style.theme.muted, "width": 1, "dash": "dot"}}  # fmt: skip


def _needed_name(config: RunConfig, low: float, high: float) -> Layout:
    text = f"the task {surely(config.task, 'needs')} {config.task.lag}"
    return {"text": text, "xref": "paper", "x": 1, "xanchor": "right", "xshift": -4,
            "y": float(np.log10(max(1, config.task.lag))), "yanchor": "bottom"}  # fmt: skip


def _steps(value: float) -> str:
    return "for ever" if np.isinf(value) else "nothing known" if np.isnan(value) else f"{sig(value)} steps"


def _hint(steps: np.ndarray, median: float, meta: Mapping[str, Any], config: RunConfig) -> str:
    if np.isnan(median):
        return "The weights are not all numbers, and nothing is known of what they keep."
    with np.errstate(divide="ignore"):
        middle = f"the median unit × {fixed(float(np.exp(-1 / np.float64(median))))} a step, {_steps(median)}"
    if meta["keeps"] == "slope":
        return (
            f"No gate keeps anything here; this is exp(mean ln φ′), what φ alone would leave of the gradient: {middle}."
        )
    if meta["constant"].get(meta["keeps"]) == 1:
        return f"{meta['keeps']} is always 1, so every unit keeps for ever, and what it adds up never leaves."
    enough = int((steps >= config.task.lag).sum())
    return (
        f"{enough} of {plural(len(steps), 'unit')} {'is' if enough == 1 else 'are'} above the line; {middle}. A time "
        f"constant is −1 ÷ mean ln {meta['keeps']}: after so many steps 37\u00a0% of what was held is left."
    )


def kept_training(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style, *, shown: int) -> View:
    """The same over training: its median and its outer tenths, from the answer to "gates"."""
    at, quantiles = arrays["step"], arrays["kept.quantiles"]
    drawn, low, high = _inside(quantiles, config)
    color = look(meta["keeps"], config).color
    widths = (1.5, 3, 1.5)
    data = [{"type": "scatter", "mode": "lines+markers", "x": at, "y": drawn[:, k].astype(np.float32), "name": name,
             "line": {"color": color, "width": widths[k], "dash": "dot" if k == 0 else "solid"}, "marker": {"size": 4},
             "text": [_steps(float(value)) for value in quantiles[:, k]],
             "hovertemplate": f"{name}: %{{text}}<extra></extra>"} for k, name in enumerate(QUANTILES)]  # fmt: skip
    layout: Layout = {
        "xaxis": training_axis(config.steps, style),
        "yaxis": plain_log_axis(low, high) | {"title": {"text": "" if style.narrow else "time constant, steps"}},
        "shapes": [_needed(config, style), *cursor_line(shown, style)],
        "annotations": [_needed_name(config, low, high)],
        "meta": {"axis": "training"},
    }
    first, last = (_steps(float(quantiles[k, 1])) for k in (0, -1))
    return View(
        name="kept_training",
        title="What units keep, over training" if meta["keeps"] != "slope" else "What φ lets through, over training",
        hint=_moved(at, quantiles[:, 1]),
        alt=f"Percentiles of the units' time constants over training; the median goes from {first} to {last}."
            if len(at) > 1 else
            f"Percentiles of the units' time constants at training step {int(at[0])}; the median is {first}.",
        figure=figure(style, data, layout, height=260, top=12, bottom=44),
        table=lambda: DataFrame({"training step": at} | dict(zip(QUANTILES, quantiles.T))),
        keys=tuple(Key(name, color, width=widths[k], dash="dot" if k == 0 else "solid")
                   for k, name in enumerate(QUANTILES)),
    )  # fmt: skip


def _moved(at: np.ndarray, median: np.ndarray) -> str:
    first, last = _steps(float(median[0])), _steps(float(median[-1]))
    if len(at) < 2:
        return f"The median unit: {first} at step {int(at[0]):,}. Train to see it move."
    return f"The median unit: {first} at step {int(at[0]):,}, {last} at step {int(at[-1]):,}."
