"""What forecast before there were networks: the last value, the last season, a linear autoregression. NumPy only.

docs/reference.md, "Series".
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_ORDER = 128
"""Values that an autoregression looks back at, at most."""


def autoregression(values: Floats, order: int, horizon: int, asked: NDArray[np.bool_] | None = None) -> Floats:
    """(order + 1,) the least-squares weights of ``order`` successive ``values`` (n, oldest first), then a constant,
    that forecast the value ``horizon`` steps after them. ``asked`` (n,): which values count as targets."""
    rows, targets = sliding_window_view(values, order)[:-horizon], values[order - 1 + horizon :]
    if asked is not None:
        rows, targets = rows[asked[order - 1 + horizon :]], targets[asked[order - 1 + horizon :]]
    design = np.column_stack([rows, np.ones(len(rows))])
    return np.linalg.lstsq(design, targets, rcond=None)[0].astype(np.float64)


def order_of(window: int, values: int) -> int:
    """How many values the autoregression of a ``window`` looks back at: all of them, as long as there are four times as
    many to fit it on."""
    return max(1, min(window, MOST_ORDER, values // 5))


def forecast(weights: Floats, past: Floats) -> Floats:
    """(N,) what ``weights`` say after each of ``past`` (n, N), whose last rows they look at."""
    order = len(weights) - 1
    return weights[:-1] @ past[-order:] + weights[-1]


def season_of(values: Floats) -> int:
    """The season by which ``values`` (n,) repeat best: the lag m whose differences have the least mean square, past
    the first lag where they are largest."""
    most = max(2, min(len(values) // 3, 400))
    apart = np.array([np.mean((values[lag:] - values[:-lag]) ** 2) for lag in range(1, most + 1)])
    rises = np.flatnonzero(np.diff(apart) < 0)
    first = int(rises[0]) + 1 if rises.size else 1
    return int(np.argmin(apart[first:])) + first + 1 if first < most else most


def one_season_back(past: Floats, season: int, steps: int) -> Floats:
    """(steps, N) the values of one season before, or of as many as it takes to have been seen: ``past`` (n, N)."""
    ahead = np.arange(steps)
    return past[len(past) - season + ahead % season]
