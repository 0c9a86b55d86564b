"""Median and range over seeds, as numbers and as traces."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.figures.base import Layout, area
from app.figures.theme import Look

FILL = 0.16
"""Opacity of a band: six may lie over each other."""


def over_seeds(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lowest, median and highest by column of (k, n) values; NaN ones are left out, and all three are NaN where none is
    a number."""
    k, n = values.shape
    if not k:
        return np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
    ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=0)  # NaN last
    known, columns = np.isfinite(ordered).sum(axis=0), np.arange(n)
    last = np.maximum(known - 1, 0)  # where nothing is known all of the column is NaN
    middle = (ordered[last // 2, columns] + ordered[(last + 1) // 2, columns]) / 2
    return ordered[0], middle, ordered[last, columns]


def band(x: np.ndarray, low: np.ndarray, high: np.ndarray, look: Look, **trace: Any) -> list[Layout]:
    """The area between ``low`` and ``high``; nothing where they are the same everywhere."""
    return area(x, low, high, look.color, FILL, **trace)


def line(x: np.ndarray, y: np.ndarray, look: Look, name: str, hover: str, **trace: Any) -> Layout:
    """A member's median; ``hover`` is what its label says of ``%{x}`` and ``%{y}``."""
    return {"type": "scatter", "mode": "lines", "x": np.asarray(x, np.float32),
            "y": np.asarray(y, np.float32), "name": name, "connectgaps": False,
            "line": {"color": look.color, "width": 2.2, "dash": look.dash},
            "hovertemplate": f"{name}, {hover}<extra></extra>", **trace}  # fmt: skip
