"""Influence balancing: a linear system whose truncated gradient points the wrong way (Tallec & Ollivier 2017, UORO).

s ← A s + v θ with n units, A_ii = A_{i,i+1} = ½ and 0 elsewhere, v = +1 for the first p units and −1 for the others;
the loss is ½ (s¹ − 1)². What enters at unit i reaches unit 1 only i − 1 steps later, so the late, negative influence of
θ is invisible to a gradient that sees K steps back: ∂s¹/∂θ truncated at K is Σ_{k<K} (A^k v)₁, and −6 for n = 23,
p = 10 in full, which is 2 Σ v.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from core.errors import UnrolledError

UNITS, POSITIVE = 23, 10
SETTLED = 2000
"""Steps after which A^k v is nothing even in float64: k^(n−1) 2^−k."""


def influence(n: int = UNITS, p: int = POSITIVE) -> np.ndarray:
    """v (n,): the sign with which θ enters each unit."""
    return np.where(np.arange(n) < p, 1.0, -1.0)


def full(n: int = UNITS, p: int = POSITIVE) -> float:
    """∂s¹/∂θ of the settled system: the first entry of (I − A)⁻¹ v, 2 Σ v."""
    return 2.0 * float(influence(n, p).sum())


@cache
def _sums(n: int, p: int) -> np.ndarray:
    """(SETTLED + 1,) of Σ_{k<K} (A^k v)₁ at K = 0, 1, …"""
    state, terms = influence(n, p), np.zeros(SETTLED + 1)
    for k in range(SETTLED):
        terms[k + 1] = state[0]
        state = (state + np.append(state[1:], 0.0)) / 2
    return np.cumsum(terms)


def derivative(k: int, n: int = UNITS, p: int = POSITIVE) -> float:
    """∂s¹/∂θ truncated at ``k`` ≥ 1 inputs. Raises UnrolledError below 1."""
    if k < 1:
        raise UnrolledError(f"`k` (={k}) must be at least 1: a gradient sees one input or more. Raise `k`.")
    return float(_sums(n, p)[min(k, SETTLED)])


def first_right(n: int = UNITS, p: int = POSITIVE) -> int:
    """The smallest K from which on the truncated derivative has the sign of the full one."""
    wrong = np.flatnonzero(np.sign(_sums(n, p)[1:]) != np.sign(full(n, p)))
    return int(wrong[-1]) + 2 if wrong.size else 1


def optimum(n: int = UNITS, p: int = POSITIVE) -> float:
    """The θ at which the settled s¹ is 1: 1 ÷ the full derivative."""
    return 1 / full(n, p)


def descent(k: int | None, lr: float, steps: int, start: float = 0.0) -> np.ndarray:
    """θ (steps + 1,) under gradient descent on ½ (s¹ − 1)² of the settled system, with the derivative truncated at
    ``k`` (None: in full). Every step multiplies θ's distance from the optimum by 1 − lr · full · derivative."""
    slope = full() if k is None else derivative(k)
    rate = 1 - lr * full() * slope
    with np.errstate(over="ignore"):
        return optimum() + (start - optimum()) * rate ** np.arange(steps + 1.0)
