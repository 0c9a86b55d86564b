"""Timed spikes: how long ago was the spike? (Gers, Schraudolph & Schmidhuber 2002, who made peepholes for it)"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from core.tasks.base import Batch, Best, Kind, Mark, Part, Task, at_last_step


class TimedSpikes(Task):
    """Two spikes in silence, the second at the last step: measure the delay between them.

    The delay is any whole number of steps from ``shortest`` to ``longest``, each as likely; the target runs evenly
    from 0 for the shortest to 1 for the longest.
    """

    title: ClassVar[str] = "Timed spikes"
    question: ClassVar[str] = "A spike, silence, a second spike. How much time lay between them?"
    first_seen: ClassVar[str] = "Gers, Schraudolph & Schmidhuber 2002: measuring spike delays"
    kind: ClassVar[Kind] = "numbers"
    solved: ClassVar[float] = 0.98  # normalised MSE below .02

    name: Literal["timed-spikes"] = "timed-spikes"
    length: int = Field(default=40, ge=3, le=10_000, title="Length T", description="Time steps of one sequence.")
    shortest: int = Field(
        default=5,
        ge=1,
        le=9_998,
        title="Shortest delay",
        description="Least number of steps from the first spike to the second.",
        json_schema_extra={"unit": "steps"},
    )
    longest: int = Field(
        default=30,
        ge=2,
        le=9_999,
        title="Longest delay",
        description="Largest number of steps from the first spike to the second.",
        json_schema_extra={"unit": "steps"},
    )

    @model_validator(mode="after")
    def _delays_in_order_and_in_the_sequence(self) -> TimedSpikes:
        if self.shortest >= self.longest:
            raise ValueError(
                f"`task.shortest` (={self.shortest}) must be less than `task.longest` (={self.longest}): a delay that "
                "is always the same need not be measured. Lower `task.shortest` or raise `task.longest`."
            )
        if self.length <= self.longest:
            raise ValueError(
                f"`task.length` (={self.length}) must be more than `task.longest` (={self.longest}): both spikes stand "
                f"in the sequence. Raise `task.length` to {self.longest + 1} or more, or lower `task.longest`."
            )
        return self

    @property
    def channels(self) -> tuple[str, ...]:
        return ("spike",)

    @property
    def output_size(self) -> int:
        return 1

    def sample(self, rng: np.random.Generator, n: int, part: Part) -> Batch:
        T = self.length
        delay = rng.integers(self.shortest, self.longest + 1, n)
        x = np.zeros((T, n, 1), np.float32)
        x[T - 1 - delay, np.arange(n)] = x[T - 1] = 1
        target = ((delay - self.shortest) / (self.longest - self.shortest)).astype(np.float32)
        last = at_last_step(T, n)
        return Batch(x, np.broadcast_to(target, (T, n)), last, last)

    @property
    def baseline_loss(self) -> float:
        """Variance of one of k evenly spaced numbers in 0 … 1."""
        return self._variance(self.longest - self.shortest + 1)

    def _variance(self, k: int) -> float:
        """Of k neighbouring delays, each as likely, on the scale of the target."""
        return (k**2 - 1) / 12 / (self.longest - self.shortest) ** 2

    @property
    def chance(self) -> float:
        return 0.0

    def best(self, first: np.ndarray) -> Best:
        """No spike in sight: the delay is longer than what is, and its mean is answered."""
        known = self.length - int(first[-1])  # the longest delay whose first spike is in sight
        hidden = self.longest - max(known, self.shortest - 1)
        if hidden <= 0:
            return Best(1.0, 0.0)
        share = hidden / (self.longest - self.shortest + 1)
        error = share * self._variance(hidden) / self.variance
        return Best(1 - error, float(np.sqrt(1.8 * share)) * error / share)  # E[e⁴] ≤ 9/5 E[e²]² of even numbers

    @property
    def lag(self) -> int:
        return self.longest

    def marks(self) -> list[Mark]:
        T = self.length
        return [
            Mark("enters", "first spike", T - self.longest, T - self.shortest),
            Mark("asked", "delay asked", T, T),
        ]

    def events(self, x: np.ndarray) -> list[tuple[int, str]]:
        """The first spike alone: the second stands where the question does."""
        return [(int(t) + 1, f"{len(x) - 1 - t} steps") for t in np.flatnonzero(x[:-1, 0] > 0.5)]

    def symbols(self, x: np.ndarray) -> list[str]:
        return ["▲" if value > 0.5 else "·" for value in x[:, 0]]
