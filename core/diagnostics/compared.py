"""A truncated gradient against the full one, for many K at once, without subtracting what nearly cancels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Values = NDArray[np.float64]


@dataclass(frozen=True)
class AgainstFull:
    """Of the gradient g of the cell's parameters and of g_K, by K: (n,) each.

    K      the truncation lengths, ascending
    cut    ‖g − g_K‖
    kept   ‖g_K‖
    along  ⟨g_K, g⟩
    whole  ‖g‖
    """

    K: NDArray[np.int64]
    cut: Values
    kept: Values
    along: Values
    whole: float

    def ratios(self, readout: float, *, cell: bool = True) -> dict[str, NDArray[Any]]:
        """Relative bias, cosine and norm ratio: of all trained parameters, and as cell_… of the cell's alone.

        ``readout`` is the norm of the readout's gradient, which no truncation changes; ``cell`` False: only the
        readout is trained. NaN where a quotient has no value (0 ÷ 0, or what is not finite).
        """
        alone = _ratios(self.cut, self.kept, self.along, self.whole)
        part = readout * readout
        scale = 1.0 if cell else 0.0
        kept, whole = np.sqrt(scale * self.kept**2 + part), float(np.sqrt(scale * self.whole**2 + part))
        together = _ratios(scale * self.cut, kept, scale * self.along + part, whole)
        return {"K": self.K} | together | {f"cell_{name}": values for name, values in alone.items()}


def _ratios(cut: Values, kept: Values, along: Values, whole: float) -> dict[str, Values]:
    with np.errstate(all="ignore"):
        g = np.float64(whole)
        cosine = np.clip(along / kept / g, -1, 1)
        return {"relative_bias": cut / g, "cosine": cosine, "norm_ratio": kept / g}


def compare_parts(K: NDArray[np.int64], part: Callable[[int], Tensor]) -> AgainstFull:
    """``part(i)`` is what g_K[i] has more than g_K[i−1] has, a vector (P,); all n of them sum to g.

    Sums from both ends: g − g_K is the sum of the parts from K on, never a difference of two large vectors.
    """
    n = len(K)
    cut, kept, along = np.zeros(n), np.zeros(n), np.zeros(n)
    total = torch.zeros_like(part(n - 1), dtype=torch.float64)
    for i in range(n - 1, -1, -1):
        cut[i] = torch.linalg.vector_norm(total)
        total += part(i)
    whole, head = float(torch.linalg.vector_norm(total)), torch.zeros_like(total)
    for i in range(n):
        head += part(i)
        kept[i], along[i] = torch.linalg.vector_norm(head), head @ total
    return AgainstFull(K, cut, kept, along, whole)


def compare_whole(K: NDArray[np.int64], truncated: Tensor, full: Tensor) -> AgainstFull:
    """``truncated`` (n, P) holds g_K by row, ``full`` (P,) is g. Differences below 1e-7 of ‖g‖ are rounding."""
    full = full.double()
    rows = [row.double() for row in truncated]
    cut, kept = ([float(torch.linalg.vector_norm(vector)) for vector in of] for of in
                 ((full - row for row in rows), rows))  # fmt: skip
    along = [float(row @ full) for row in rows]
    return AgainstFull(K, np.array(cut), np.array(kept), np.array(along), float(torch.linalg.vector_norm(full)))


def grid(T: int, most: int) -> NDArray[np.int64]:
    """Every K from 1 to T if ``most`` allows it; else all small ones, then geometric ones up to T."""
    if most >= T:
        return np.arange(1, T + 1)
    small = max(1, most // 2)
    large = np.geomspace(small + 1, T, max(2, most - small)).round().astype(np.int64)
    return np.unique(np.concatenate([np.arange(1, small + 1), large, [T]]))
