"""Adding: remember two marked numbers among T and answer their sum (Hochreiter & Schmidhuber 1997; Le et al. 2015)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from core.tasks.base import Batch, Best, Kind, Mark, Part, Task, at_last_step


class Adding(Task):
    """(value U[0, 1], marker) pairs, one marker in each half; the target is the sum of the two marked values.

    Asked at every step, the target is the sum of the marked values so far.
    """

    title: ClassVar[str] = "Adding"
    question: ClassVar[str] = "Two of the numbers are marked, one in each half. What is their sum?"
    first_seen: ClassVar[str] = "Hochreiter & Schmidhuber 1997; Le et al. 2015"
    kind: ClassVar[Kind] = "numbers"
    solved: ClassVar[float] = 0.98  # normalised MSE below .02

    name: Literal["adding"] = "adding"
    length: int = Field(default=100, ge=4, le=10_000, title="Length T", description="Time steps of one sequence.")
    asked: Literal["last", "every"] = Field(
        default="last",
        title="Asked",
        description="Where the loss is taken: at the last step, or at every step (the sum so far).",
        json_schema_extra={"labels": {"last": "at the last step", "every": "at every step"}},
    )

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
        target = np.cumsum(x[:, :, 0] * x[:, :, 1], axis=0, dtype=np.float32)
        last = at_last_step(T, n)
        return Batch(x, target, last if self.asked == "last" else np.ones((T, n), bool), last)

    @property
    def baseline_loss(self) -> float:
        """Variance of the target: 1/6 at the last step (two uniform values of variance 1/12 each).

        At every step the target's variance is averaged over time; the best constant *per step* is the comparison.
        With marker seen with probability p = t/half, a marked value contributes E[v²]p − (p/2)² = p/3 − p²/4.
        """
        if self.asked == "last":
            return 1 / 6
        T, half = self.length, self.length // 2
        first = np.minimum(np.arange(1, T + 1) / half, 1)
        second = np.maximum((np.arange(1, T + 1) - half) / (T - half), 0)
        return float(np.mean(first / 3 - first**2 / 4 + second / 3 - second**2 / 4))

    @property
    def variance(self) -> float:
        """1/6: the score is taken at the last step, wherever the loss is."""
        return 1 / 6

    @property
    def chance(self) -> float:
        return 0.0

    def best(self, first: np.ndarray) -> Best:
        """Of a number that is not in sight half the answer's variance is left, whatever else is known."""
        T, half = self.length, self.length // 2
        halves = (np.arange(half), np.arange(half, T))
        score = float(np.mean([np.mean(places + 1 >= first[-1]) for places in halves]))
        return Best(
            score, 1.2 * float(np.sqrt(1 - score))
        )  # where both are guessed (E[e⁴] − E[e²]²)^½ ÷ variance = 1.18

    @property
    def lag(self) -> int:
        return self.length - 1

    def marks(self) -> list[Mark]:
        T, half = self.length, self.length // 2
        return [
            Mark("enters", "first marked number", 1, half),
            Mark("enters", "second marked number", half + 1, T),
            Mark("asked", "sum asked", T, T),
        ]

    def events(self, x: np.ndarray) -> list[tuple[int, str]]:
        return [(int(t) + 1, f"{x[t, 0]:.2f}") for t in np.flatnonzero(x[:, 1] > 0.5)]

    def symbols(self, x: np.ndarray) -> list[str]:
        return [f"{value:.2f}" + ("*" if marker > 0.5 else "") for value, marker in x]
