"""How far back the gradient reaches: factor per step, half-life, horizon, and the kinds of zero. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

LIVE, CUT, UNDERFLOW, SATURATED, SILENT, OVERFLOW, NOT_A_NUMBER = range(7)
"""Kinds of value in a profile: a number above the float32 floor; cut by truncation (an exact zero by construction);
below the floor; zero although the step after it is far above the floor (every path leads through dead or saturated
units); zero because no loss at or after it sends any gradient; infinite; NaN."""

KIND_NAMES = (
    "",
    "cut by truncation",
    "below the float32 floor",
    "zero behind dead or saturated units",
    "zero, since no loss sends any",
    "overflowed",
    "not a number",
)
BROKEN = (OVERFLOW, NOT_A_NUMBER)

FLOOR = float(np.finfo(np.float32).tiny)
"""1.2e-38, the smallest normal float32: the engine flushes anything smaller to zero."""
_FAR_ABOVE = 1e-12
"""No single step underflows from here, even where a norm was taken from float32 squares."""

SHARE = 0.01
"""The horizon is the largest lag at which this share of the last step's gradient arrives."""

ROUNDING = 1e-6
"""What ln φ may be off by: profiles are kept as float32. A profile that changes less is flat, and that is a line."""

MIN_POINTS = 4
MIN_R2 = 0.9
MAX_RESIDUAL = 0.1
"""The log profile is called a line if at least MIN_POINTS lags can be fitted and either R² reaches MIN_R2 or the
root mean square residual of ln φ stays below MAX_RESIDUAL (a flat profile has no variance for R² to explain)."""


@dataclass(frozen=True)
class Horizon:
    """What a lag profile φ_k = flow_last[asked − k] says (k = 0 … asked).

    phi        (asked + 1,) φ by lag
    kinds      (asked + 1,) uint8, LIVE … NOT_A_NUMBER by lag
    reach      the largest lag with φ_k ≥ SHARE · φ₀, in steps; a dip below in between does not end it.
               None where φ₀ itself is zero or not a number
    slope, intercept   ordinary least squares of ln φ_k over the lags of ``fitted``; None where there are too few
    r2, residual       R² of that fit and its root mean square residual (natural log)
    fitted     first and last lag of the fit, or None
    """

    asked: int
    phi: Floats
    kinds: NDArray[np.uint8]
    reach: int | None
    fitted: tuple[int, int] | None
    slope: float | None
    intercept: float | None
    r2: float | None
    residual: float | None

    @property
    def is_line(self) -> bool:
        """Whether one factor per step describes the profile."""
        return (
            self.r2 is not None and self.residual is not None and (self.r2 >= MIN_R2 or self.residual <= MAX_RESIDUAL)
        )

    @property
    def factor(self) -> float | None:
        """β = exp(slope), the factor per step back in time; None where the profile is not a line."""
        return float(np.exp(self.slope)) if self.slope is not None and self.is_line else None

    @property
    def half_life(self) -> float | None:
        """ln 2 / (−ln β) in steps; None where β is not known or not below 1."""
        factor = self.factor
        return None if factor is None or factor >= 1 else float(np.log(2) / -np.log(factor))

    @property
    def source(self) -> int:
        """The kind of φ₀, the gradient at the asked step itself."""
        return int(self.kinds[0])

    def share(self, lag: int) -> float:
        """φ_lag ÷ φ₀ (NaN where that is no number)."""
        with np.errstate(all="ignore"):
            return float(self.phi[lag] / self.phi[0])


def horizon_of(flow_last: Floats, *, asked: int | None = None, cuts: Sequence[int] = ()) -> Horizon:
    """Measure the profile ``flow_last`` (T+1,) of the loss asked at state ``asked`` (default T).

    ``cuts`` are RunConfig.cuts. Fitted are the lags T/10 … 6T/10 that are LIVE (lags 10–60 at T = 100, as in
    docs/reference.md, "Factors at initialisation").
    """
    T = len(flow_last) - 1
    asked = T if asked is None else asked
    phi = np.asarray(flow_last, np.float64)[asked::-1]
    kinds = zeros(flow_last, asked=asked, cuts=cuts)[asked::-1]
    return Horizon(asked, phi, kinds, _reach(phi, kinds), *_fit(phi, kinds, T))


def zeros(values: Floats, *, asked: int | None = None, cuts: Sequence[int] = ()) -> NDArray[np.uint8]:
    """The kind of every entry of a gradient profile ``values`` (T+1,), LIVE … NOT_A_NUMBER, by time step.

    Cut is every step at or before the last cut below ``asked``, if it is exactly zero (a loss asked in an earlier
    window sends gradient there all the same).
    """
    asked = len(values) - 1 if asked is None else asked
    size = np.abs(np.asarray(values, np.float64))
    kinds = np.zeros(len(size), np.uint8)
    kinds[size < FLOOR] = UNDERFLOW
    later = np.append(size[1:], 0.0)
    for t in np.flatnonzero((size == 0) & (later > _FAR_ABOVE)):
        first = t  # everything before a dead step is dead with it, until gradient comes in again
        while first >= 0 and size[first] == 0:
            kinds[first] = SATURATED
            first -= 1
    begins = np.flatnonzero(size[: asked + 1] != 0)
    kinds[int(begins[-1]) + 1 if begins.size else 0 : asked + 1] = SILENT
    last_cut = max((cut for cut in cuts if cut < asked), default=-1)
    kinds[: last_cut + 1][size[: last_cut + 1] == 0] = CUT
    kinds[asked + 1 :][size[asked + 1 :] == 0] = LIVE  # after the last question there is nothing to carry
    kinds[np.isinf(size)] = OVERFLOW
    kinds[np.isnan(size)] = NOT_A_NUMBER
    return kinds


def reached(horizon: Horizon) -> int | None:
    """The horizon in steps back to a step of the sequence: 1 is the first, the state before it is nobody's input."""
    return None if horizon.reach is None else min(horizon.reach, horizon.asked - 1)


def _reach(phi: Floats, kinds: NDArray[np.uint8]) -> int | None:
    if kinds[0] != LIVE:
        return None
    above = np.flatnonzero((kinds == LIVE) & (phi >= SHARE * phi[0]))
    return int(above[-1])


_Fit = tuple[tuple[int, int] | None, float | None, float | None, float | None, float | None]


def _fit(phi: Floats, kinds: NDArray[np.uint8], T: int) -> _Fit:
    """(fitted lags, slope, intercept, R², residual) of ln φ over the LIVE lags of T/10 … 6T/10."""
    first, last = max(1, round(T / 10)), min(round(6 * T / 10), len(phi) - 1)
    lags = np.arange(first, last + 1)
    lags = lags[kinds[lags] == LIVE] if lags.size else lags
    if lags.size < MIN_POINTS:
        return None, None, None, None, None
    log = np.log(phi[lags])
    slope, intercept = np.polyfit(lags, log, 1)
    rest = log - (slope * lags + intercept)
    spread = float(((log - log.mean()) ** 2).sum())
    r2 = 1.0 if spread <= lags.size * ROUNDING**2 else 1 - float((rest**2).sum()) / spread
    return (int(lags[0]), int(lags[-1])), float(slope), float(intercept), r2, float(np.sqrt((rest**2).mean()))
