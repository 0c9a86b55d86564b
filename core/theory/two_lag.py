"""The two-lag stream's floors: the least loss that a model which sees neither lag, one, or both can reach.

x is a fair coin at every step, and P(y = 1) = ½ + ½ x[t − short] − ¼ x[t − long]. The expected cross-entropy of the
best answer is the conditional entropy of y given what the model sees. As the tosses are independent, how far back the
lags lie does not matter, only that they differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import UnrolledError

BASE, SHORT_EFFECT, LONG_EFFECT = 0.5, 0.5, -0.25


@dataclass(frozen=True)
class Floors:
    """Cross-entropies in nats: of a model that sees no lag, the short or the long one alone, both."""

    none: float
    short: float
    long: float
    both: float


def chance(short: np.ndarray, long: np.ndarray) -> np.ndarray:
    """P(y = 1) for the two earlier inputs, 0 or 1 each."""
    return BASE + SHORT_EFFECT * short + LONG_EFFECT * long


def entropy(p: np.ndarray) -> np.ndarray:
    """Entropy in nats of a coin that shows 1 with probability ``p``; 0 where the answer is certain."""
    sides = np.stack([np.asarray(p, float), 1 - np.asarray(p, float)])
    return -np.sum(sides * np.log(np.where(sides > 0, sides, 1)), axis=0)


def floors(short: int, long: int) -> Floors:
    """The floors for two lags in steps, 0 ≤ ``short`` < ``long``. Raises UnrolledError for others."""
    if short < 0 or long < 0:
        raise UnrolledError(
            f"`lags` (={short} {long}) must not be negative: a lag counts steps into the past. Raise it."
        )
    if short >= long:
        raise UnrolledError(
            f"`lags` (={short} {long}) must be two different numbers of steps, the shorter first. "
            f"Write {min(short, long)} {max(short, long) + (short == long)}, say."
        )
    table = chance(*np.meshgrid([0.0, 1.0], [0.0, 1.0], indexing="ij"))  # rows x[t − short], columns x[t − long]
    return Floors(
        none=float(entropy(table.mean())),
        short=float(entropy(table.mean(axis=1)).mean()),
        long=float(entropy(table.mean(axis=0)).mean()),
        both=float(entropy(table).mean()),
    )
