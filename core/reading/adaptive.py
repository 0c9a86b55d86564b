"""Which K would do: read off the measured bias, or estimated from how the gradient fades. NumPy only.

The estimate is that of Aicher, Foti and Fox 2019, "Adaptively truncating backpropagation through time to control
gradient bias" (and its authors' code). With φ_k the mean size of the gradient k steps before a loss, and β the factor
by which φ falls per step from lag τ on, what truncation at K leaves out is at most

    E(K) = φ_τ β^(K−τ) / (1−β)  for K ≥ τ,   E(K) = Σ_{k=K}^{τ−1} φ_k + φ_τ / (1−β)  below,

in units of how strongly parameters act on one state, and the gradient itself is at least max_K (Σ_{k<K} φ_k − E(K)).
The smallest K at which the quotient is below δ is safe by this estimate. It has no answer where β ≥ 1.

It speaks of losses that each see exactly K steps back, *sliding*, and of everything that is trained. In windows most
losses see fewer, so there it is an estimate of nothing; with a single loss at the end the two are the same. How often
it keeps what it says is measured by ``tests/bench/adaptive_k.py`` (CONTRIBUTING, Decisions).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigError
from core.numbers import exact

Floats = NDArray[np.floating[Any]]
FLOOR = float(np.finfo(np.float32).tiny)
"""Below it a gradient is rounding: the engine flushes what is smaller to zero."""

MIN_LAGS = 4
"""Fewer live lags from τ on are no line."""

PLACES, ROUNDING = 3, 1e-9


@dataclass(frozen=True)
class Adaptive:
    """``k``: the estimated safe truncation length, None where none is. ``beta``: the factor per step (NaN: not known)
    from lag ``tau`` on. ``why``: a sentence."""

    k: int | None
    beta: float
    tau: int
    why: str


def fitted_from(T: int) -> int:
    """The lag τ from which on the decay is fitted: a tenth of the sequence, where the asked step's own part is over."""
    return max(1, T // 10)


def smallest_k(K: NDArray[np.integer[Any]], relative_bias: Floats, delta: float) -> int | None:
    """The smallest of the measured ``K`` whose relative bias is at most ``delta``; None where there is none."""
    _check_delta(delta)
    with np.errstate(invalid="ignore"):
        good = np.flatnonzero(np.asarray(relative_bias) <= delta)
    return int(K[good[0]]) if good.size else None


def adaptive_k(phi: Floats, delta: float, tau: int) -> Adaptive:
    """Estimate from ``phi`` (T+1,) by lag. Raises ConfigError unless 0 < delta and 0 ≤ tau ≤ T."""
    _check_delta(delta)
    phi, T = np.asarray(phi, np.float64), len(phi) - 1
    if not 0 <= tau <= T:
        raise ConfigError([f"`tau` (={tau}) must be 0 to {T}, the lags that were measured. Choose one of them."])
    beta = _factor(phi, tau)
    if beta is None:
        why = f"Fewer than {MIN_LAGS} lags from {tau} on have a gradient that can be measured: no K can be estimated."
        return Adaptive(None, math.nan, tau, why)
    if beta > 1 - ROUNDING:
        does = "grows" if round(beta, PLACES) > 1 else "does not fade"
        return Adaptive(None, beta, tau, f"From lag {tau} on the gradient {does} (β = {beta:.3f}): no K is safe.")
    smallest = _smallest(phi, beta, tau, delta)
    if smallest is None:
        why = f"What lies beyond lag {tau} may outweigh all that was measured (β = {beta:.3f}): no K is safe."
        return Adaptive(None, beta, tau, why)
    if smallest >= T:
        asked = f"β = {beta:.3f} would ask for K = {smallest:,}"
        why = f"Only the whole sequence keeps the bias below {exact(delta)} ({asked})."
        return Adaptive(T, beta, tau, why)
    return Adaptive(
        smallest, beta, tau, f"β = {beta:.3f} from lag {tau} on: K = {smallest} keeps the bias below {exact(delta)}."
    )


def _factor(phi: Floats, tau: int) -> float | None:
    """exp of the ordinary least squares slope of ln φ over the live lags from τ on."""
    lags = np.arange(tau, len(phi))
    lags = lags[np.isfinite(phi[lags]) & (phi[lags] >= FLOOR)]
    if len(lags) < MIN_LAGS or lags[0] != tau or not np.isfinite(phi[:tau]).all():
        return None
    slope = np.polyfit(lags, np.log(phi[lags]), 1)[0]
    return float(np.exp(slope))


def _smallest(phi: Floats, beta: float, tau: int, delta: float) -> int | None:
    """The smallest K ≥ 1 with E(K) < δ · (the least that the gradient can be); it may lie beyond what was measured."""
    live = np.where(np.isfinite(phi), phi, 0.0)
    K, tail = np.arange(1, len(phi) + 1), phi[tau] / (1 - beta)
    with np.errstate(under="ignore"):
        rest = np.array([tail * beta ** (k - tau) if k >= tau else live[k:tau].sum() + tail for k in K])
    least = float(np.max(np.cumsum(live) - rest))
    if least <= 0:
        return None
    good = np.flatnonzero(rest < delta * least)
    if good.size:
        return int(K[good[0]])
    return tau + math.floor(math.log(delta * least / tail) / math.log(beta)) + 1


def _check_delta(delta: float) -> None:
    if not delta > 0:
        raise ConfigError([f"`delta` (={exact(delta)}) must be more than 0, the bias that is allowed. Raise `delta`."])
