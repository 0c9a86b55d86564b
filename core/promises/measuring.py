"""What a run comes to, in the numbers that claims speak of."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, nan

import numpy as np

from core.config import RunConfig
from core.frames import Frame
from core.presets.claims import Measures
from core.reach import loss_steps
from core.reading.horizon import horizon_of
from core.reading.outcome import outcome_of


def trained(config: RunConfig) -> Measures:
    """Train ``config`` to its end and measure it."""
    from core.training import train

    return measured(config, train(config))


def measured(config: RunConfig, frames: Iterable[Frame]) -> Measures:
    """The measures of a run from all its ``frames``, the untrained network's first."""
    frames = iter(frames)
    first = next(frames)
    parts = [first.history, *(frame.history for frame in frames)]
    scalars = {name: np.concatenate([part[name] for part in parts]) for name in first.history}
    outcome, loss, scores = outcome_of(scalars, config), scalars["loss"], scalars["score"]
    start = horizon_of(first.flow_last, asked=int(loss_steps(config.task)[-1]), cuts=config.cuts)
    return Measures(
        horizon=nan if start.reach is None else float(start.reach),
        first_loss=float(loss[0]),
        second_loss=float(loss[1]),
        broke_at=inf if outcome.broke is None else float(outcome.broke),
        reached_at=inf if outcome.reached is None else float(outcome.reached),
        solved_at=inf if outcome.solved is None else float(outcome.solved),
        score=outcome.score,
        highest_score=float(np.nanmax(scores)),
    )
