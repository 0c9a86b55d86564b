"""What all series have in common: windows of one long series, its first part learnt from, its last one judged on."""

from __future__ import annotations

from abc import abstractmethod
from functools import lru_cache
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from pydantic import Field

from core import classical
from core.errors import ConfigError
from core.tasks.base import Batch, Mark, Part, at_last_step
from core.tasks.one_number import OneNumber

FEWEST_WINDOWS = 20
"""Different ones that each part must have."""
SHORTEST = 4000
"""Steps of a series that is generated, at least."""
SERIES = 8
"""The random stream of generated series: the same for every seed of a run, so that seeds compare."""


class Known(NamedTuple):
    """A series that is there.

    values  (n, C) float32; each channel less its mean over the training part, ÷ its standard deviation there
    given   (n,) bool, where the channel that is asked for has a value of its own; elsewhere there was a gap
    mean, deviation  of the channel that is asked for, in its own unit
    """

    values: NDArray[np.float32]
    given: NDArray[np.bool_]
    mean: float
    deviation: float


class Series(OneNumber):
    """x[t + horizon] from x[1 … t], on windows of T steps. The training part ends before the held-out one begins."""

    solved: ClassVar[float] = 0.98  # normalised MSE below .02

    length: int = Field(default=40, ge=2, le=1000, title="Window T", description="Steps of one sequence.")
    horizon: int = Field(
        default=1,
        ge=1,
        le=100,
        title="Horizon",
        description="How far ahead the asked value lies.",
        json_schema_extra={"unit": "steps"},
    )
    split: int = Field(
        default=70,
        ge=20,
        le=95,
        title="Training part",
        description="The first so many per cent of the series are learnt from, the rest is judged on.",
        json_schema_extra={"unit": "%"},
    )
    asked: Literal["every", "last"] = Field(
        default="every",
        title="Asked",
        description="Where the loss is taken: at every step of the window, or at its last, where the score is.",
        json_schema_extra={"labels": {"every": "at every step", "last": "at the last step"}},
    )

    @abstractmethod
    def raw(self) -> NDArray[np.float64]:
        """(n, C) the series in its own unit, NaN where there is a gap."""

    @property
    def unit(self) -> str:
        """What the numbers of ``raw`` are called."""
        return "value"

    @property
    def dates(self) -> NDArray[np.datetime64] | None:
        """(n,) when each step of ``raw`` begins; None where nobody knows."""
        return None

    @property
    def steps(self) -> int:
        """How long a generated series is: long enough for the windows."""
        return max(SHORTEST, 6 * (self.length + self.horizon))

    @property
    def known(self) -> Known:
        """The series, worked out once."""
        own: Any = self  # frozen, so it can be hashed, which pydantic does not tell a type checker
        return _known(own)

    @property
    def trained(self) -> int:
        """How many of its first steps are the training part."""
        return len(self.known.values) * self.split // 100

    def starts(self, part: Part) -> NDArray[np.int64]:
        """Where a window of ``part`` can begin: it and what it asks for lie within the part."""
        known, n = self.known, self.trained
        first, stop = (0, n) if part == "training" else (n, len(known.values))
        starts = np.arange(first, max(first, stop - self.length - self.horizon + 1))
        return starts[known.given[starts + self.length - 1 + self.horizon]]

    def check(self) -> None:
        ways: tuple[tuple[Part, str], ...] = (("training", "raise"), ("held-out", "lower"))
        for part, way in ways:
            windows = len(self.starts(part))
            if windows < FEWEST_WINDOWS:
                raise ConfigError([
                    f"`task.length` (={self.length}) with `task.horizon` (={self.horizon}) leaves {windows} windows in "
                    f"the {part} part of a series of {len(self.known.values):,} steps; there must be at least "
                    f"{FEWEST_WINDOWS}. Lower `task.length`, or {way} `task.split` (={self.split})."
                ])  # fmt: skip

    def sample(self, rng: np.random.Generator, n: int, part: Part) -> Batch:
        return self.windows(rng.choice(self.starts(part), n))

    def windows(self, starts: NDArray[np.integer]) -> Batch:
        """The windows that begin at ``starts`` (N,)."""
        known, T = self.known, self.length
        places = starts + np.arange(T)[:, None]
        ahead = places + self.horizon
        last = at_last_step(T, len(starts))
        asked = last if self.asked == "last" else known.given[ahead]
        return Batch(known.values[places], known.values[ahead, self.target], asked, last)

    # -- what one would answer without a network -------------------------------------------------------------------

    @property
    def _baselines(self) -> _Baselines:
        own: Any = self
        return _baselines(own)

    @property
    def baseline_loss(self) -> float:
        """Variance of what is asked for at each step, over the windows of the training part."""
        return self._baselines.guessing

    @property
    def variance(self) -> float:
        """Of what is asked for at the last steps of the held-out windows."""
        targets = self.known.values[self.starts("held-out") + self.length - 1 + self.horizon, self.target]
        return float(np.var(targets, dtype=np.float64))

    @property
    def past(self) -> NDArray[np.float64]:
        """(n,) the asked channel of the training part."""
        return self.known.values[: self.trained, self.target].astype(np.float64)

    @property
    def order(self) -> int:
        """How many values the autoregression looks back at."""
        return classical.order_of(self.length, self.trained)

    @property
    def autoregression(self) -> NDArray[np.float64]:
        """Its weights, fitted on the training part. See ``classical.autoregression``."""
        return self._baselines.weights

    @property
    def season(self) -> int:
        """Steps after which the training part repeats best."""
        return self._baselines.season

    def floors(self) -> list[tuple[float, str]]:
        found = self._baselines
        lines = [(found.persistence, "the last value"), (found.autoregression, "linear autoregression")]
        below = [line for line in lines if line[0] < found.guessing]
        return [(found.guessing, "guessing"), *sorted(below, reverse=True)]

    @property
    def lag(self) -> int:
        return self.length - 1

    @property
    def needs_lag(self) -> bool:
        return False

    def marks(self) -> list[Mark]:
        T = self.length
        ahead = "next value asked" if self.horizon == 1 else f"value {self.horizon} steps ahead asked"
        return [Mark("enters", "the series", 1, T), Mark("asked", ahead, T, T)]

    def events(self, x: np.ndarray) -> list[tuple[int, str]]:
        """Where it is highest and lowest."""
        column = x[:, self.target]
        found = {int(column.argmax()) + 1: f"highest {column.max():.2f}"}
        found.setdefault(int(column.argmin()) + 1, f"lowest {column.min():.2f}")
        return sorted(found.items())


