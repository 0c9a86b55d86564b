"""The mean of every gate at each time step of one sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Knob, Label, Layout, View, above, event_labels, figure, reference_line, time_axis
from app.figures.inside_the_cell.looks import always, gate_name, look
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import fixed

Arrays = Mapping[str, np.ndarray]


def gate_time(
    arrays: Arrays, meta: Mapping[str, Any], events: Sequence[tuple[int, str]], config: RunConfig, style: Style, *,
    step: int, sequence: int, knobs: tuple[Knob, ...],
) -> View:  # fmt: skip
    """From the answer to "gates" at training step ``step``; ``events`` are those of probe number ``sequence``."""
    lines = {q: arrays[f"{q}.over_time"][sequence] for q in meta["names"]}
    T = config.task.length
    labels = event_labels(events)
    notes, lanes = above(labels, T, style)
    low = min(0.0, *(float(np.nanmin(line, initial=0)) for line in lines.values())) * 1.1
    steps = np.arange(1, T + 1)
    data = [{"type": "scatter", "mode": "lines", "x": steps, "y": line.astype(np.float32), "name": q,
             "line": {"color": look(q, config).color, "dash": look(q, config).dash, "width": 2},
             "hovertemplate": f"{q} %{{y:.2f}}<extra></extra>"} for q, line in lines.items()]  # fmt: skip
    layout: Layout = {
        "xaxis": time_axis(style, T),
        "yaxis": {"range": [low, 1.03], "nticks": 5, "fixedrange": True,
                  "title": {"text": "" if style.narrow else "mean over units"}},
        "shapes": [*_event_lines(labels, style), *([reference_line(0, style, "solid")] if low < 0 else [])],
        "annotations": notes,
        "hovermode": "x",
        "meta": {"axis": "time"},
    }  # fmt: skip
    return View(
        name="gate_time",
        title="Means over time",
        hint=_hint(lines, meta, events, config, step),
        alt=f"Mean of each gate over the units against the time step: {_means(lines, config)}.",
        figure=figure(style, data, layout, height=230 + 16 * lanes, top=12 + 16 * lanes, bottom=44),
        table=lambda: DataFrame({"time step": steps} | {gate_name(q, config): line for q, line in lines.items()}),
        keys=tuple(_key(q, meta, config) for q in lines),
        knobs=knobs,
    )  # fmt: skip


def _event_lines(labels: Sequence[Label], style: Style) -> list[Layout]:
    return [{"type": "line", "x0": t, "x1": t, "yref": "paper", "y0": 0, "y1": 1, "opacity": 0.5, "layer": "below",
             "line": {"color": style.theme.ink, "width": 1, "dash": "dot"}}
            for label in labels for t in sorted({label.first, label.last})]  # fmt: skip


def _key(q: str, meta: Mapping[str, Any], config: RunConfig) -> Key:
    seen = look(q, config)
    return Key(f"{gate_name(q, config)}{_constant(q, meta, config)}", seen.color, dash=seen.dash)


def _constant(q: str, meta: Mapping[str, Any], config: RunConfig) -> str:
    """What there is to say of a gate without weights of its own."""
    gate = config.cell.gate(q)
    if gate is not None and gate.of:
        return f" = {gate.follows}"
    return always(meta["constant"][q]) if q in meta["constant"] else ""


def _means(lines: Mapping[str, np.ndarray], config: RunConfig) -> str:
    return ", ".join(f"{gate_name(q, config)} {fixed(float(line.mean()))}" for q, line in lines.items())


def _hint(
    lines: Mapping[str, np.ndarray],
    meta: Mapping[str, Any],
    events: Sequence[tuple[int, str]],
    config: RunConfig,
    step: int,
) -> str:
    start = f"At training step {step:,}."
    if any(np.isnan(line).any() for line in lines.values()):
        return f"{start} The weights are not all numbers, and neither is this."
    if list(lines) == ["slope"]:
        return (
            f"{start} No gates here: this is φ′, what a unit lets through of the gradient, on average {_mean(lines)}."
        )
    T = len(next(iter(lines.values())))
    marked = [t - 1 for t, _ in events if t <= T]
    moving = [q for q in lines if q not in meta["constant"]]
    if not marked or not moving or len(marked) == T:
        return f"{start} {_means(lines, config)}."
    moves = {q: float(lines[q][marked].mean() - np.delete(lines[q], marked).mean()) for q in moving}
    q = max(moves, key=lambda name: abs(moves[name]))
    there, elsewhere = float(lines[q][marked].mean()), float(np.delete(lines[q], marked).mean())
    if abs(there - elsewhere) < 0.02:
        return f"{start} No gate tells the marked steps from the others yet."
    means = f"{fixed(there)} on average, elsewhere {fixed(elsewhere)}"
    return f"{start} At the marked steps {gate_name(q, config)} is {means}."


def _mean(lines: Mapping[str, np.ndarray]) -> str:
    return fixed(float(next(iter(lines.values())).mean()))
