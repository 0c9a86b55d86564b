"""What a state still knows of past inputs: a linear readout of x[t−k] from the state after x[t], by least squares.

Fitted on one half of the sequences and judged on the other. Memory capacity (Jaeger 2001): MC_k = corr²(u_{t−k}, best
linear readout of h_t), on held-out data; over all lags at most H for independent inputs, and for one unit h = a h + u
it is (1 − a²) a^{2k}. NumPy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import UnrolledError
from core.frames import numbers

Floats = NDArray[np.floating[Any]]
Curve = NDArray[np.float64]

MAX_LAG = 1000
SAMPLES = 1 << 21
"""Random numbers that a measured capacity of one unit takes: MC_k is then good to about .001."""
MOST_ROWS = 20_000
"""States that one fit takes: the steps of a long sequence are thinned evenly."""


@dataclass(frozen=True)
class Fading:
    """How well a linear readout of the state gives back the input of ``k`` steps before, k = 0 … K, on held-out data.

    r2         (K+1,) share of the inputs' variance that it explains, all channels together; below 0 where it does
               worse than their mean
    channels   (K+1, C) the same for each channel; NaN for one that never changes
    capacity   (K+1,) MC_k: corr² of readout and input, summed over the channels. Over all lags at most H, if the
               inputs are independent in time and of each other
    noise      what ``capacity`` is, on average, where nothing is remembered: 1 ÷ judged states, for each channel
    """

    r2: Curve
    channels: Curve
    capacity: Curve
    noise: float


def fading(h: Floats, x: Floats, max_lag: int, steps: int | None = None) -> Fading:
    """From states h (T+1, N, H), or (h, c) side by side, and inputs x (T, N, C).

    Every lag is fitted on the same states, those after the last ``steps`` inputs (default: all that have the lag).
    The first half of the sequences fits, the second half judges. Raises UnrolledError where there is nothing to fit.
    """
    T, N, C = x.shape
    if not 0 <= max_lag < T:
        raise UnrolledError(f"`max_lag` (={max_lag}) must lie between 0 and T − 1 = {T - 1}. Choose a smaller lag.")
    if N < 2:
        raise UnrolledError(f"`sequences` (={N}) must be at least 2: one half fits, the other judges. Take more.")
    room = T - max_lag
    first = T - min(steps or room, room)
    times = np.arange(first, T)[:: max(1, (T - first) * N // MOST_ROWS)]
    states = np.asarray(h[times + 1], np.float64)  # (S, N, H)
    states = np.concatenate([states, np.ones((*states.shape[:2], 1))], axis=2)
    lagged = np.stack([np.asarray(x[times - k], np.float64) for k in range(max_lag + 1)], axis=2)  # (S, N, K+1, C)
    half = N // 2
    rows, targets = _flat(states[:, :half], 1), _flat(lagged[:, :half], 2)
    guess = _flat(states[:, half:], 1) @ _least_squares(rows, targets.reshape(len(rows), -1))
    return _judged(guess.reshape(-1, max_lag + 1, C), _flat(lagged[:, half:], 2))


def _flat(values: Floats, kept: int) -> Floats:
    """Steps and sequences as one axis; the last ``kept`` stay."""
    return values.reshape(-1, *values.shape[-kept:])


def _least_squares(rows: Floats, targets: Floats) -> Floats:
    if not (np.isfinite(rows).all() and np.isfinite(targets).all()):
        return np.full((rows.shape[1], targets.shape[1]), np.nan)
    return np.linalg.lstsq(rows, targets, rcond=None)[0]


def _judged(guess: Floats, truth: Floats) -> Fading:
    """Both (samples, K+1, C)."""
    away, spread = ((guess - truth) ** 2).mean(axis=0), truth.var(axis=0)
    together = ((guess - guess.mean(axis=0)) * (truth - truth.mean(axis=0))).mean(axis=0)
    changes = spread > 0
    with np.errstate(all="ignore"):
        channels = np.where(changes, 1 - away / spread, np.nan)
        squared = np.where(guess.var(axis=0) > 0, together**2 / (spread * guess.var(axis=0)), guess.var(axis=0) * 0)
        r2 = 1 - away.sum(axis=1) / spread.sum(axis=1)
        capacity = np.where(changes, squared, 0).sum(axis=1)
    return Fading(r2, channels, capacity, 1 / len(truth))


def capacity_of_a_leak(leak: float, max_lag: int) -> Curve:
    """(1 − a²) a^{2k} for k = 0 … ``max_lag``, of h = a h + u with |a| < 1."""
    return (1 - leak**2) * leak ** (2 * np.arange(max_lag + 1.0))


def memory_capacity(leak: float, max_lag: int, seed: int = 0) -> dict[str, Any]:
    """One JSON object: capacity by lag of the unit h = a h + u, closed form and measured on random inputs.

    Each with its sum over the lags; ``bound`` is the number of units, which the sum over all lags cannot pass. Raises
    UnrolledError for a leak that is not within (−1, 1), whose state has no stationary spread, and for a bad lag.
    """
    if not -1 < leak < 1:
        raise UnrolledError(f"`leak` (={leak:g}) must lie between −1 and 1, both excluded. Choose a leak such as 0.9.")
    if not 0 <= max_lag <= MAX_LAG:
        raise UnrolledError(f"`max_lag` (={max_lag}) must lie between 0 and {MAX_LAG}. Choose a lag in that range.")
    closed, measured = capacity_of_a_leak(leak, max_lag), _measured(leak, max_lag, np.random.default_rng(seed))
    return {
        "leak": leak,
        "max_lag": max_lag,
        "lags": list(range(max_lag + 1)),
        "closed_form": numbers(closed),
        "measured": numbers(measured),
        "sum_closed_form": float(closed.sum()),
        "sum_measured": float(measured.sum()),
        "bound": 1,
        "samples": (_shape(max_lag)[0] - max_lag) * _shape(max_lag)[1],
    }


def _shape(max_lag: int) -> tuple[int, int]:
    """(steps, sequences) of the random inputs: max_lag steps that are only remembered, then at least as many more."""
    steps = max_lag + max(64, max_lag)
    return steps, SAMPLES // steps


def _measured(leak: float, max_lag: int, rng: np.random.Generator) -> Curve:
    """corr²(u_{t−k}, h_t); the best readout of one number is a multiple of it, which changes no correlation."""
    T, N = _shape(max_lag)
    u, h = rng.standard_normal((T, N)), np.empty((T, N))
    before = rng.standard_normal(N) / np.sqrt(1 - leak**2)  # the stationary spread: nothing to wait for
    for t in range(T):
        h[t] = before = leak * before + u[t]
    state = h[max_lag:].ravel()
    spread, found = np.vdot(state, state), np.empty(max_lag + 1)  # means are zero by construction
    for k in range(max_lag + 1):
        past = u[max_lag - k : T - k].ravel()
        found[k] = np.vdot(state, past) ** 2 / (spread * np.vdot(past, past))
    return found
