"""How much of a gradient each step back leaves, before any training.

The table of docs/reference.md, "Factors at initialisation".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.backprop.profiles import profiles
from core.cells import Cell
from core.errors import UnrolledError
from core.frames import number, numbers
from core.tasks.adding import Adding

BATCH = 32
SEEDS = 6
LENGTH = 100
FIT = (0.1, 0.6)
"""The fitted lags, as shares of T: 10 … 60 at T = 100."""
LARGEST = 512
"""Hidden units at most, as in a run's config."""


@dataclass(frozen=True)
class Decay:
    """One network's gradient by lag, k = 0 … T: batch mean of its norm over the state, and its factor per step."""

    flow: NDArray[np.float64]
    factor: float


def decay(
    cell: Cell,
    init: str,
    hidden: int,
    *,
    seed: int = 0,
    length: int = LENGTH,
    batch: int = BATCH,
    forget_bias: float | None = None,
    scale: float | None = None,
) -> Decay:
    """Adding inputs, zero state, a random gradient on h at the last step; norm over h, or (h, c); float64.

    The factor is exp(slope of ln flow over the lags 10–60 at T = 100).
    """
    task, generator = Adding(length=length), torch.Generator().manual_seed(seed)
    params = cell.init(
        task.input_size, hidden, generator=generator, scheme=init, forget_bias=forget_bias, scale=scale,
        time_span=length, dtype=torch.float64,
    )  # fmt: skip
    x = torch.from_numpy(task.sample(np.random.default_rng(seed), batch, "training").x).double()
    grad_out = torch.zeros(length, batch, hidden, dtype=torch.float64)
    grad_out[-1] = torch.randn(batch, hidden, generator=generator, dtype=torch.float64)
    back = cell.backward(params, cell.forward(params, x), grad_out, parameters=False)
    flow = profiles(back).flow[::-1] / batch  # the gradient stands for one sequence's here
    lags = np.arange(round(FIT[0] * length), round(FIT[1] * length) + 1)
    with np.errstate(all="ignore"):
        log = np.log(flow[lags])
    slope = np.polyfit(lags, log, 1)[0] if np.isfinite(log).all() else np.nan
    return Decay(flow, float(np.exp(slope)))


def initial_decay(
    cell: Cell,
    init: str = "default",
    hidden: int = 64,
    *,
    length: int = LENGTH,
    seeds: int = SEEDS,
    batch: int = BATCH,
    forget_bias: float | None = None,
    scale: float | None = None,
) -> dict[str, Any]:
    """One JSON object: the factor per step at initialisation, mean of ``seeds`` networks, and each one's.

    ``scale`` is what the spectral schemes scale to. ``half_life`` is ln 2 / (−ln factor) in steps, null where the
    gradient does not fade. Raises ConfigError for a scheme or bias that the cell cannot have, UnrolledError for sizes
    out of range.
    """
    sizes = {"hidden": (hidden, 1, LARGEST), "length": (length, 10, 2000), "seeds": (seeds, 1, 100)}
    for name, (value, low, high) in (sizes | {"batch": (batch, 1, 512)}).items():
        if not low <= value <= high:
            raise UnrolledError(f"`{name}` (={value}) must lie between {low} and {high}. Choose a value in that range.")
    found = [
        decay(cell, init, hidden, seed=seed, length=length, batch=batch, forget_bias=forget_bias, scale=scale)
        for seed in range(seeds)
    ]
    factors = np.array([each.factor for each in found])
    factor = float(factors.mean())
    fades = np.isfinite(factor) and 0 < factor < 1
    return {
        "cell": cell.name,
        "init": init,
        "hidden": hidden,
        "length": length,
        "forget_bias": forget_bias,
        "scale": scale,
        "lags": [round(FIT[0] * length), round(FIT[1] * length)],
        "factor": number(factor),
        "factors": numbers(factors),
        "half_life": float(np.log(2) / -np.log(factor)) if fades else None,
        "flow": numbers(np.mean([each.flow for each in found], axis=0)),
    }
