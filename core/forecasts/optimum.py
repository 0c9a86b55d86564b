"""The one thing that is certain before training: what no network whose state is reset can know."""

from __future__ import annotations

import numpy as np

from core.config import RunConfig
from core.data import HELD_OUT
from core.tasks.base import Best

LUCK = 5.0
"""So many standard errors below the solved line the best answers have to score before it is called out of reach:
guesses may be lucky, or the held-out sequences easy. One scoring in three million is luckier."""


def best_within(config: RunConfig) -> Best:
    """The best answers that the inputs since the last reset of the state allow; a score of 1 without resets."""
    first = np.ones(config.task.length + 1, np.int64)
    for boundary in config.resets:  # the state that is set to zero is the last one that knows of earlier inputs
        first[boundary + 1 :] = boundary + 1
    return config.task.best(first)


def out_of_reach(config: RunConfig) -> bool:
    """Whether no network with these settings solves its task, however it is trained, for what resets take from it."""
    if not config.resets:
        return False
    best = best_within(config)
    return best.score + LUCK * best.spread / np.sqrt(HELD_OUT) < config.task.solved
