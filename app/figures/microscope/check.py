"""One gradient against an independent number, and what becomes of a plain difference quotient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Knob, Layout, View, figure, plain_log_axis, reference_line
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.numbers import percent, sig

Arrays = Mapping[str, np.ndarray]
STEP, UNIT, PART = "check_t", "check_unit", "check_part"
KNOBS = (STEP, UNIT, PART)
NO_DIGIT = 0.5
"""Relative error of two numbers that agree in no digit."""
LEAST = 1e-17
"""A quotient that agrees to every digit is drawn here: a log axis has no zero."""


def check(
    arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style, *,
    sequence: Knob, t: int, unit: int, part: str,
) -> View:  # fmt: skip
    """From the answer to "check" about ∂ℓ/∂h[t] or ∂ℓ/∂c[t] of ``unit``."""
    error, relative = _errors(arrays, meta)
    return View(
        name="check",
        title="Check this gradient",
        hint=_hint(error, meta, config, t, unit, part),
        alt=_alt(error, meta),
        figure=_figure(arrays["step"], error, relative, style),
        table=lambda: DataFrame({"ε": arrays["step"], "plain quotient": arrays["quotient"], "its error": error}),
        keys=_keys(meta, config, style),
        knobs=(sequence, *_knobs(config, t, unit, part)),
    )  # fmt: skip


def _alt(error: np.ndarray, meta: Mapping[str, Any]) -> str:
    known = error[np.isfinite(error)]
    ours, theirs = (_exact(meta[name]) for name in ("ours", "independent"))
    start = f"Ours is {ours}, the {meta['method']} gives {theirs}; the plain quotient's error"
    if not known.size:
        return f"{start} is not a number."
    return f"{start} at {len(known)} step sizes is between {sig(float(known.min()))} and {sig(float(known.max()))}."


def parts(config: RunConfig) -> dict[str, str]:
    """{part of the state: its name}, the top layer's first."""
    names, layers = config.cell.state_names, config.cell.layers
    if layers == 1:
        return {name: name for name in names}
    below = {f"{name}_l{k}": f"{name} of layer {k + 1}" for k in range(layers - 1) for name in names}
    return {name: f"{name} of layer {layers}" for name in names} | below


def _knobs(config: RunConfig, t: int, unit: int, part: str) -> tuple[Knob, ...]:
    options = tuple(parts(config).items())
    knobs = (
        Knob(STEP, "state t", str(t), 0, config.task.length, 1),
        Knob(UNIT, "unit", str(unit), 1, config.cell.hidden_size, 1),
    )
    return (*knobs, Knob(PART, "of", part, options=options)) if len(options) > 1 else knobs


def _errors(arrays: Arrays, meta: Mapping[str, Any]) -> tuple[np.ndarray, bool]:
    """Error of every quotient, relative where there is a gradient to be relative to."""
    independent = float(meta["independent"])
    apart = np.abs(arrays["quotient"] - independent)
    return (apart / abs(independent), True) if independent else (apart, False)


def _keys(meta: Mapping[str, Any], config: RunConfig, style: Style) -> tuple[Key, ...]:
    """The legend is the read-out, to every digit."""
    muted, color = style.theme.muted, CELL_LOOKS[config.cell.name].color
    return (
        Key(f"ours {_exact(meta['ours'])}", color, width=3),
        Key(f"{meta['method']} {_exact(meta['independent'])}", style.theme.ink, width=3),
        Key(f"relative error {_words(meta['relative_error'])}", style.theme.ink, "marker"),
        Key(f"plain quotient, ε = 10⁻⁵: {_exact(meta['quotient'])}", muted, "marker", marker="circle-open"),
    )


def _exact(value: Any) -> str:
    return sig(float(value), 16) if float(value) else "0, exactly"


def _words(value: Any) -> str:
    return "0: equal to the last digit" if float(value) == 0 else sig(float(value))


