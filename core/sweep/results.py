"""What the runs of a sweep have come to: each by itself, each point over its seeds, and the tests over all points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import inf, isfinite, nan
from typing import Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from core.comparison import Left, Verdict, seconds_left, verdict
from core.config import RunConfig
from core.frames import Floats
from core.numbers import exact, fixed, percent
from core.reach import loss_steps
from core.reading.horizon import horizon_of
from core.reading.outcome import Outcome, outcome_of
from core.sweep.plan import Sweep

State = Literal["missing", "waiting", "running", "paused", "through", "ended"]
"""``through``: after all its steps, or where it stopped being numbers; ``ended``: stopped or failed before that."""

GOING: tuple[State, ...] = ("waiting", "running")


@dataclass(frozen=True)
class Measured:
    """A run that is through, in numbers.

    outcome  whether and when it solved its task, and its score
    reach    the horizon of its last recorded step: the most steps back at which 1 % of the last loss's gradient still
             arrives; None where there is no gradient
    factor   per step back, where the profile is a line; None where it is not
    """

    outcome: Outcome
    reach: int | None
    factor: float | None


@dataclass(frozen=True)
class Result:
    """A run of a sweep. ``run``: its id, empty where there is none; ``step``: its last one, -1 before the first;
    ``seconds``: processor time of a training step, NaN where it is not known."""

    config: RunConfig
    state: State = "missing"
    run: str = ""
    step: int = -1
    measured: Measured | None = None
    seconds: float = nan


def measured(
    config: RunConfig, scalars: Mapping[str, np.ndarray], flow_last: Floats, scored: NDArray[np.integer]
) -> Measured:
    """The numbers of a run from its ``scalars`` ({name: (n,)}, one a training step) and the flow (T+1,) of its last
    recorded step; solved steps are among those that are ``scored``."""
    horizon = horizon_of(flow_last, asked=int(loss_steps(config.task)[-1]), cuts=config.cuts)
    return Measured(outcome_of(scalars, config, None, scored), horizon.reach, horizon.factor)


@dataclass(frozen=True)
class Quantity:
    """A number that is read off every run that is through. ``of`` may say None; ``never`` stands for that in a median:
    infinity where None means later than all others."""

    name: str
    title: str
    of: Callable[[Measured], float | None]
    words: Callable[[float], str]
    hint: str
    never: float = nan
    log: bool = False

    def middle(self, results: Sequence[Result]) -> float:
        """The median over those that are through; NaN where there is none, infinite where most never get there."""
        values = [self.never if (value := self.of(run.measured)) is None else value
                  for run in results if run.measured]  # fmt: skip
        known = [value for value in values if not np.isnan(value)]
        return float(np.median(known)) if known and not _between(known) else (inf if known else nan)

    def said(self, value: float) -> str:
        """A value in words."""
        return "never" if value == inf else "–" if not isfinite(value) else self.words(value)


def _between(values: Sequence[float]) -> bool:
    """Whether the median lies at, or half way to, infinity."""
    return sorted(values)[len(values) // 2] == inf


QUANTITIES = {
    each.name: each
    for each in (
        Quantity("score", "score", lambda run: run.outcome.score, percent, "Score of the last scoring."),
        Quantity(
            "solved", "steps to solve", lambda run: run.outcome.solved, exact,
            "The first scoring on the task's solved line, of runs that are on it at their end; one that is not counts "
            "as never.", inf, True,
        ),
        Quantity(
            "factor", "factor per step", lambda run: run.factor, fixed,
            "By how much one step back changes the gradient, after the last update; where one factor fits.", log=True,
        ),
        Quantity(
            "horizon", "horizon", lambda run: run.reach, exact,
            "So many steps back 1 % of the last loss's gradient still arrives, after the last update.",
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Results:
    """A sweep with what is known of its runs: a row a point, one result a seed."""

    sweep: Sweep
    rows: tuple[tuple[Result, ...], ...]

    @cached_property
    def runs(self) -> tuple[Result, ...]:
        """All of them."""
        return tuple(run for row in self.rows for run in row)

    @property
    def seq(self) -> str:
        """Another text as soon as anything else is known."""
        told = "".join(f"{run.run}{run.state[0]}{run.step};" for run in self.runs)
        return f"{crc32(told.encode()):x}"

    def count(self, *states: State) -> int:
        """How many are in one of ``states``."""
        return sum(run.state in states for run in self.runs)

    @property
    def through(self) -> bool:
        """Whether every run has its numbers."""
        return all(run.measured for run in self.runs)

    @property
    def share(self) -> float:
        """How much of the training is done, 0 … 1."""
        done = sum(run.config.steps if run.measured else max(run.step, 0) for run in self.runs)
        return done / sum(run.config.steps for run in self.runs)

    def seconds_left(self, at_once: int) -> float:
        """About how long the rest takes, ``at_once`` runs at a time, if nothing else trains; by the model of what runs
        cost, and by the measured times of those that have begun."""
        each = [Left(run.config, run.step, run.seconds) for run in self.runs if not run.measured]
        timed = [Left(run.config, run.step, run.seconds) for run in self.runs if isfinite(run.seconds)]
        return seconds_left(each, at_once, timed)

    def solved(self, row: Sequence[Result]) -> tuple[int, int]:
        """(how many of a point's runs solve the task, how many are through)."""
        outcomes = [run.measured.outcome for run in row if run.measured]
        return sum(outcome.solved is not None for outcome in outcomes), len(outcomes)

    @cached_property
    def verdict(self) -> Verdict | None:
        """The tests that Compare makes, over all points; None before the last run is through, for one point alone, and
        where points are different tasks or trained for different numbers of steps."""
        if not self.through or len(self.rows) < 2 or not self.sweep.tested:
            return None
        return _verdict(tuple(tuple(run.measured.outcome.order for run in row if run.measured) for row in self.rows))

    @cached_property
    def ranked(self) -> tuple[int, ...]:
        """Points from the best down: by the share that solves the task, then the median step, then the median score;
        those of which no run is through behind the others."""
        return tuple(sorted(range(len(self.rows)), key=lambda place: self._order(self.rows[place])))

    @property
    def best(self) -> int | None:
        """The first of them; None before a run is through."""
        return self.ranked[0] if any(run.measured for run in self.runs) else None

    def _order(self, row: Sequence[Result]) -> tuple[float, float, float]:
        solved, through = self.solved(row)
        if not through:
            return 1.0, inf, 0.0
        score = QUANTITIES["score"].middle(row)
        return -solved / through, QUANTITIES["solved"].middle(row), -score if isfinite(score) else 0.0


@lru_cache(maxsize=32)
def _verdict(groups: tuple[tuple[tuple[float, float], ...], ...]) -> Verdict:
    """Asked for anew with every look at a sweep that is through."""
    return verdict(groups)
