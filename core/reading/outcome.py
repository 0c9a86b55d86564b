"""What a run has come to at a training step: whether and when it solved the task, and its score. NumPy only.

Solved is what every page, forecast and promise means by it: the last score is on the task's solved line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.config import RunConfig
from core.reading.breakage import breakage


@dataclass(frozen=True)
class Outcome:
    """A run up to training step ``step``, its last one up to the moment that is looked at.

    reached  the first scored step at which the score counts as solved; None where there is none
    score    the last one measured, 0 where the run broke; NaN before the first
    broke    the step at which it stopped being numbers; None where it did not
    holds    whether the last score counts as solved
    """

    step: int
    reached: int | None
    score: float
    broke: int | None
    holds: bool

    @property
    def solved(self) -> int | None:
        """The step at which it solved the task, if it has done so for good: a run that broke later, or whose last score
        is below the line again, has not."""
        return self.reached if self.holds else None

    @property
    def lost(self) -> int | None:
        """The step at which it had solved a task that it no longer solves; None where there is none."""
        return None if self.holds else self.reached

    @property
    def order(self) -> tuple[float, float]:
        """Smaller is better: solved sooner; of those that have not, a higher score, to the percent.

        Closer than a percent is within what a held-out set of a thousand sequences can tell.
        """
        if self.solved is not None:
            return float(self.solved), 0.0
        return math.inf, -round(self.score, 2) if math.isfinite(self.score) else 0.0


def outcome_of(
    scalars: Mapping[str, np.ndarray],
    config: RunConfig,
    upto: int | None = None,
    scored: NDArray[np.integer] | None = None,
) -> Outcome:
    """The outcome of a run whose ``scalars`` ({name: (n,)}, one a training step) are known, at ``upto`` (None: all).

    ``scored``: the only training steps whose scores count, those at which all who are compared are scored (None: every
    one that there is).
    """
    steps = scalars["step"]
    seen = np.ones(len(steps), bool) if upto is None else steps <= upto
    counts = seen if scored is None else seen & np.isin(steps, scored)
    broke = breakage({name: values[seen] for name, values in scalars.items()})
    known = np.flatnonzero(counts & np.isfinite(scalars["score"]))
    reached = known[scalars["score"][known] >= config.task.solved]
    score = 0.0 if broke else float(scalars["score"][known[-1]]) if known.size else math.nan
    return Outcome(
        step=int(steps[seen][-1]) if seen.any() else -1,
        reached=int(steps[reached[0]]) if reached.size else None,
        score=score,
        broke=None if broke is None else broke.step,
        holds=score >= config.task.solved,
    )