def _figure(steps: np.ndarray, error: np.ndarray, relative: bool, style: Style) -> Any:
    with np.errstate(invalid="ignore"):
        y = np.where(np.isfinite(error), np.maximum(error, LEAST), np.nan)
    known = y[np.isfinite(y)]
    high = max(float(known.max(initial=1.0)) * 2, 2.0) if relative else max(float(known.max(initial=0)) * 3, 1e-10)
    low = min(float(known.min(initial=1.0)) / 3, high * 1e-3)
    unit = "relative error" if relative else "error"
    layout: Layout = {
        "xaxis": plain_log_axis(1e-13, 0.2) | {"autorange": False, "range": [-13.2, -0.7], "fixedrange": True,
                                               "title": {"text": "step ε of the plain quotient"}},
        "yaxis": plain_log_axis(low, high) | {"fixedrange": True, "title": {"text": "" if style.narrow else unit}},
        "shapes": [reference_line(1, style)] if relative else [],
        "meta": {"axis": "epsilon"},
    }  # fmt: skip
    data = [{"type": "scatter", "mode": "lines+markers", "x": steps, "y": y, "name": "plain quotient",
             "line": {"color": style.theme.muted, "width": 1.5}, "marker": {"size": 4, "color": style.theme.muted},
             "hovertemplate": f"ε %{{x}}: {unit} %{{y}}<extra></extra>"}]  # fmt: skip
    return figure(style, data, layout, height=260, top=10, bottom=46)


def _hint(error: np.ndarray, meta: Mapping[str, Any], config: RunConfig, t: int, unit: int, part: str) -> str:
    symbol, of, layer = parts(config)[part].partition(" of ")
    where = f"∂ℓ/∂{symbol} of unit {unit}{of}{layer} at state {t}" + (
        ", of the last loss alone" if meta["alone"] else ""
    )
    ours, independent, relative = (float(meta[name]) for name in ("ours", "independent", "relative_error"))
    if not (np.isfinite(ours) and np.isfinite(independent)):
        both = np.isfinite(ours) == np.isfinite(independent)
        whose = (
            f"in ours and by the {meta['method']}"
            if both
            else f"{'by the ' + meta['method'] if np.isfinite(ours) else 'in ours'} alone"
        )
        return f"{where} is not finite, {whose}."
    if independent == 0 and ours == 0:
        agree = f"{where} is exactly 0, in ours and by the {meta['method']}."
    elif relative >= NO_DIGIT:
        theirs = f"by the {meta['method']}, {sig(independent)}"
        return f"{where} is {sig(ours)} in ours, {theirs}: rounding has left no digit of it, the numbers are too large."
    else:
        agree = f"{where}: the {meta['method']}, which goes forwards and shares no line with our backward pass, " + (
            "gives the same to the last digit." if relative == 0 else f"agrees to {sig(relative)}."
        )
    return f"{agree} {_quotient(error, meta, config, independent)}"


def _quotient(error: np.ndarray, meta: Mapping[str, Any], config: RunConfig, independent: float) -> str:
    """What the plain quotient makes of it."""
    if not meta["same_question"]:
        stops = "the peepholes stop" if config.cell.peepholes else "the cell stops"
        why = "truncation cuts" if meta["cut"] else stops
        return f"The plain quotient asks another question: it knows nothing of the gradient that {why} on purpose."
    best = float(np.nanmin(error)) if np.isfinite(error).any() else float("nan")
    if independent == 0:
        return "The plain quotient can only say that it is small."
    if best > 0.01:
        return (
            f"The plain quotient drowns: it subtracts two losses that agree in nearly all their digits, and even with "
            f"the best ε it is off by {percent(best)}. A {meta['method']} subtracts nothing."
        )
    return (
        f"The plain quotient comes within {sig(best)} at its best ε: larger ones feel the curvature, smaller ones "
        "leave only rounding."
    )
