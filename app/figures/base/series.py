"""Long series over training, thinned so that nothing that matters is lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Thinned:
    """A long series as means and extremes of intervals; all (n,) float32 but ``steps``. ``binned``: whether it was."""

    steps: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    binned: bool


def thinned(steps: np.ndarray, values: np.ndarray, most: int = 300) -> Thinned:
    """``values`` unchanged up to ``most``, else in intervals of equally many steps (a power of two, so that what is
    drawn stays where it is while a run grows). Intervals hold NaN only where nothing in them is a number."""
    values = np.where(np.isfinite(values), values, np.nan).astype(np.float32)
    if len(values) <= most:
        return Thinned(steps, values, values, values, False)
    size = 2 ** int(np.ceil(np.log2(len(values) / most)))
    starts = np.arange(0, len(values), size)
    known = np.isfinite(values)
    counts = np.add.reduceat(known, starts)
    with np.errstate(all="ignore"):
        mean = np.add.reduceat(np.where(known, values, 0).astype(np.float64), starts) / counts
    low = np.minimum.reduceat(np.where(known, values, np.inf), starts)
    high = np.maximum.reduceat(np.where(known, values, -np.inf), starts)
    empty = counts == 0
    low[empty], high[empty] = np.nan, np.nan
    return Thinned(steps[starts], mean.astype(np.float32), low, high, True)


def spread(values: np.ndarray, most: int) -> np.ndarray:
    """Indices of at most about ``most`` values: the largest number of each of equally long intervals, and the last."""
    if not len(values):
        return np.zeros(0, int)
    size = 2 ** max(0, int(np.ceil(np.log2(len(values) / most))))
    ranked = np.where(np.isfinite(values), values, -np.inf)
    chosen = [start + int(ranked[start : start + size].argmax()) for start in range(0, len(values), size)]
    return np.unique([*chosen, len(values) - 1])
