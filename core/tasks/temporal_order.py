"""Temporal order: which of two symbols came first (Hochreiter & Schmidhuber 1997, experiment 6)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from core.tasks.base import Batch, Best, Mark, Part, at_last_step
from core.tasks.even_classes import EvenClasses

ALPHABET = ("X", "Y", "a", "b", "c", "d")
ORDINALS = ("first", "second", "third")


class TemporalOrder(EvenClasses):
    """Six one-hot channels; X or Y at two (or three) places among four distractors, the order asked at the end.

    The places are those of docs/reference.md, "Tasks": t₁ ∈ [T/10, T/5), t₂ ∈ [T/2, 3T/5), and for the eight-class
    variant those of HS97 6b, [10, 20), [33, 43) and [66, 76) of 100.
    """

    title: ClassVar[str] = "Temporal order"
    question: ClassVar[str] = "X or Y appears at a few places among distractors. In which order did they come?"
    first_seen: ClassVar[str] = "Hochreiter & Schmidhuber 1997, experiments 6a and 6b"
    solved: ClassVar[float] = 0.95

    name: Literal["temporal-order"] = "temporal-order"
    length: int = Field(default=50, ge=10, le=10_000, title="Length T", description="Time steps of one sequence.")
    places: int = Field(  # pyright: ignore[reportCallIssue]
        default=2,
        ge=2,
        le=3,
        title="Places",
        description="How many symbols matter: 2 give 4 classes, 3 give 8.",
        json_schema_extra={"labels": {2: "2 (4 classes)", 3: "3 (8 classes)"}},  # pyright: ignore[reportArgumentType]
    )
    asked: Literal["last", "every"] = Field(
        default="last",
        title="Asked",
        description="Where the loss is taken: at the last step, or at every step from the last symbol on.",
        json_schema_extra={"labels": {"last": "at the last step", "every": "at every step"}},
    )

    def windows(self) -> list[tuple[int, int]]:
        """Half-open ranges of input index t in which each symbol falls."""
        T = self.length
        if self.places == 2:
            return [(T // 10, T // 5), (T // 2, 3 * T // 5)]
        return [(T // 10, T // 5), (33 * T // 100, 43 * T // 100), (66 * T // 100, 76 * T // 100)]

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return ALPHABET

    @property
    def output_size(self) -> int:
        return 2**self.places

    def sample(self, rng: np.random.Generator, n: int, part: Part) -> Batch:
        T, sequences = self.length, np.arange(n)
        channel = rng.integers(2, len(ALPHABET), (T, n))
        answer = np.zeros(n, np.int64)
        for first, stop in self.windows():
            symbol = rng.integers(0, 2, n)
            place = rng.integers(first, stop, n)
            channel[place, sequences] = symbol
            answer = 2 * answer + symbol
        x = self.encode(channel)  # (T, N, C)
        last = at_last_step(T, n)
        known = np.arange(T)[:, None] >= place[None, :]  # from the last symbol on
        return Batch(x, np.broadcast_to(answer, (T, n)), last if self.asked == "last" else known, last)

    def best(self, first: np.ndarray) -> Best:
        """A symbol that is not in sight is one of two."""
        seen = [np.mean(np.arange(start, stop) + 1 >= first[-1]) for start, stop in self.windows()]
        return Best.accuracy(float(np.prod([(1 + share) / 2 for share in seen])))

    @property
    def lag(self) -> int:
        return self.length - 1 - self.windows()[0][0]

    def marks(self) -> list[Mark]:
        enters = [
            Mark("enters", f"{ORDINALS[k]} symbol enters", first + 1, stop)
            for k, (first, stop) in enumerate(self.windows())
        ]
        return [*enters, Mark("asked", "asked", self.length, self.length)]

    def events(self, x: np.ndarray) -> list[tuple[int, str]]:
        channel = x.argmax(axis=1)
        return [(int(t) + 1, ALPHABET[channel[t]]) for t in np.flatnonzero(channel < 2)]
