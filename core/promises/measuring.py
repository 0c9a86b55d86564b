"""What a run comes to, in the numbers that claims speak of."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, nan

import numpy as np

from core.config import RunConfig
from core.frames import NOT_SCORED, Frame
from core.presets.claims import Measures
from core.reach import loss_steps
from core.reading.horizon import horizon_of


def trained(config: RunConfig) -> Measures:
    """Train ``config`` to its end and measure it."""
    from core.training import train

    return measured(config, train(config))


def measured(config: RunConfig, frames: Iterable[Frame]) -> Measures:
    """The measures of a run from all its ``frames``, the untrained network's first."""
    frames = iter(frames)
    first = next(frames)
    losses, scores = [first.history["loss"]], {first.score_step: first.score}
    for frame in frames:
        losses.append(frame.history["loss"])
        scores[frame.score_step] = frame.score
    scores.pop(NOT_SCORED, None)
    loss = np.concatenate(losses)
    broke = np.flatnonzero(~np.isfinite(loss))
    solved = [step for step, score in scores.items() if score >= config.task.solved]
    start = horizon_of(first.flow_last, asked=int(loss_steps(config.task)[-1]), cuts=config.cuts)
    return Measures(
        horizon=nan if start.reach is None else float(start.reach),
        first_loss=float(loss[0]),
        second_loss=float(loss[1]),
        broke_at=float(broke[0]) if broke.size else inf,
        solved_at=float(solved[0]) if solved else inf,
        score=0.0 if broke.size else float(list(scores.values())[-1]),
        highest_score=float(max(scores.values())),
    )
