"""What a state still knows of past inputs: a linear readout of x[t−k] from the state after x[t], by least squares.

Fitted on one half of the sequences and judged on the other; inputs that are symbols are decoded as well, as the one
that the readout finds likeliest. Memory capacity (Jaeger 2001): MC_k = corr²(u_{t−k}, best
linear readout of h_t), on held-out data; over all lags at most H for independent inputs, and for one unit h = a h + u
it is (1 − a²) a^{2k}. NumPy only.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """How well a linear readout of the state gives back the input of k steps before, at each of ``lags``, on held-out
    data.

    lags       (K,) steps back, ascending
    r2         (K,) share of the inputs' variance that it explains, all channels together; below 0 where it does worse
               than their mean
    channels   (K, C) the same for each channel; NaN for one that never changes
    capacity   (K,) MC_k summed over the channels: cov(readout, input) ÷ var(input). Of the best readout that is corr²;
               of one fitted to other data it is the same on average, where corr² would be too small by what the fit
               has got wrong; of one that varies more than what it reads, whose size is noise, corr². Over all lags
               at most H, if the inputs are independent in time and of each other
    decoded    (K,) share of the inputs whose largest channel the readout finds; NaN where inputs are no symbols
    guessed    (K,) what always naming the symbol most common at that lag gets right; NaN likewise
    judged     states that every lag was judged on
    """

    lags: NDArray[np.int64]
    r2: Curve
    channels: Curve
    capacity: Curve
    decoded: Curve
    guessed: Curve
    judged: int


def fading(h: Floats, x: Floats, max_lag: int, steps: int | None = None, lags: Sequence[int] | None = None) -> Fading:
    """From states h (T+1, N, H), or (h, c) side by side, and inputs x (T, N, C); ``lags`` default to 0 … ``max_lag``.

    Every lag is fitted on the same states, those after the last ``steps`` inputs (default: all that have the longest
    lag). Raises UnrolledError where there is nothing to fit.
    """
    T, N, _ = x.shape
    if not 0 <= max_lag < T:
        raise UnrolledError(f"`max_lag` (={max_lag}) must lie between 0 and T − 1 = {T - 1}. Choose a smaller lag.")
    room = T - max_lag
    first = T - min(steps or room, room)
    times = np.arange(first, T)[:: max(1, (T - first) * N // MOST_ROWS)]
    return fading_at(h[times + 1], x, times, range(max_lag + 1) if lags is None else lags)


def fading_at(states: Floats, x: Floats, times: NDArray[np.int64], lags: Sequence[int]) -> Fading:
    """From the ``states`` (S, N, H) after the inputs x[``times``]; no time is smaller than a lag.

    The first half of the sequences fits, the second half judges.
    """
    N, C = x.shape[1:]
    if N < 2:
        raise UnrolledError(f"`sequences` (={N}) must be at least 2: one half fits, the other judges. Take more.")
    half = N // 2
    rows = np.concatenate([states, np.ones((*states.shape[:2], 1))], axis=2, dtype=np.float64)
    rounding = float(np.finfo(states.dtype).eps)
    solve, judged = _solver(_flat(rows[:, :half]), rounding), _flat(rows[:, half:])
    is_symbols = symbols(x)
    found = []
    for k in lags:
        past = np.asarray(x[times - k], np.float64)
        truth = _flat(past[:, half:])
        guess = judged @ (solve @ _flat(past[:, :half]))
        found.append((*_judged(guess, truth), *(_decoded(guess, truth, past) if is_symbols else (np.nan, np.nan))))
    r2, channels, capacity, decoded, guessed = (np.array(part, np.float64) for part in zip(*found))
    return Fading(np.array(lags, np.int64), r2, channels.reshape(-1, C), capacity, decoded, guessed, len(judged))


def symbols(x: Floats) -> bool:
    """Whether every input of x (…, C) is one-hot, with a choice of at least two."""
    return bool(x.shape[-1] > 1 and ((x == 0) | (x == 1)).all() and (x.sum(axis=-1) == 1).all())


def _flat(values: Floats) -> Floats:
    """Steps and sequences as one axis."""
    return values.reshape(-1, values.shape[-1])


def _solver(rows: Floats, rounding: float) -> Floats:
    """(H, samples): what turns targets into the least-squares readout of them, the smallest where several are best.

    Directions in which the rows are no larger than ``rounding``, as a share of the largest, are rounding. The rows are
    split up themselves and not their products, which would lose what is smaller than the root of that.
    """
    if not np.isfinite(rows).all():
        return np.full(rows.T.shape, np.nan)
    basis, small = np.linalg.qr(rows)
    left, size, axes = np.linalg.svd(small, full_matrices=False)
    kept = size > rounding * max(float(size[0]), np.finfo(float).tiny)
    return (axes[kept].T / size[kept]) @ left[:, kept].T @ basis.T


def _judged(guess: Floats, truth: Floats) -> tuple[float, Floats, float]:
    """R² of all channels, of each, and the capacity; both (samples, C)."""
    away, spread, moved = ((guess - truth) ** 2).mean(axis=0), truth.var(axis=0), guess.var(axis=0)
    together = ((guess - guess.mean(axis=0)) * (truth - truth.mean(axis=0))).mean(axis=0)
    changes = spread > 0
    with np.errstate(all="ignore"):
        channels = np.where(changes, 1 - away / spread, np.nan)
        scale = np.where(moved > spread, together / moved, 1.0)  # 1 for the best readout, which varies less
        capacity = np.where(changes, scale * together / spread, together * 0)
        r2 = 1 - away.sum() / spread.sum() if changes.any() else np.nan
    return float(r2), channels, float(capacity.sum())


def _decoded(guess: Floats, truth: Floats, past: Floats) -> tuple[float, float]:
    """Share of symbols found by the readout, and by naming the most common one of all sequences."""
    right = truth.argmax(axis=1)
    share = float((guess.argmax(axis=1) == right).mean()) if np.isfinite(guess).all() else np.nan
    return share, float((right == past.mean(axis=(0, 1)).argmax()).mean())


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
    closed, measured = capacity_of_a_leak(leak, max_lag), measured_capacity(leak, max_lag, SAMPLES, seed)
    return {
        "leak": leak,
        "max_lag": max_lag,
        "lags": list(range(max_lag + 1)),
        "closed_form": numbers(closed),
        "measured": numbers(measured),
        "sum_closed_form": float(closed.sum()),
        "sum_measured": float(measured.sum()),
        "bound": 1,
        "samples": (_shape(max_lag, SAMPLES)[0] - max_lag) * _shape(max_lag, SAMPLES)[1],
    }


def _shape(max_lag: int, samples: int) -> tuple[int, int]:
    """(steps, sequences) of the random inputs: max_lag steps that are only remembered, then at least as many more."""
    steps = max_lag + max(64, max_lag)
    return steps, max(1, samples // steps)


def measured_capacity(leak: float, max_lag: int, samples: int, seed: int = 0) -> Curve:
    """corr²(u_{t−k}, h_t) of h = a h + u, |a| < 1, on about ``samples`` random inputs; the best readout of one number
    is a multiple of it, which changes no correlation."""
    T, N = _shape(max_lag, samples)
    rng = np.random.default_rng(seed)
    u, h = rng.standard_normal((T, N)), np.empty((T, N))
    before = rng.standard_normal(N) / np.sqrt(1 - leak**2)  # the stationary spread: nothing to wait for
    for t in range(T):
        h[t] = before = leak * before + u[t]
    state = h[max_lag:].ravel()
    spread, capacity = np.vdot(state, state), np.empty(max_lag + 1)  # means are zero by construction
    for k in range(max_lag + 1):
        past = u[max_lag - k : T - k].ravel()
        capacity[k] = np.vdot(state, past) ** 2 / (spread * np.vdot(past, past))
    return capacity
