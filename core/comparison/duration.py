"""How long the runs of a comparison will take: by the model of what they cost, and by what was measured. No torch.

As soon as the time of a training step is measured of one run, it stands for its own; of those that were not measured it
says by how much the model is off on this machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan
from statistics import median

from core.config import RunConfig
from core.cost import SWEEPS, pass_seconds, step_seconds
from core.data import held_out_size
from core.schedule import Schedule


@dataclass(frozen=True)
class Left:
    """A run that is not over. ``step``: its last training step, -1 before the first; ``seconds``: processor time that
    was measured of one of its steps, NaN where none was."""

    config: RunConfig
    step: int = -1
    seconds: float = nan


def seconds_left(runs: Sequence[Left], at_once: int, known: Sequence[Left] = ()) -> float:
    """About the seconds until all ``runs`` are through, ``at_once`` of them at a time on a processor of its own.

    ``known``: other runs, over or not, whose measured times say how fast this machine is. No sooner than the longest of
    them, nor than the work shared out evenly.
    """
    measured = [run.seconds / step_seconds(run.config) for run in (*runs, *known) if isfinite(run.seconds)]
    pace = median(measured) if measured else 1.0
    each = [_left(run, pace) for run in runs]
    return max(max(each, default=0.0), sum(each) / at_once)


def _left(run: Left, pace: float) -> float:
    steps, schedule = run.config.steps - run.step, Schedule.of(run.config)
    scorings = sum(step > run.step for step in schedule.scorings)
    each = run.seconds if isfinite(run.seconds) else pace * step_seconds(run.config)
    return steps * each + scorings * pace * pass_seconds(run.config, held_out_size(run.config)) / SWEEPS
