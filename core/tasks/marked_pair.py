"""What adding and multiplication share: many numbers, two of them marked, and one number that these two make."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from core.tasks.base import Batch, Best, Kind, Mark, Part, Task, at_last_step


class MarkedPair(Task):
    """(value U[0, 1], marker) pairs, one marker in each half; the target is what the marked values make together.

    Asked at every step, the target is what those so far make.
    """

    kind: ClassVar[Kind] = "numbers"
    solved: ClassVar[float] = 0.98  # normalised MSE below .02
    noun: ClassVar[str]
    """What the two numbers make: "sum"."""
    one_known: ClassVar[float]
    """The least MSE of somebody who knows one of the two numbers."""
    spread: ClassVar[float]
    """Standard deviation of the squared error of somebody who knows neither, ÷ variance."""

    length: int = Field(default=100, ge=4, le=10_000, title="Length T", description="Time steps of one sequence.")
    asked: Literal["last", "every"] = Field(
        default="last",
        title="Asked",
        description="Where the loss is taken: at the last step, or at every step (what the marked ones so far make).",
        json_schema_extra={"labels": {"last": "at the last step", "every": "at every step"}},
    )

    @abstractmethod
    def so_far(self, values: np.ndarray, marked: np.ndarray) -> np.ndarray:
        """(T, N) what the ``marked`` of the ``values`` (T, N) up to each step make."""

    @property
    @abstractmethod
    def variances(self) -> np.ndarray:
        """(T,) variance of the target at each step."""

    @property
    def channels(self) -> tuple[str, ...]:
        return ("value", "marker")

    @property
    def output_size(self) -> int:
        return 1

    def sample(self, rng: np.random.Generator, n: int, part: Part) -> Batch:
        T, half = self.length, self.length // 2
        x = np.zeros((T, n, 2), np.float32)  # (T, N, C)
        x[:, :, 0] = rng.random((T, n), np.float32)
        sequences = np.arange(n)
        x[rng.integers(0, half, n), sequences, 1] = 1
        x[rng.integers(half, T, n), sequences, 1] = 1
        last = at_last_step(T, n)
        asked = last if self.asked == "last" else np.ones((T, n), bool)
        return Batch(x, self.so_far(x[:, :, 0], x[:, :, 1]), asked, last)

    @property
    def marked(self) -> tuple[np.ndarray, np.ndarray]:
        """(T,) each: the chance that the first, and the second, number has been marked by each step."""
        T, half = self.length, self.length // 2
        steps = np.arange(1, T + 1)
        return np.minimum(steps / half, 1), np.maximum((steps - half) / (T - half), 0)

    @property
    def baseline_loss(self) -> float:
        """Variance of the target, at every step averaged over time: the best constant *per step* is the comparison."""
        return self.variance if self.asked == "last" else float(np.mean(self.variances))

    @property
    def variance(self) -> float:
        """The score is taken at the last step, wherever the loss is."""
        return float(self.variances[-1])

    def floors(self) -> list[tuple[float, str]]:
        if self.asked == "every":
            return super().floors()
        return [(self.variance, "knows neither number"), (self.one_known, "knows one of them")]

    @property
    def chance(self) -> float:
        return 0.0

    def best(self, first: np.ndarray) -> Best:
        """Each of the two numbers may be out of sight, and is then taken to be ½."""
        T, half = self.length, self.length // 2
        a, b = (float(np.mean(places + 1 < first[-1])) for places in (np.arange(half), np.arange(half, T)))
        error = (a * (1 - b) + b * (1 - a)) * self.one_known / self.variance + a * b
        return Best(1 - error, self.spread * float(np.sqrt(a + b - a * b)))

    @property
    def lag(self) -> int:
        return self.length - 1

    def marks(self) -> list[Mark]:
        T, half = self.length, self.length // 2
        return [
            Mark("enters", "first marked number", 1, half),
            Mark("enters", "second marked number", half + 1, T),
            Mark("asked", f"{self.noun} asked", T, T),
        ]

    def events(self, x: np.ndarray) -> list[tuple[int, str]]:
        return [(int(t) + 1, f"{x[t, 0]:.2f}") for t in np.flatnonzero(x[:, 1] > 0.5)]

    def symbols(self, x: np.ndarray) -> list[str]:
        return [f"{value:.2f}" + ("*" if marker > 0.5 else "") for value, marker in x]
