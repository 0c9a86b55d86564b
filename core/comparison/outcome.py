"""What a run has come to at a training step: whether and when it solved the task, its score, its loss. NumPy only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.config import RunConfig


@dataclass(frozen=True)
class Outcome:
    """A run up to training step ``step``, its last one up to the moment that is looked at.

    solved  the first scored step at which the score counts as solved; None where there is none
    score   the last one measured, 0 where the run broke; NaN before the first
    broke   the first step whose loss is not a number; None where there is none
    """

    step: int
    solved: int | None
    score: float
    broke: int | None

    @property
    def order(self) -> tuple[float, float]:
        """Smaller is better: solved sooner; of those that never do, a higher score, to the percent.

        Closer than a percent is within what a held-out set of a thousand sequences can tell.
        """
        if self.solved is not None:
            return float(self.solved), 0.0
        return math.inf, -round(self.score, 2) if math.isfinite(self.score) else 0.0


def outcome_of(scalars: Mapping[str, np.ndarray], config: RunConfig, upto: int | None = None) -> Outcome:
    """The outcome of a run whose ``scalars`` ({name: (n,)}, one a training step) are known, at ``upto`` (None: all)."""
    steps = scalars["step"]
    seen = np.ones(len(steps), bool) if upto is None else steps <= upto
    score, loss = scalars["score"][seen], scalars["loss"][seen]
    known, bad = np.flatnonzero(np.isfinite(score)), np.flatnonzero(~np.isfinite(loss))
    reached = np.flatnonzero(score >= config.task.solved)
    return Outcome(
        step=int(steps[seen][-1]) if seen.any() else -1,
        solved=int(steps[reached[0]]) if reached.size else None,
        score=0.0 if bad.size else float(score[known[-1]]) if known.size else math.nan,
        broke=int(steps[bad[0]]) if bad.size else None,
    )
