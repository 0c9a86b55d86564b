"""How good frequencies are as forecasts of runs that they have not seen: calibration and Brier score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

EDGES = (0.0, 0.05, 0.15, 0.3, 0.5, 0.75, 1.0)
"""A forecast p belongs to the last row whose lower edge is at or below it."""


@dataclass(frozen=True)
class Row:
    """``n`` runs whose forecasts lie in low … high: their mean forecast, and how many solved."""

    low: float
    high: float
    n: int
    forecast: float
    solved: int


@dataclass(frozen=True)
class Judged:
    """Forecasts against what came of them.

    brier          mean of (forecast − outcome)², 0 at best
    brier_of_base  the same where every forecast is ``base``, the share that solved among the runs counted
    """

    n: int
    solved: int
    base: float
    brier: float
    brier_of_base: float
    rows: tuple[Row, ...]

    @property
    def skill(self) -> float:
        """The share of the base rate's Brier score that is gone."""
        return 1 - self.brier / self.brier_of_base


def judged(forecasts: Sequence[float], outcomes: Sequence[bool], base: float) -> Judged:
    """``forecasts`` (n,) in 0 … 1 against ``outcomes`` (n,)."""
    p, y = np.asarray(forecasts, float), np.asarray(outcomes, float)
    row = np.clip(np.searchsorted(EDGES, p, side="right") - 1, 0, len(EDGES) - 2)
    rows = [
        Row(low, high, int(own.sum()), float(p[own].mean()), int(y[own].sum()))
        for k, (low, high) in enumerate(pairwise(EDGES))
        if (own := row == k).any()
    ]
    return Judged(
        len(y), int(y.sum()), base, float(np.mean((p - y) ** 2)), float(np.mean((base - y) ** 2)), tuple(rows)
    )
