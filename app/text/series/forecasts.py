"""What a forecast is worth, read off the answer "forecast", and the names of those who forecast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.numbers import plural

NETWORK, LINEAR, SEASON, LAST = "network", "autoregression", "season", "last"
WHO = (NETWORK, LINEAR, SEASON, LAST)
CLOSE = 0.05
"""Errors that differ by less than this share count as the same."""
DRIFTED = 1.0
"""Standard deviations of the training part by which the mean has moved."""


@dataclass(frozen=True)
class Forecasts:
    """Errors in shares of the held-out part's standard deviation, by name.

    off      root mean square errors one horizon ahead
    ahead    (4, K) by steps ahead, in the order of WHO
    moved    standard deviations of the training part by which the held-out part's mean lies off
    horizon  how many steps ahead it is trained for
    season, order  what the season and the autoregression look back at
    free     whether the network goes on by itself
    starts   places from which it does
    """

    off: Mapping[str, float]
    ahead: np.ndarray
    moved: float
    horizon: int
    season: int
    order: int
    free: bool
    starts: int

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> Forecasts:
        """From the answer."""
        spread = meta["spread"] or 1.0
        off = {who: value / spread for who, value in meta["off"].items()}
        facts = {name: meta[name] for name in ("horizon", "season", "order", "free", "starts")}
        return cls(off, arrays["error"] / spread, meta["mean"], **facts)

    @property
    def known(self) -> bool:
        """Whether the network's forecasts are numbers."""
        return bool(np.isfinite(self.off[NETWORK]) and np.isfinite(self.ahead[0]).all())

    @property
    def rival(self) -> str:
        """The best of those that need no network, one horizon ahead."""
        return min(WHO[1:], key=lambda who: self.off[who])

    def compared(self, one: float, other: float) -> int:
        """-1 where ``one`` is the smaller error, 1 where it is the larger, 0 where they are about the same."""
        return 0 if abs(one - other) <= CLOSE * min(one, other) else -1 if one < other else 1

    @property
    def useless_from(self) -> int | None:
        """The first number of steps ahead at which the network is off by the spread or more: whoever answers the part's
        own mean is no worse. None where it never is."""
        worse = np.flatnonzero(self.ahead[0] >= 1)
        return int(worse[0]) + 1 if worse.size else None

    def best_at(self, k: int) -> str:
        """Who is off least ``k`` steps ahead."""
        return WHO[int(np.argmin(self.ahead[:, k - 1]))]

    def name(self, who: str) -> str:
        """As sentences say it."""
        return {
            NETWORK: "the network",
            LINEAR: f"the linear autoregression of {plural(self.order, 'value')}",
            SEASON: f"the season of {plural(self.season, 'step')}",
            LAST: "the last value",
        }[who]
