"""Long series over training, thinned so that nothing that matters is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from app.figures.base.records import Layout
from app.figures.base.values import runs


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


def area(x: ArrayLike, low: np.ndarray, high: np.ndarray, color: str, opacity: float, **trace: Any) -> list[Layout]:
    """One trace that fills from ``low`` to ``high``, each run of numbers closed by itself: one outline around a gap
    would close across it. None where they are the same everywhere. ``x`` are numbers or dates as texts."""
    along = np.asarray(x)
    gap = "" if along.dtype.kind == "U" else np.nan
    known = np.isfinite(low) & np.isfinite(high)
    if not (known & (high > low)).any():
        return []
    xs, ys = [], []
    for first, last in runs(known):
        there = slice(first, last + 1)
        xs += [along[there], along[there][::-1], [gap]]
        ys += [low[there], high[there][::-1], [np.nan]]
    return [{"type": "scatter", "mode": "lines", "line": {"width": 0}, "fill": "toself", "fillcolor": color,
             "opacity": opacity, "hoverinfo": "skip", "x": _joined(xs), "y": _joined(ys), **trace}]  # fmt: skip


def _joined(parts: Sequence[Any]) -> np.ndarray:
    whole = np.concatenate([np.asarray(part) for part in parts])
    return whole if whole.dtype.kind == "U" else whole.astype(np.float32)


def spread(values: np.ndarray, most: int) -> np.ndarray:
    """Indices of at most about ``most`` values: the largest number of each of equally long intervals, and the last."""
    if not len(values):
        return np.zeros(0, int)
    size = 2 ** max(0, int(np.ceil(np.log2(len(values) / most))))
    ranked = np.where(np.isfinite(values), values, -np.inf)
    chosen = [start + int(ranked[start : start + size].argmax()) for start in range(0, len(values), size)]
    return np.unique([*chosen, len(values) - 1])
