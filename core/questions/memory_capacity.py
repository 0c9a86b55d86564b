"""How much of its past can a state hold?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from core.questions import sampling
from core.questions.base import Facts, Question, Statistics
from core.questions.untrained import now_and_untrained

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.moment import Moment
    from core.questions.over_training import Earlier

SHUFFLED = (40, 100)
"""Steps of the shuffled inputs, at least and at most: as many as the task's within these bounds."""
_SHUFFLED = 5
"""A random stream of its own, beside those of core.data and of the other questions."""


class MemoryCapacity(Question, frozen=True):
    """Memory capacity by lag on the task's own inputs in a random order, which makes them independent in time.

    The channels are made uncorrelated and of variance one first, so the capacities of all lags add up to the number of
    units at most. The states are run in float64: what a linear network holds of its farthest inputs lies in directions
    that float32 has no digits for.
    """

    statistics: ClassVar[Statistics] = "running"
    kind: Literal["capacity"] = "capacity"
    part: Literal["h", "state"] = Field(
        default="h",
        title="What is read",
        description="h of the top layer alone, or the whole state: h and c of all layers side by side.",
    )

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: lag, now, start (K,). Facts: bound, channels (that are left), sequences, steps."""
        (now, facts), (start, _) = now_and_untrained(_capacity, moment, self.part)
        return {"lag": now["lag"], "now": now["capacity"], "start": start["capacity"]}, facts


def _capacity(moment: Moment, part: str) -> Facts:
    from core.diagnostics.states import states
    from core.reading.fading import fading_at

    config = moment.config
    T = min(max(config.task.length, SHUFFLED[0]), SHUFFLED[1])
    x = shuffled(config, T)
    white = whitened(x)
    first = T - T // 4
    times = sampling.thinned(first, T, x.shape[1], config)
    wide = replace(moment, network=moment.network.wide())
    kept = states(wide, x, (times + 1).tolist(), part, ())
    read = np.stack([kept[t + 1] for t in times])
    fading = fading_at(read, white, times, range(first + 1))  # a sum leaves none out
    return {"lag": fading.lags, "capacity": fading.capacity}, {
        "bound": read.shape[-1],
        "channels": white.shape[-1],
        "sequences": x.shape[1],
        "steps": T,
    }


def shuffled(config: RunConfig, T: int) -> np.ndarray:
    """(T, N, C) inputs of the task, each drawn anew from all places of some sequences."""
    rng = np.random.default_rng([_SHUFFLED])
    pool = config.task.sample(rng, 64, "held-out").x.reshape(-1, config.task.input_size)
    N = sampling.sampled(T, config.cell.hidden_size * config.cell.layers, sampling.MOST_SAMPLED // 2)
    return pool[rng.integers(0, len(pool), (T, N))]


def whitened(x: np.ndarray) -> np.ndarray:
    """(T, N, D) uncorrelated channels of variance one that span what x (T, N, C) can vary in."""
    rows = x.reshape(-1, x.shape[-1]).astype(np.float64)
    rows -= rows.mean(axis=0)
    spread, axes = np.linalg.eigh(rows.T @ rows / len(rows))
    kept = spread > 1e-9 * max(float(spread[-1]), np.finfo(float).tiny)
    return (rows @ (axes[:, kept] / np.sqrt(spread[kept]))).reshape(*x.shape[:-1], -1)
