"""Compare: the members side by side, each at the training step that all runs have reached."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from app.board.source import Snapshot, Source
from app.board.views.base import Page, Shown, ViewSpec
from app.figures.base import View, asked_step
from app.figures.base.course import State
from app.figures.compare.curves import curves
from app.figures.compare.learning import loss, score
from app.figures.compare.progress import progress
from app.figures.compare.sheet import sheet
from app.figures.compare.side import Entry, Side, looks
from app.figures.compare.strips import strips
from app.figures.theme import Style
from app.text.compare.caption import at_its_end, caption
from app.text.shared.situation import Caption
from core.budget import runs_at_once
from core.comparison import Left, Verdict, common_scorings, labels, parameters, seconds_left, verdict
from core.config import RunConfig
from core.frames import SCALARS, Frame
from core.reading.horizon import horizon_of
from core.reading.outcome import outcome_of

STATES: dict[str, State] = {
    "preview": "missing", "queued": "waiting", "running": "running", "paused": "paused", "finished": "over",
    "stopped": "over", "failed": "over",
}  # fmt: skip
NOTHING = {name: np.zeros(0) for name in ("step", *SCALARS)}
Run = tuple[RunConfig, Snapshot, Source]


def runs_of(shown: Shown) -> list[Run]:
    """Every run on the board in the page's order, the one in front in its place or first."""
    own = {shown.source.id: (shown.config, shown.snapshot, shown.source)}
    beside = {run_id: (config, snapshot, shown.others[run_id])
              for run_id, config, snapshot in shown.beside if run_id in shown.others}  # fmt: skip
    return list((beside | own if shown.source.id in beside else own | beside).values())


def moment(shown: Shown, runs: Sequence[Run]) -> int | None:
    """The training step to show: what the visitor chose, but no later one than all members have reached with some seed;
    None where nothing of that kind holds the runs back. A later seed that is behind joins in when it has got there."""
    reached: dict[str, dict[int, float]] = {}
    for config, snapshot, _ in runs:
        if STATES[snapshot.status.phase] != "missing":
            reached.setdefault(_member(config), {})[config.seed] = _reached(snapshot)
    seeds = set.intersection(*(set(each) for each in reached.values())) if reached else set()
    far = max((min(each[seed] for each in reached.values()) for seed in seeds), default=-1)
    if far < 0:  # with no seed all have begun: some wait for their turn
        far = min((step for each in reached.values() for step in each.values() if step >= 0), default=math.inf)
    far = min(far, math.inf if shown.query.cursor is None else shown.query.cursor)
    return None if far == math.inf else int(far)


def _member(config: RunConfig) -> str:
    return config.replace(seed=0).digest()


def _reached(snapshot: Snapshot) -> float:
    """The last step that is recorded, -1 before the first; beyond all where no further one will come."""
    if STATES[snapshot.status.phase] in ("over", "missing"):
        return math.inf
    return float(snapshot.steps[-1]) if len(snapshot.steps) else -1


def sides_of(shown: Shown) -> list[Side]:
    """The members: runs whose settings are the same but for the seed."""
    runs = runs_of(shown)
    at = moment(shown, runs)
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(_member(run[0]), []).append(run)
    configs = [group[0][0] for group in groups.values()]
    drawn, scored = looks(configs, shown.style), common_scorings(configs)
    return [
        Side(label, config, look, any(run[2] is shown.source for run in group),
             tuple(_entry(run, at, scored) for run in sorted(group, key=lambda run: run[0].seed)), parameters(config))
        for label, config, look, group in zip(labels(configs), configs, drawn, groups.values())
    ]  # fmt: skip


