"""Two-lag stream: coin tosses whose earlier ones tilt the answer's chances (a public demonstration of truncation)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from core.tasks.base import Batch, Best, Kind, Mark, Part, Task
from core.theory.two_lag import Floors, chance, floors


class TwoLag(Task):
    """x ~ Bernoulli(½), one-hot; y ~ Bernoulli(½ + ½ x[t − short] − ¼ x[t − long]), asked wherever both lags exist.

    Nobody can predict a coin, so the loss has floors, and which of them a network reaches says which lag it sees.
    """

    title: ClassVar[str] = "Two-lag stream"
    question: ClassVar[str] = "Coin tosses. Two earlier ones tilt the chances of the answer: how likely is a one?"
    first_seen: ClassVar[str] = "public demonstrations of truncated backpropagation"
    kind: ClassVar[Kind] = "chances"
    solved: ClassVar[float] = 0.9  # a loss of .475, where .454 is all there is to learn
    answers: ClassVar[tuple[str, ...]] = ("zero", "one")

    name: Literal["two-lag"] = "two-lag"
    length: int = Field(default=50, ge=2, le=10_000, title="Length T", description="Time steps of one sequence.")
    short: int = Field(
        default=3,
        ge=0,
        le=5_000,
        title="Short lag",
        description="So many steps ago a one was tossed that makes a one likelier by a half.",
        json_schema_extra={"unit": "steps"},
    )
    long: int = Field(
        default=8,
        ge=1,
        le=9_999,
        title="Long lag",
        description="So many steps ago a one was tossed that makes a one less likely by a quarter.",
        json_schema_extra={"unit": "steps"},
    )

    @model_validator(mode="after")
    def _lags_in_order_and_in_the_sequence(self) -> TwoLag:
        if self.short >= self.long:
            raise ValueError(
                f"`task.short` (={self.short}) must be less than `task.long` (={self.long}). "
                "Lower `task.short` or raise `task.long`."
            )
        if self.length <= self.long:
            raise ValueError(
                f"`task.length` (={self.length}) must be more than `task.long` (={self.long}): the answer is asked "
                f"where both lags exist. Raise `task.length` to {self.long + 1} or more, or lower `task.long`."
            )
        return self

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return ("0", "1")

    @property
    def output_size(self) -> int:
        return 2

    def sample(self, rng: np.random.Generator, n: int, part: Part) -> Batch:
        T, late = self.length, self.length - self.long
        coin = rng.integers(0, 2, (T, n))
        target = np.zeros((T, n), np.int64)
        p = chance(coin[self.long - self.short :][:late], coin[:late])
        target[self.long :] = rng.random((late, n)) < p
        asked = np.zeros((T, n), bool)
        asked[self.long :] = True
        return Batch(self.encode(coin), target, asked, asked)

    @property
    def entropies(self) -> Floors:
        """The least losses that are possible with no lag, with one, with both."""
        return floors(self.short, self.long)

    def floors(self) -> list[tuple[float, str]]:
        least = self.entropies
        return [
            (least.none, "sees no lag"),
            (least.short, f"sees lag {self.short} only"),
            (least.both, "sees both lags"),
        ]

    @property
    def baseline_loss(self) -> float:
        """Entropy of the answer's overall frequency, 5/8."""
        return self.entropies.none

    @property
    def least_loss(self) -> float:
        return self.entropies.both

    @property
    def chance(self) -> float:
        return 0.0

    def best(self, first: np.ndarray) -> Best:
        """At each step the floor of the lags in sight there."""
        asked, floors = np.arange(self.long, self.length) + 1, self.entropies
        long, short = (first[asked] <= asked - lag for lag in (self.long, self.short))
        loss = float(np.mean(np.select([long, short], [floors.both, floors.short], floors.none)))
        learnable = floors.none - floors.both
        return Best((floors.none - loss) / learnable, 0.51 / learnable / float(np.sqrt(len(asked))))  # nats of a toss

    @property
    def lag(self) -> int:
        return self.long

    def marks(self) -> list[Mark]:
        """The question's steps, and the two inputs that the last of them depends on."""
        T = self.length
        marks = [
            Mark("enters", f"lag {self.long}", T - self.long, T - self.long),
            Mark("enters", f"lag {self.short}", T - self.short, T - self.short),
            Mark("asked", "asked at every step", self.long + 1, T),
        ]
        return sorted(marks, key=lambda mark: mark.first)

    def events(self, x: np.ndarray) -> list[tuple[int, str]]:
        shown = self.symbols(x)
        return [(self.length - lag, shown[self.length - lag - 1]) for lag in (self.long, self.short)]
