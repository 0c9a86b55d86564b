"""What arrives of a gradient before any training: for every initialisation of every cell, and at every length."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from core.anatomy import ANATOMIES
from core.backprop.bptt import gradients
from core.config import RunConfig
from core.data import training_batch
from core.errors import ConfigError
from core.network import Network
from core.reach import loss_steps
from core.tasks import Batch

SEEDS = 3
LENGTHS = (10, 20, 30, 50, 75, 100, 150, 200, 300, 400)
"""Lengths of sequences that are tried, where the task can have them."""


def starts(config: RunConfig) -> list[RunConfig]:
    """``config`` with every cell and, for each, every initialisation it offers; the cell of ``config`` keeps its other
    settings."""
    found = []
    for name, anatomy in ANATOMIES.items():
        for init in anatomy.initialisations():
            with suppress(ConfigError):  # a variant may lack the gate that an initialisation speaks of
                found.append(config.replace(**{"cell.name": name, "cell.init": init}))
    return found


def cells(config: RunConfig) -> list[RunConfig]:
    """``config`` with every cell, with its initialisation where the cell has that, else torch's default."""
    return [config.replace(**{"cell.name": name}) for name in ANATOMIES]


def seeds(config: RunConfig) -> list[RunConfig]:
    """``config`` with SEEDS seeds, its own the first."""
    return [config.replace(seed=config.seed + k) for k in range(SEEDS)]


def lengths(config: RunConfig) -> Iterator[RunConfig]:
    """``config`` with sequences of each of LENGTHS that its task can have."""
    for T in LENGTHS:
        try:
            other = config.replace(**{"task.length": T})
            other.task.check()
        except ConfigError:
            continue
        yield other


def last_flow(network: Network, batch: Batch) -> NDArray[np.float64]:
    """(T+1,) how large the gradient of each sequence's last loss is at every step, nothing cut, in float64."""
    flow = gradients(network.wide(), batch, parameters=False).flow_last
    assert flow is not None, "it is recorded"
    return flow


def sequences(config: RunConfig, count: int) -> Batch:
    """The first ``count`` sequences of the first training step."""
    return training_batch(config, 0).take(slice(count))


def share_at_first(flow: NDArray[np.float64], config: RunConfig) -> float:
    """What arrives at step 1 of what there is at the last step that is asked; NaN where that is no number."""
    with np.errstate(all="ignore"):
        return float(flow[1] / flow[loss_steps(config.task)[-1]])
