"""The gradient's size against the time step, now against the start of training and against pinned curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    Key,
    Layout,
    View,
    asked_step,
    bands,
    boundary_lines,
    figure,
    hatched,
    kind_keys,
    kinds_of,
    measured_by,
    reference,
    reference_line,
    step_words,
    time_axis,
    truncation_keys,
)
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.frames import Frame
from core.numbers import fixed, plural, portion, sig
from core.reading.horizon import KIND_NAMES, LIVE, SHARE, Horizon

DASHES = ("dot", "dash", "dashdot", "solid")
"""Of the layers, from the bottom up."""
DECADES = 14
"""The axis shows at most so many decades below the largest value."""


@dataclass(frozen=True)
class Pin:
    """A profile kept for comparison: ``flow`` (T'+1,) of another run or moment, with the cell it came from."""

    label: str
    cell: str
    flow: np.ndarray


@dataclass(frozen=True)
class _Line:
    """One curve: ``x`` time steps, ``y`` shares of the last step; ``listed`` in the legend or named elsewhere."""

    label: str
    x: np.ndarray
    y: np.ndarray
    color: str
    width: float = 1.5
    dash: str = "solid"
    opacity: float = 1.0
    listed: bool = True
    words: tuple[str, ...] = ()

    def trace(self) -> Layout:
        hover = {"text": list(self.words), "hovertemplate": "%{text}<extra></extra>"} if self.words else {}
        return {"type": "scatter", "mode": "lines", "name": self.label, "x": self.x, "y": self.y,
                "line": {"color": self.color, "width": self.width, "dash": self.dash}, "opacity": self.opacity,
                "connectgaps": False, **(hover or {"hoverinfo": "skip"})}  # fmt: skip

    def key(self) -> Key:
        return Key(self.label, self.color, dash=self.dash, width=self.width)


def gradient_curve(
    frame: Frame, start: Frame, horizon: Horizon, config: RunConfig, style: Style, pins: Sequence[Pin] = ()
) -> View:
    """Draw ``frame``'s profiles ÷ its flow at the last step; ``start`` is step 0, ``found`` the measured horizon.

    Pins are aligned at the asked step (their last with ours), each ÷ its own last step.
    """
    to = reference(frame.flow, asked_step(config))
    now = _now(frame, config, to)
    others = [*_pins(pins, config), *_start(frame, start, config, style), *_parts(frame, config, style, to)]
    lines = [*others, now, *_fit(horizon, style)]
    low, high = _range([now.y, *(line.y for line in others)])
    return View(
        name="curve",
        title="The same as a curve",
        hint=_hint(horizon),
        alt=_alt(frame, horizon, kinds_of(frame.flow, config), to, config.task.length),
        figure=figure(
            style,
            [*_ground(frame, config, style, low, high), *(line.trace() for line in lines), *_reach(horizon, style)],
            _layout(config, style, low, high),
            height=260 if style.narrow else 320,
            top=14,
            bottom=44,
        ),
        table=lambda: _table(frame, start, to),
        keys=_keys(lines, now, frame, config, style),
    )


def _keys(lines: Sequence[_Line], now: _Line, frame: Frame, config: RunConfig, style: Style) -> tuple[Key, ...]:
    """The lines, the present one first, then what the ground says."""
    others = [line.key() for line in lines if line.listed and line is not now]
    return now.key(), *others, *kind_keys(kinds_of(frame.flow, config), style), *truncation_keys(config, style)


def _now(frame: Frame, config: RunConfig, to: float) -> _Line:
    kinds = kinds_of(frame.flow, config)
    label = "untrained" if frame.step == 0 else f"now, training step {frame.step:,}"
    return _Line(label, _steps(config), _relative(frame.flow, to), CELL_LOOKS[config.cell.name].color, 3,
                 words=tuple(step_words(frame.flow, kinds, to, asked_step(config))))  # fmt: skip


def _steps(config: RunConfig) -> np.ndarray:
    return np.arange(config.task.length + 1)


def _pins(pins: Sequence[Pin], config: RunConfig) -> list[_Line]:
    lines = []
    for pin in pins:
        look, ends = CELL_LOOKS[pin.cell], config.task.length + 1
        share = _relative(pin.flow, reference(pin.flow, len(pin.flow) - 1))
        x = np.arange(ends - len(pin.flow), ends)
        lines.append(_Line(pin.label, x, share, look.color, dash=look.dash, opacity=0.6, listed=False))
    return lines


def _start(frame: Frame, start: Frame, config: RunConfig, style: Style) -> list[_Line]:
    if frame.step == start.step:
        return []
    share = _relative(start.flow, reference(start.flow, asked_step(config)))
    return [_Line("at the start of training", _steps(config), share, style.theme.faint)]


def _parts(frame: Frame, config: RunConfig, style: Style, to: float) -> list[_Line]:
    """What the flow is made of, where that is more than one thing."""
    lines, steps, color = [], _steps(config), CELL_LOOKS[config.cell.name].color
    if frame.flow_layers is not None:
        for k, (flow, dash) in enumerate(zip(frame.flow_layers, DASHES), 1):
            lines.append(_Line(f"layer {k} alone", steps, _relative(flow, to), color, 1, dash))
    elif frame.grad_c is not None:
        lines.append(_Line("‖∂L/∂h‖ alone", steps, _relative(frame.grad_h, to), color, 1, "dot"))
        lines.append(_Line("‖∂L/∂c‖ alone", steps, _relative(frame.grad_c, to), color, 1, "dashdot"))
    if not np.array_equal(frame.flow_last, frame.flow, equal_nan=True):
        last = _relative(frame.flow_last, reference(frame.flow_last, asked_step(config)))
        lines.append(_Line("of the last step's loss alone", steps, last, style.theme.muted, dash="dash"))
    return lines


def _fit(horizon: Horizon, style: Style) -> list[_Line]:
    """The two ends of the fitted line, where a line was found."""
    if horizon.factor is None or horizon.fitted is None or horizon.slope is None or horizon.intercept is None:
        return []
    lags = np.array(horizon.fitted, float)
    share = np.exp(horizon.intercept + horizon.slope * lags) / horizon.phi[0]
    label = f"fit: × {fixed(horizon.factor)} per step"
    return [_Line(label, horizon.asked - lags, share, style.theme.ink, dash="dash")]


def _ground(frame: Frame, config: RunConfig, style: Style, low: int, high: int) -> list[Layout]:
    """What lies behind the curves: kinds of zero and cuts, a decade beyond the axis on either side."""
    kinds = kinds_of(frame.flow, config)
    bottom, top = 10.0 ** (low - 1), 10.0 ** (high + 1)
    return [*hatched(kinds, style, bottom, top, opacity=0.45), *boundary_lines(config, style, bottom, top)]


def _layout(config: RunConfig, style: Style, low: int, high: int) -> Layout:
    return {
        "xaxis": time_axis(style, config.task.length),
        "yaxis": _log_axis(low, high, style),
        "shapes": [*bands(config.task.marks(), style), reference_line(SHARE, style)],
        "annotations": [_share_name()],
        "hovermode": "x",  # a column of the page is a moment: its label stays while the curve moves
        "meta": {"axis": "time"},
    }


def _relative(values: np.ndarray, to: float) -> np.ndarray:
    """values ÷ to as float32, NaN where a log axis has no place for it."""
    with np.errstate(all="ignore"):
        ratio = np.asarray(values, np.float64) / to
    return np.where(np.isfinite(ratio) & (ratio > 0), ratio, np.nan).astype(np.float32)


def _range(curves: Sequence[np.ndarray]) -> tuple[int, int]:
    """Whole even decades around the first curve; the others may widen it by four, so that none flattens it."""
    spans = [np.log10(curve[1:][np.isfinite(curve[1:])]) for curve in curves]
    spans = [span for span in spans if span.size]
    if not spans:
        return -4, 0
    low, high = min(spans[0].min(), -2.2), max(spans[0].max(), 0.3)
    for span in spans[1:]:
        low, high = min(low, max(span.min(), low - 4)), max(high, min(span.max(), high + 2))
    return max(2 * int(np.floor(low / 2)), int(np.ceil(high)) - DECADES), int(np.ceil(high))


def _log_axis(low: int, high: int, style: Style) -> Layout:
    stride = max(2, 2 * round((high - low) / 10))
    ticks = [k for k in range(low, high + 1) if k % stride == 0]
    text = ["1" if k == 0 else f"10{_superscript(k)}" for k in ticks]
    return {"type": "log", "range": [low, high], "tickvals": [10.0**k for k in ticks], "ticktext": text,
            "title": {"text": "" if style.narrow else "gradient ÷ last step"}}  # fmt: skip


def _superscript(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _share_name() -> Layout:
    """The 1 % line's name, below its right end: the curves meet above it there."""
    return {"text": "1 % of the last step", "xref": "paper", "x": 1, "xanchor": "right", "xshift": -4, "y": -2,
            "yanchor": "top"}  # fmt: skip


def _reach(horizon: Horizon, style: Style) -> list[Layout]:
    """A ring where the horizon ends, if that is inside the picture."""
    if horizon.reach is None or horizon.asked - horizon.reach < 1:
        return []
    word = f"horizon: {plural(horizon.reach, 'step')} back"
    ring = {"size": 11, "color": style.theme.surface, "line": {"color": style.theme.ink, "width": 2}}
    return [{"type": "scatter", "mode": "markers", "x": [horizon.asked - horizon.reach], "name": word, "marker": ring,
             "y": [horizon.share(horizon.reach)], "hovertemplate": f"{word}<extra></extra>"}]  # fmt: skip


def _hint(horizon: Horizon) -> str:
    if horizon.fitted is None:
        return "A straight line on this scale is one factor per step; here too few steps have a gradient to fit one."
    first, last = horizon.fitted
    where = f"from {first} to {last} steps back"
    if horizon.factor is not None:
        return f"A straight line on this scale is one factor per step; here × {fixed(horizon.factor)} {where}."
    return (
        f"Not a straight line {where} (R²\u00a0{fixed(horizon.r2 or 0.0)}), so no single factor per step describes it."
    )


def _alt(frame: Frame, horizon: Horizon, kinds: np.ndarray, to: float, T: int) -> str:
    rate = "no single factor per step fits" if horizon.factor is None else f"factor {fixed(horizon.factor)} per step"
    reach = "no horizon" if horizon.reach is None else f"the horizon is {plural(horizon.reach, 'step')}"
    own, first = float(frame.flow[horizon.asked]), float(frame.flow[1])
    there = sig(first)
    if kinds[1] != LIVE:
        there = KIND_NAMES[kinds[1]]
    elif np.isfinite(first):
        there += f" ({portion(first / to)} of {measured_by(frame.flow, horizon.asked)})"
    return (
        f"Gradient size against time step on a log scale at training step {frame.step}: {sig(own)} at the last step, "
        f"{there} at step 1 of {T}; {rate}, {reach}."
    )


def _table(frame: Frame, start: Frame, to: float) -> DataFrame:
    parts = {"‖∂L/∂h‖": frame.grad_h} | ({} if frame.grad_c is None else {"‖∂L/∂c‖": frame.grad_c})
    if frame.flow_layers is not None:
        parts = {f"layer {k}": flow for k, flow in enumerate(frame.flow_layers, 1)}
    flow = np.asarray(frame.flow)
    return DataFrame({"time step": range(len(flow)), "flow": flow, "÷ last step": flow / to, **parts,
                      "flow at the start": start.flow})  # fmt: skip
