"""Latch: the first numbers carry a sign, the rest is noise; which sign was it? (Bengio et al. 1994; HS97, exp. 3)"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from core.tasks.base import Batch, Best, Mark, Part, at_last_step
from core.tasks.even_classes import EvenClasses


class Latch(EvenClasses):
    """One number a step: +1 or −1 at the first ``carriers`` steps, normal noise of variance ``noise`` afterwards."""

    title: ClassVar[str] = "Latch (two sequences)"
    question: ClassVar[str] = "The first numbers are all +1 or all −1, the rest is noise. Which were they?"
    first_seen: ClassVar[str] = "Bengio, Simard & Frasconi 1994; Hochreiter & Schmidhuber 1997, experiment 3"
    solved: ClassVar[float] = 0.95
    answers: ClassVar[tuple[str, ...]] = ("−1", "+1")

    name: Literal["latch"] = "latch"
    length: int = Field(default=60, ge=2, le=10_000, title="Length T", description="Time steps of one sequence.")
    carriers: int = Field(
        default=3,
        ge=1,
        le=100,
        title="Carriers",
        description="So many numbers at the start say which sequence it is.",
        json_schema_extra={"unit": "steps"},
    )
    noise: float = Field(
        default=0.2, ge=0, le=4, title="Noise", description="Variance of the numbers that say nothing."
    )
    asked: Literal["last", "every"] = Field(
        default="last",
        title="Asked",
        description="Where the loss is taken: at the last step, or at every step from the last carrier on.",
        json_schema_extra={"labels": {"last": "at the last step", "every": "at every step"}},
    )

    @model_validator(mode="after")
    def _room_for_noise(self) -> Latch:
        if self.length <= self.carriers:
            raise ValueError(
                f"`task.length` (={self.length}) must be more than `task.carriers` (={self.carriers}): noise follows "
                f"them. Raise `task.length` to {self.carriers + 1} or more, or lower `task.carriers`."
            )
        return self

    @property
    def channels(self) -> tuple[str, ...]:
        return ("number",)

    @property
    def output_size(self) -> int:
        return 2

    def sample(self, rng: np.random.Generator, n: int, part: Part) -> Batch:
        T = self.length
        plus = rng.integers(0, 2, n)
        x = np.sqrt(np.float32(self.noise)) * rng.standard_normal((T, n, 1), np.float32)
        x[: self.carriers, :, 0] = 2 * plus - 1
        last = at_last_step(T, n)
        known = np.broadcast_to(np.arange(T)[:, None] >= self.carriers - 1, (T, n))
        return Batch(x, np.broadcast_to(plus, (T, n)), last if self.asked == "last" else known, last)

    def best(self, first: np.ndarray) -> Best:
        """One carrier in sight is enough, and noise says nothing."""
        return Best.accuracy(1.0 if first[-1] <= self.carriers else self.chance)

    @property
    def lag(self) -> int:
        """From the last of the carriers: whoever sees that far back has the answer."""
        return self.length - self.carriers

    def marks(self) -> list[Mark]:
        return [Mark("enters", "+1 or −1", 1, self.carriers), Mark("asked", "asked", self.length, self.length)]

    def events(self, x: np.ndarray) -> list[tuple[int, str]]:
        return [(t + 1, self.answers[int(x[t, 0] > 0)]) for t in range(self.carriers)]

    def symbols(self, x: np.ndarray) -> list[str]:
        return [f"{value:+.2f}".replace("-", "−") for value in x[:, 0]]
