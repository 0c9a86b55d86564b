"""Loss and score over training: a line a member, with a band over its seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    Key,
    Layout,
    View,
    cursor_line,
    figure,
    percent_axis,
    percents,
    plain_log_axis,
    reference_line,
    training_axis,
    with_gaps,
)
from app.figures.base.course import limits
from app.figures.compare.band import band, line, over_seeds
from app.figures.compare.curves import keys
from app.figures.compare.side import Entry, Side, seed_words
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import percent, sig
from core.schedule import Schedule

POINTS = 150
"""Intervals of training steps that a long loss is averaged over, the same for every run."""
FLOOR_DASHES = ("dot", "dash", "dashdot", "longdash")


def loss(sides: Sequence[Side], cursor: int, config: RunConfig, style: Style) -> View:
    """Draw the loss of each batch, long runs as means of intervals, on a log axis."""
    steps, size = _intervals(config)
    bands = [over_seeds(np.stack([_means(run, size, len(steps)) for run in side.begun])) if side.begun else None
             for side in sides]  # fmt: skip
    floors = config.task.floors()
    low, high = limits([each[1] for each in bands if each], *(y for y, _ in floors), decades=1.5)
    data: list[Layout] = []
    for side, each in zip(sides, bands):
        data += band(steps, each[0], each[2], side.look) if each else []
    data += [line(steps, each[1], side.look, side.label, "training step %{x:,}: loss %{y}")
             for side, each in zip(sides, bands) if each]  # fmt: skip
    layout: Layout = {
        "xaxis": training_axis(config.steps, style),
        "yaxis": plain_log_axis(low, high),
        "shapes": [*(reference_line(y, style, dash) for (y, _), dash in zip(floors, FLOOR_DASHES)),
                   *cursor_line(cursor, style)],
        "meta": {"axis": "training"},
    }  # fmt: skip
    of = "of each batch" if size == 1 else f"mean of {size} batches"
    return View(
        name="loss",
        title="Loss",
        hint=f"{of[0].upper()}{of[1:]}. {_seeds(sides)}",
        alt=f"Loss over training. {_ends(sides, bands, sig)}.",
        figure=figure(style, data, layout, height=230, bottom=40),
        table=lambda: _table(sides, steps, bands),
        keys=(*keys(sides), *(Key(f"{label}: {sig(y, 2 if len(floors) == 1 else 3)}", style.theme.muted, dash=dash,
                                  width=1.5) for (y, label), dash in zip(floors, FLOOR_DASHES))),
    )  # fmt: skip


def score(sides: Sequence[Side], cursor: int, config: RunConfig, style: Style) -> View:
    """Draw the score on unseen sequences where it was measured, with what guessing gets and from where on it counts."""
    task, scored = config.task, [_scores(side) for side in sides]
    data: list[Layout] = []
    for side, each in zip(sides, scored):
        data += band(each[0], each[1][0], each[1][2], side.look) if each else []
    data += [line(each[0], each[1][1], side.look, side.label, "training step %{x:,}: %{text}",
                  text=percents(each[1][1]))
             for side, each in zip(sides, scored) if each]  # fmt: skip
    layout: Layout = {
        "xaxis": training_axis(config.steps, style),
        "yaxis": percent_axis(-0.03, 1.05),
        "shapes": [reference_line(task.chance, style), reference_line(task.solved, style, dash="solid"),
                   *cursor_line(cursor, style)],
        "meta": {"axis": "training"},
    }  # fmt: skip
    return View(
        name="score",
        title="Score",
        hint=f"{task.score_name[0].upper()}{task.score_name[1:]}, unseen sequences. {_seeds(sides)}",
        alt=f"Score over training. {_ends(sides, [each and each[1] for each in scored], percent)}.",
        figure=figure(style, data, layout, height=230, bottom=40),
        table=lambda: _table_of_scores(sides, scored),
        keys=(*keys(sides), Key(f"solved: {percent(task.solved)}", style.theme.muted, width=1),
              Key(f"guessing: {percent(task.chance)}", style.theme.muted, dash="dot", width=1.5)),
    )  # fmt: skip


def _seeds(sides: Sequence[Side]) -> str:
    return seed_words(len(side.begun) for side in sides)


Band = tuple[np.ndarray, np.ndarray, np.ndarray]


def _intervals(config: RunConfig) -> tuple[np.ndarray, int]:
    """First steps of intervals that are the same for all runs of this length, and how many steps they have."""
    size = max(1, -(-(config.steps + 1) // POINTS))
    return np.arange(0, config.steps + 1, size), size


def _means(run: Entry, size: int, count: int) -> np.ndarray:
    """(count,) mean loss of each interval; NaN where the run broke, and where it is not through with it yet."""
    values, means = run.scalars["loss"], np.full(count, np.nan)
    starts = np.arange(0, len(values), size)
    if not len(values):
        return means
    with np.errstate(all="ignore"):
        known = np.add.reduceat(values, starts) / np.diff(starts, append=len(values))
    through = len(starts) if run.state == "over" else len(values) // size
    means[:through] = known[:through]
    return np.where(means > 0, means, np.nan)


def _scores(side: Side) -> tuple[np.ndarray, Band] | None:
    """The steps at which its runs are scored, up to the furthest of them, and the scores there."""
    planned = np.array(Schedule.of(side.config).scorings)
    rows = [run.scalars["score"] for run in side.begun]
    steps = planned[planned < max(map(len, rows), default=0)]
    known = [[row[step] if step < len(row) else np.nan for step in steps] for row in rows]
    return (steps, over_seeds(np.array(known, float))) if len(steps) else None


def _ends(sides: Sequence[Side], bands: Sequence[Band | None], words: object) -> str:
    said: list[str] = []
    for side, each in zip(sides, bands):
        known = np.flatnonzero(np.isfinite(each[1])) if each else np.zeros(0, int)
        if each is None or not known.size:
            said.append(f"{side.label}: not measured yet")
            continue
        low, middle, high = (words(float(values[known[-1]])) for values in each)  # type: ignore[operator]
        said.append(f"{side.label}: {middle} at the end so far ({low} to {high})")
    return "; ".join(said)


def _table(sides: Sequence[Side], steps: np.ndarray, bands: Sequence[Band | None]) -> DataFrame:
    shown = [k for k in range(len(steps)) if any(each and np.isfinite(each[1][k]) for each in bands)]
    shown = shown[:: max(1, -(-len(shown) // 60))]
    nothing = np.full(len(steps), np.nan)
    return _medians(sides, steps[shown], [(each[1] if each else nothing)[shown] for each in bands])


def _table_of_scores(sides: Sequence[Side], scored: Sequence[tuple[np.ndarray, Band] | None]) -> DataFrame:
    medians = [dict(zip(each[0].tolist(), each[1][1].tolist())) if each else {} for each in scored]
    steps = np.array(sorted(set().union(*medians)), int)
    return _medians(sides, steps, [np.array([each.get(step, np.nan) for step in steps.tolist()]) for each in medians])


def _medians(sides: Sequence[Side], steps: np.ndarray, medians: Sequence[np.ndarray]) -> DataFrame:
    columns = {f"{side.label}, median": with_gaps(each, np.isfinite(each)) for side, each in zip(sides, medians)}
    return DataFrame({"training step": steps} | columns)
