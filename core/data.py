"""Which sequences a run sees: pure functions of the config and the step. NumPy only."""

from __future__ import annotations

import numpy as np

from core.config import RunConfig
from core.tasks import Batch

HELD_OUT = 1000
PROBES = 4
SCORED_UNITS = 8192
"""Hidden units times sequences that one scoring pass takes: small nets are bound by the number of operations."""

_TRAINING, _HELD_OUT, _PROBES = 1, 2, 3


def training_batch(config: RunConfig, step: int) -> Batch:
    """The ``batch_size`` sequences that training step ``step`` learns from; depends on the seed.

    Of an endless task they are the next windows of as many places; the state that they go on from is not known here.
    """
    if config.task.endless:
        return config.task.following(config.seed, step, config.batch_size)
    return config.task.sample(np.random.default_rng([_TRAINING, config.seed, step]), config.batch_size, "training")


def held_out(config: RunConfig) -> Batch:
    """The ``HELD_OUT`` sequences that score a run, of an endless task all that it holds out; the same for every seed,
    so that seeds compare."""
    return config.task.judged(np.random.default_rng([_HELD_OUT]), HELD_OUT)


def held_out_size(config: RunConfig) -> float:
    """How many sequences of T steps they are as much work as."""
    steps = config.task.judged_steps
    return HELD_OUT if steps is None else steps / config.task.length


def scored_at_once(config: RunConfig) -> int:
    """How many of them one scoring pass takes."""
    return max(64, SCORED_UNITS // config.cell.hidden_size)


def probes(config: RunConfig) -> Batch:
    """The ``PROBES`` held-out sequences whose gates are kept; the same for every seed and cell.

    Where the task has classes they are of as many different classes as there are.
    """
    pool = config.task.sample(np.random.default_rng([_PROBES]), 64, "held-out")
    order = np.arange(64)
    if config.task.kind == "classes":
        _, first = np.unique(pool.target[-1], return_index=True)
        order = np.concatenate([np.sort(first), np.delete(order, first)])
    return pool.take(order[:PROBES])
