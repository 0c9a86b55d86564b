"""Median and range over seeds, as numbers and as traces."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.figures.base import Layout, runs
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
    known = np.isfinite(low) & np.isfinite(high)
    if not (known & (high > low)).any():
        return []
    xs, ys = [], []
    for first, last in runs(known):
        there = slice(first, last + 1)
        xs += [x[there], x[there][::-1], [np.nan]]
        ys += [low[there], high[there][::-1], [np.nan]]
    return [{"type": "scatter", "mode": "lines", "line": {"width": 0}, "fill": "toself", "fillcolor": look.color,
             "opacity": FILL, "hoverinfo": "skip", "x": _small(xs), "y": _small(ys), **trace}]  # fmt: skip


def line(x: np.ndarray, y: np.ndarray, look: Look, name: str, hover: str, **trace: Any) -> Layout:
    """A member's median; ``hover`` is what its label says of ``%{x}`` and ``%{y}``."""
    return {"type": "scatter", "mode": "lines", "x": _small([x]), "y": _small([y]), "name": name,
            "line": {"color": look.color, "width": 2.2, "dash": look.dash}, "connectgaps": False,
            "hovertemplate": f"{name}, {hover}<extra></extra>", **trace}  # fmt: skip


def _small(parts: list[Any]) -> np.ndarray:
    return np.concatenate([np.asarray(part, np.float32) for part in parts])
