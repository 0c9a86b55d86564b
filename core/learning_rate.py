"""The learning rate of every training step: constant, growing at first, or falling along half a cosine."""

from __future__ import annotations

import math

from core.config import RunConfig


def rate_at(config: RunConfig, step: int) -> float:
    """Rate of the update of training step ``step``, 0 … steps − 1; never more than ``lr``.

    Linear warm-up reaches ``lr`` with its last step (Goyal et al. 2017). The cosine starts at ``lr`` and would be zero
    at ``steps`` (Loshchilov & Hutter 2017, without restarts). All updates of a stream's training step have one rate.
    """
    if config.lr_schedule == "warm-up":
        return config.lr * min(1.0, (step + 1) / config.warmup_steps)
    if config.lr_schedule == "cosine":
        return config.lr * (1 + math.cos(math.pi * step / config.steps)) / 2
    return config.lr
