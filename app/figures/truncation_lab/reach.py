"""Needed against reached: how far back the task asks for, and how far back the gradient of the last loss gets now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pandas import DataFrame

from app.figures.base import Layout, View, asked_step, bands, figure, time_axis
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.need import surely
from core.numbers import percent, plural
from core.reach import reach_of
from core.reading.horizon import KIND_NAMES, SHARE, Horizon, reached

PITCH = 34
"""Pixels from one line to the next."""


@dataclass(frozen=True)
class _Line:
    """One bracket from the asked step, ``steps`` steps back."""

    name: str
    words: str
    steps: int
    color: str
    width: float
    dash: str = "solid"


def reach(horizon: Horizon, config: RunConfig, style: Style, phi: np.ndarray | None = None) -> View:
    """Draw how many steps back are needed, reached (``found``) and left by truncation.

    ``phi`` (n,) is the untruncated flow of one loss by lag, where it is known.
    """
    T = config.task.length
    lines = _lines(horizon, config, style, phi)
    asked = asked_step(config)
    layout = {
        "xaxis": time_axis(style, T),
        "yaxis": {"visible": False, "range": [PITCH * len(lines), 0], "fixedrange": True},
        "annotations": [_word(line, k, asked, style) for k, line in enumerate(lines)],
        "shapes": bands(config.task.marks(), style),
        "meta": {"axis": "time"},
    }
    data = [trace for k, line in enumerate(lines) for trace in _bracket(line, k, asked, style)]
    return View(
        name="reach",
        title="Needed against reached",
        hint=_hint(horizon, config),
        alt=" ".join(f"{line.words}." for line in lines),
        figure=figure(style, data, layout, height=PITCH * len(lines) + 48, top=4, bottom=44),
        table=lambda: DataFrame(
            {
                "what": [line.name for line in lines],
                "steps": [line.steps for line in lines],
                "back to step": [asked - line.steps for line in lines],
            }
        ),
    )


def _lines(horizon: Horizon, config: RunConfig, style: Style, phi: np.ndarray | None) -> list[_Line]:
    theme, color, asked = style.theme, CELL_LOOKS[config.cell.name].color, asked_step(config)
    need = config.task.lag
    lines = [
        _Line("needed", f"{surely(config.task, 'needed')}: {_far(need, asked)}", need, theme.ink, 3),
        _Line("reached now", _reached_words(horizon), reached(horizon) or 0, color, 5),
    ]
    left = int(reach_of(config).seen[-1]) - 1
    if left < asked - 1:
        words = f"left by truncation: {_far(left, asked)}"
        lines.append(_Line("left by truncation", words, left, theme.muted, 2, "dot"))
        if phi is not None:
            free = min(_without(phi), asked - 1)
            words = f"with nothing cut: {plural(free, 'step')} back on these weights"
            lines.append(_Line("with nothing cut", words, free, color, 1.5, "dash"))
    return lines


def _without(phi: np.ndarray) -> int:
    """Steps back to the last with at least SHARE of φ₀."""
    with np.errstate(invalid="ignore"):
        above_share = np.flatnonzero(phi >= SHARE * phi[0]) if np.isfinite(phi[0]) and phi[0] > 0 else np.zeros(0, int)
    return int(above_share[-1]) if above_share.size else 0


def _far(steps: int, asked: int) -> str:
    return f"{plural(steps, 'step')} back, to step {asked - steps:,}"


def _reached_words(horizon: Horizon) -> str:
    there = reached(horizon)
    if there is None:
        return f"reached: nothing, at the last step the gradient is {KIND_NAMES[horizon.source]}"
    return f"reached: {_far(there, horizon.asked)}"


def _bracket(line: _Line, k: int, asked: int, style: Style) -> list[Layout]:
    y, right, left = PITCH * k + 26, asked + 0.5, asked - line.steps - 0.5
    look = {"color": line.color, "width": line.width, "dash": line.dash}
    if line.steps < 1:
        return []
    tick = {"symbol": "line-ns", "size": 11, "line": {"color": line.color, "width": 2}}
    hover = {"hovertemplate": f"{line.words}<extra></extra>", "name": line.name}
    return [
        {"type": "scatter", "mode": "lines", "x": [left, right], "y": [y, y], "line": look, **hover},
        {"type": "scatter", "mode": "markers", "x": [left, right], "y": [y, y], "marker": tick, "cliponaxis": False,
         **hover},
    ]  # fmt: skip


def _word(line: _Line, k: int, asked: int, style: Style) -> Layout:
    """The words over a line, ending at the asked step where all of them begin."""
    return {"text": line.words, "x": asked + 0.5, "xanchor": "right", "y": PITCH * k + 22, "yanchor": "bottom",
            "font": {"color": style.theme.ink if k < 2 else style.theme.muted, "size": 12}}  # fmt: skip


def _hint(horizon: Horizon, config: RunConfig) -> str:
    need, there = f"{plural(config.task.lag, 'step')} back {surely(config.task, 'needed')}", reached(horizon)
    if there is None:
        return f"{need}; there is no horizon, for nothing starts at the last step."
    return f"{need}, {there:,} reached with {percent(SHARE)} of the last step's gradient or more."
