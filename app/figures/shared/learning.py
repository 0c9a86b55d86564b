"""Loss and score over training, with what guessing gets and from where on the task counts as solved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    Key,
    Layout,
    View,
    area,
    cursor_line,
    figure,
    percent_axis,
    percents,
    plain_log_axis,
    reference_line,
    thinned,
    training_axis,
)
from app.figures.base.course import broken_ground, broken_keys, span
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.numbers import percent, sig
from core.reading.breakage import breakage

FLOOR_DASHES = ("dot", "dash", "dashdot", "longdash")
"""One a floor, from the highest down; a key tells which is which."""


def loss(scalars: Mapping[str, np.ndarray], cursor: int, config: RunConfig, style: Style) -> View:
    """Draw ``scalars["loss"]`` (one a training step) on a log axis; long runs as means with their extremes behind."""
    steps, values = scalars["step"], scalars["loss"]
    look, floors = CELL_LOOKS[config.cell.name], config.task.floors()
    thin = thinned(steps, values)
    data = area(thin.steps, thin.low, thin.high, look.color, 0.25)
    data.append({"type": "scatter", "mode": "lines", "x": thin.steps, "y": thin.mean,
                 "line": {"color": look.color, "width": 2},
                 "hovertemplate": "training step %{x:,}: loss %{y}<extra></extra>"})  # fmt: skip
    low, high = _limits(values, config)
    total, broke = span(scalars, config.steps), breakage(scalars)
    data += broken_ground(broke, style, low / 10, high * 10, total * 1.02)
    layout = {
        "xaxis": training_axis(total, style),
        "yaxis": plain_log_axis(low, high) | _floor_ticks(low, config),
        "shapes": [*(reference_line(y, style, dash) for (y, _), dash in zip(floors, FLOOR_DASHES)),
                   *cursor_line(cursor, style)],
        "meta": {"axis": "training"},
    }  # fmt: skip
    now = sig(float(values[-1])) if len(values) else "not measured yet"
    return View(
        name="loss",
        title="Loss",
        hint="of each batch" if not thin.binned else "mean and range of the batches",
        alt=f"Loss over training: {now} at the end so far; {_floor_words(config)}.",
        figure=figure(style, data, layout, height=210, bottom=40),
        table=lambda: _table(thin.steps, "loss", thin.mean),
        keys=(Key("loss", look.color), *_floor_keys(config, style), *broken_keys(broke, style)),
    )


def _limits(values: np.ndarray, config: RunConfig) -> tuple[float, float]:
    """The axis holds every loss and every floor; an explosion may stretch it by four decades."""
    lines = [y for y, _ in config.task.floors()]
    known = values[np.isfinite(values) & (values > 0)]
    low, high = float(known.min(initial=min(lines))), float(known.max(initial=max(lines)))
    margin = 1.1 if len(lines) > 1 else 1.4  # floors lie close together: they need the height
    return low / margin, min(high, 1e4 * max(lines)) * margin


def _floor_ticks(low: float, config: RunConfig) -> Layout:
    """Several floors are all that an axis has to name which does not go a decade below them."""
    lines = [y for y, _ in config.task.floors()]
    if len(lines) == 1 or low < 0.1 * lines[-1]:
        return {}
    return {"tickvals": lines, "ticktext": [sig(y) for y in lines]}


def _floor_words(config: RunConfig) -> str:
    floors = config.task.floors()
    if len(floors) == 1:
        return f"an answer that ignores the sequence gets {sig(floors[0][0])}"
    return "its lines are " + ", ".join(f"“{label}” at {sig(y, 3)}" for y, label in floors)


def _floor_keys(config: RunConfig, style: Style) -> Iterator[Key]:
    floors = config.task.floors()
    for (y, label), dash in zip(floors, FLOOR_DASHES):
        value = sig(y, 2 if len(floors) == 1 else 3)
        yield Key(f"{label}: {value}", style.theme.muted, dash=dash, width=1.5)


def score(scalars: Mapping[str, np.ndarray], cursor: int, config: RunConfig, style: Style) -> View:
    """Draw the held-out score where it was measured (``scalars["score"]``, NaN elsewhere), with chance and solved."""
    steps, values = measured(scalars["step"], scalars["score"])
    look, task = CELL_LOOKS[config.cell.name], config.task
    data = [{"type": "scatter", "mode": "lines+markers" if len(steps) < 40 else "lines", "x": steps,
             "y": values, "line": {"color": look.color, "width": 2}, "marker": {"symbol": look.marker, "size": 5},
             "hovertemplate": "training step %{x:,}: %{text}<extra></extra>", "text": percents(values)}]  # fmt: skip
    layout = {
        "xaxis": training_axis(span(scalars, config.steps), style),
        "yaxis": percent_axis(-0.03, 1.05),
        "shapes": [reference_line(task.chance, style), reference_line(task.solved, style, dash="solid"),
                   *cursor_line(cursor, style)],
        "meta": {"axis": "training"},
    }  # fmt: skip
    now = percent(float(values[-1])) if len(values) else "not measured yet"
    return View(
        name="score",
        title="Score",
        hint=f"{task.score_name}, unseen sequences",
        alt=f"Score over training: {now}; guessing gets {percent(task.chance)}, solved from {percent(task.solved)}.",
        figure=figure(style, data, layout, height=210, bottom=40),
        table=lambda: _table(steps, "score", values),
        keys=(Key("score", look.color), Key(f"solved: {percent(task.solved)}", style.theme.muted, width=1),
              Key(f"guessing: {percent(task.chance)}", style.theme.muted, dash="dot", width=1.5)),
    )  # fmt: skip


def measured(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs whose value is a number."""
    known = np.isfinite(values)
    return steps[known], values[known].astype(np.float32)


def _table(steps: np.ndarray, name: str, values: np.ndarray, most: int = 100) -> DataFrame:
    """At most ``most`` evenly spaced rows, first and last among them."""
    chosen = np.unique(np.linspace(0, len(steps) - 1, min(most, len(steps))).astype(int))
    return DataFrame({"training step": steps[chosen].astype(int), name: values[chosen]})