def _entry(run: Run, at: int | None, scored: np.ndarray) -> Entry:
    config, snapshot, source = run
    state = STATES[snapshot.status.phase]
    there = _reached(snapshot) >= (math.inf if at is None else at)
    frame = _frame(snapshot, source, at) if there else None
    trained = state != "missing" and len(snapshot.scalars["step"]) > 0
    return Entry(
        seed=config.seed,
        state=state,
        scalars=snapshot.scalars if trained else NOTHING,
        step=-1 if frame is None else frame.step,
        flow=None if frame is None else np.asarray(frame.flow),
        horizon=None if frame is None else horizon_of(frame.flow_last, asked=asked_step(config), cuts=config.cuts),
        outcome=outcome_of(snapshot.scalars, config, at, scored) if trained and there else None,
        whole=outcome_of(snapshot.scalars, config, None, scored) if trained else None,
        seconds=snapshot.step_seconds,
    )


def _frame(snapshot: Snapshot, source: Source, at: int | None) -> Frame | None:
    last = snapshot.last
    return last if last is None or at is None or at >= last.step else source.frame(at)


def verdict_on(shown: Shown) -> Verdict | None:
    """The tests, where there are two members and all their runs are through and at their end: whoever tests again at
    every step of training finds something in the end."""
    sides = members(shown)
    if len(sides) < 2 or not all(at_its_end(run, shown.config) for side in sides for run in side.runs):
        return None
    return _verdict(tuple(tuple(outcome.order for outcome in side.outcomes) for side in sides))


def left(shown: Shown) -> float | None:
    """About the seconds until all that wait or train are through; None where none do."""
    runs = [(Left(config, int(snapshot.steps[-1]) if len(snapshot.steps) else -1, snapshot.step_seconds), snapshot)
            for config, snapshot, _ in runs_of(shown)]  # fmt: skip
    going = [run for run, snapshot in runs if STATES[snapshot.status.phase] in ("waiting", "running")]
    return seconds_left(going, runs_at_once(), [run for run, _ in runs]) if going else None


@lru_cache(maxsize=64)
def _verdict(groups: tuple[tuple[tuple[float, float], ...], ...]) -> Verdict:
    """Asked for by words and table, and again by every viewer."""
    return verdict(groups)


def _cursor(sides: Sequence[Side]) -> int:
    """Where the moment stands on an axis of training steps: at the furthest run."""
    return max((run.step for side in sides for run in side.there), default=0)


Draw = Callable[[Sequence[Side], Shown], View]
OverTraining = Callable[[Sequence[Side], int, RunConfig, Style], View]


def _of_sides(draw: Draw) -> Callable[[Shown], View]:
    return lambda shown: draw(members(shown), shown)


def members(shown: Shown) -> list[Side]:
    """``sides_of``, worked out once a reply."""
    kept = shown.kept
    if "sides" not in kept:
        kept["sides"] = sides_of(shown)
    return kept["sides"]


def _caption(shown: Shown) -> Caption:
    sides = members(shown)
    return caption(sides, verdict_on(shown), shown.config, left(shown))


def _strips(sides: Sequence[Side], shown: Shown) -> View:
    return strips(sides, shown.config, shown.style)


def _curves(sides: Sequence[Side], shown: Shown) -> View:
    return curves(sides, shown.config, shown.style)


def _sheet(sides: Sequence[Side], shown: Shown) -> View:
    return sheet(sides, verdict_on(shown), shown.config, shown.style)


def over_training(draw: OverTraining) -> Draw:
    """A picture along the axis of training steps, with the moment on it."""
    return lambda sides, shown: draw(sides, _cursor(sides), shown.config, shown.style)


VIEWS: dict[str, ViewSpec] = {
    "strips": ViewSpec(
        _of_sides(_strips), wide=True, height=240, title="How much of the gradient arrives at each time step"
    ),
    "curves": ViewSpec(_of_sides(_curves), wide=True, height=320, title="The same as curves"),
    "table": ViewSpec(_of_sides(_sheet), wide=True, height=260, title="In numbers"),
    "progress": ViewSpec(_of_sides(over_training(progress)), wide=True, height=280, title="Every run"),
    "score": ViewSpec(_of_sides(over_training(score)), wide=True, height=230, title="Score"),
    "loss": ViewSpec(_of_sides(over_training(loss)), wide=True, height=230, title="Loss"),
}

PAGE = Page("compare", VIEWS, _caption, pace=400)
