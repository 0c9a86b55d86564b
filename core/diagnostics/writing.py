"""A network that was asked for the next symbol at every step writes a text by itself: what it says, it reads next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.network import Network

SEED = 26
"""Of the tosses that decide between symbols: the same at every moment, so that what differs is the network."""


@dataclass(frozen=True)
class Written:
    """A text of L symbols.

    places     (L,) in the vocabulary
    surprise   (L,) nats: −ln of the chance that the network gave the symbol, before temperature and top-k
    unit       (L,) value of one unit of h after the network has read the symbol
    """

    places: NDArray[np.int64]
    surprise: NDArray[np.float64]
    unit: NDArray[np.float64]


@torch.no_grad()
def written(
    network: Network, opening: Sequence[int], given: Sequence[int], more: int, *,
    temperature: float = 1.0, most_likely: int = 0, unit: int = 0, seed: int = SEED,
) -> Written:  # fmt: skip
    """After reading ``opening`` from a zero state: the symbols ``given``, and ``more`` that the network draws.

    temperature   what the logits are divided by before the draw
    most_likely   the draw is among so many of the likeliest symbols; among all where 0

    A network whose answers are no numbers draws evenly.
    """
    tosses = np.random.default_rng(seed).random(more)
    answer, _, state = _after(network, opening)
    places, surprise, values = [], [], []
    for k in range(len(given) + more):
        logits = answer.double().numpy()
        place = given[k] if k < len(given) else _drawn(logits, temperature, most_likely, tosses[k - len(given)])
        answer, h, state = _after(network, [place], state, len(opening) + k)
        places.append(place)
        with np.errstate(invalid="ignore"):  # weights that are no numbers
            surprise.append(float(np.logaddexp.reduce(logits) - logits[place]))
        values.append(float(h[unit]))
    return Written(np.array(places, np.int64), np.array(surprise), np.array(values))


def _after(
    network: Network, places: Sequence[int], state: tuple[Tensor, ...] | None = None, first: int = 0
) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
    """(answer (O,), h (H,), state) after reading ``places``, one at least, at step ``first`` and those after it."""
    size = len(network.readout["bias"])
    x = torch.zeros(len(places), 1, size, dtype=network.layer.dtype)
    x[torch.arange(len(places)), 0, torch.tensor(places)] = 1
    trajectory = network.layer.evaluating().forward(x, state, first=first)
    h = trajectory.h[-1]
    return network.answers(h)[0], h[0], trajectory.last


def _drawn(logits: NDArray[np.float64], temperature: float, most_likely: int, toss: float) -> int:
    """The symbol at which the chances, added up from the likeliest down, first exceed ``toss``."""
    if not np.isfinite(logits).all():
        return int(toss * len(logits))
    order = np.argsort(-logits, kind="stable")[: most_likely or None]
    weight = np.exp((logits[order] - logits[order[0]]) / temperature)
    return int(order[min(int(np.searchsorted(np.cumsum(weight), toss * weight.sum(), side="right")), len(order) - 1)])
