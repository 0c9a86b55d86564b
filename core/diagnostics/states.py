"""States after chosen steps, of many sequences."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import torch
from torch import Tensor

from core.moment import Moment

MOST_NUMBERS = 1 << 22
"""States of all sequences and steps that are held at once."""


@torch.no_grad()
def states(
    moment: Moment, x: np.ndarray, steps: Sequence[int], part: str, resets: Collection[int]
) -> dict[int, np.ndarray]:
    """{step: (N, H)} of the states after ``steps`` inputs of x (T, N, C), in the dtype of the weights; with ``part``
    "state" all parts side by side.

    A few steps at a time, so that of long sequences no more is held than is wanted.
    """
    T, N, _ = x.shape
    size = max(1, MOST_NUMBERS // (N * moment.config.cell.hidden_size * moment.layer.layers))
    kept: dict[int, np.ndarray] = {}
    state: tuple[Tensor, ...] | None = None
    for first in range(0, T, size):
        stop = min(first + size, T)
        inside = [b - first for b in resets if first <= b < stop]
        some = torch.from_numpy(x[first:stop]).to(moment.layer.dtype)
        way = moment.layer.evaluating().forward(some, state, resets=inside, first=first)
        held = list(way.states.values())
        wanted = held if part == "state" else held[:1]
        for step in steps:
            if first < step <= stop:
                kept[step] = torch.cat([values[step - first] for values in wanted], dim=1).numpy()
        state = tuple(values[-1].clone() for values in held)
    return kept
