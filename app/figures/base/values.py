"""Numbers that several pictures take from a profile."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from pandas.arrays import FloatingArray

from core.config import RunConfig
from core.numbers import percent, portion, sig
from core.reading.horizon import KIND_NAMES, LIVE


def asked_step(config: RunConfig) -> int:
    """The last step at which the task asks."""
    return max((mark.last for mark in config.task.marks() if mark.kind == "asked"), default=config.task.length)


def reference(flow: np.ndarray, asked: int) -> float:
    """What 'kept' is measured by: the flow at the asked step, or the largest there is where that is no number."""
    value = float(flow[asked])
    if np.isfinite(value) and value > 0:
        return value
    usable = flow[np.isfinite(flow) & (flow > 0)]
    return float(usable.max()) if usable.size else 1.0


def log_ratio(flow: np.ndarray, to: float) -> np.ndarray:
    """log10(flow ÷ to) as float32; NaN where flow is zero or not a number."""
    with np.errstate(all="ignore"):
        ratio = np.log10(np.asarray(flow, np.float64)) - np.log10(to)
    return np.where(np.isfinite(ratio), ratio, np.nan).astype(np.float32)


def share_words(ratio: float) -> str:
    """What ``log_ratio`` says of one step, in words: 'nothing' of no number."""
    return portion(10.0**ratio) if np.isfinite(ratio) else "nothing"


def measured_by(flow: np.ndarray, asked: int) -> str:
    """What that is, in words: 'the last step', or 'the largest step' where the last has no gradient."""
    return "the last step" if np.isfinite(flow[asked]) and flow[asked] > 0 else "the largest step"


def step_words(flow: np.ndarray, kinds: np.ndarray, to: float, asked: int) -> list[str]:
    """What hovering says at every step 0 … T: 'step 17: 3.2 × 10⁻⁵, 0.4 % of the last step'."""
    of = measured_by(flow, asked)
    return [
        f"step {t}: {KIND_NAMES[kind]}" if kind != LIVE else
        f"step {t}: {sig(float(value))}, {portion(float(value) / to)} of {of}"
        for t, (value, kind) in enumerate(zip(flow, kinds))
    ]  # fmt: skip


def percents(shares: ArrayLike) -> list[str]:
    """What hovering says of shares."""
    return [percent(float(share), 1) for share in np.asarray(shares)]


def runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """First and last index of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b) - 1) for a, b in edges.reshape(-1, 2)]


def with_gaps(values: ArrayLike, known: ArrayLike) -> FloatingArray:
    """A table's column of numbers that is empty where there was nothing to measure, not ``known``; NaN stays NaN."""
    return FloatingArray(np.array(values, np.float64), ~np.asarray(known, bool))