class _Baselines(NamedTuple):
    guessing: float
    persistence: float
    autoregression: float
    weights: NDArray[np.float64]
    season: int


@lru_cache(maxsize=64)
def _known(task: Series) -> Known:
    raw = task.raw()
    given = np.isfinite(raw[:, task.target])
    filled = carried_on(raw)
    first = filled[: max(2, len(raw) * task.split // 100)]
    mean, deviation = first.mean(axis=0), first.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    values = ((filled - mean) / deviation).astype(np.float32)
    return Known(values, given, float(mean[task.target]), float(deviation[task.target]))


def carried_on(raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """``raw`` (n, C) with each gap filled by the value before it; by the first one where there is none before."""
    rows = np.arange(len(raw))[:, None]
    there = np.isfinite(raw)
    before = np.maximum.accumulate(np.where(there, rows, -1), axis=0)
    before = np.where(before < 0, there.argmax(axis=0), before)
    return np.nan_to_num(np.take_along_axis(raw, before, axis=0))


@lru_cache(maxsize=64)
def _baselines(task: Series) -> _Baselines:
    values, h, T = task.past, task.horizon, task.length
    given = task.known.given[: len(values)]
    weights = classical.autoregression(values, task.order, h, given)
    targets = sliding_window_view(values[h:], len(values) - T - h + 1)[-T:]  # (T, windows), at each step
    at = slice(-1, None) if task.asked == "last" else slice(None)
    guessing = float(np.mean(np.var(targets[at], axis=1)))
    asked = np.flatnonzero(given[task.order - 1 + h :])
    windows = sliding_window_view(values, task.order)[:-h][asked].T
    told, ahead = classical.forecast(weights, windows), values[task.order - 1 + h :][asked]
    last, linear = (float(np.mean((answer - ahead) ** 2)) for answer in (windows[-1], told))
    return _Baselines(guessing, last, linear, weights, classical.season_of(values))
