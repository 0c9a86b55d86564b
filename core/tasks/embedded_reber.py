"""Embedded Reber grammar: what came first must come again, whatever came between (Hochreiter & Schmidhuber 1997)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core.tasks.base import Batch, Best, Kind, Mark, Part, Task, at_last_step
from core.tasks.reber import LETTERS, WAYS

BLANK = "·"
_LETTER = np.array([[LETTERS.index(letter) + 1 for letter, _ in ways] for ways in WAYS] + [[0, 0]])
_NEXT = np.array([[state for _, state in ways] for ways in WAYS] + [[5, 5]])
AROUND = 4
"""Letters of a shown string around the grammar's own: B, T or P, B, and E before the last question."""
LEAST = 3 + AROUND

Floats = NDArray[np.float64]


class EmbeddedReber(Task):
    """Blanks, then B, T or P, a string B…E of Reber's grammar, and the question what follows: the T or P of the start.

    A string is as likely as the grammar makes it, among those that fit the sequence. Asked at every step, each next
    letter of the string is.
    """

    title: ClassVar[str] = "Embedded Reber"
    question: ClassVar[str] = "A string of a grammar in brackets of T or P: which letter closes it?"
    first_seen: ClassVar[str] = "Hochreiter & Schmidhuber 1997, experiment 1; Reber 1967"
    kind: ClassVar[Kind] = "classes"
    solved: ClassVar[float] = 0.98
    answers: ClassVar[tuple[str, ...]] = tuple(LETTERS)

    name: Literal["embedded-reber"] = "embedded-reber"
    length: int = Field(default=20, ge=LEAST + 1, le=200, title="Length T", description="Room for the longest string.")
    asked: Literal["last", "every"] = Field(
        default="every",
        title="Asked",
        description="Where the loss is taken: at the last step, or after every letter, where it is the next one.",
        json_schema_extra={"labels": {"last": "at the last step", "every": "at every step"}},
    )

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return (BLANK, *LETTERS)

    @property
    def output_size(self) -> int:
        return len(LETTERS)

    @property
    def inner(self) -> tuple[NDArray[np.int64], Floats]:
        """How many letters the grammar's own part may have, and how likely each is."""
        sizes = np.arange(LEAST - AROUND, self.length - AROUND + 1)
        share = ways_to_the_end(self.length)[0, sizes] * 0.5**sizes
        return sizes, share / share.sum()

    def sample(self, rng: np.random.Generator, n: int, part: Part) -> Batch:
        T, left = self.length, ways_to_the_end(self.length)
        size = rng.choice(self.inner[0], n, p=self.inner[1])
        begin, sequences = T - AROUND - size, np.arange(n)
        channel, outer = np.zeros((T, n), np.int64), np.array([LETTERS.index(letter) + 1 for letter in "TP"])
        outer = outer[rng.integers(0, 2, n)]
        channel[begin, sequences] = channel[begin + 2, sequences] = 1
        channel[begin + 1, sequences] = outer
        state = np.zeros(n, np.int64)
        for t in range(T - 1 - int(size.max()), T - 1):
            rest = np.maximum(T - 2 - t, 0)  # letters after this one; all strings of a size are as likely
            inside = t >= begin + 3
            ways = left[_NEXT[state], rest]  # (N, 2)
            second = rng.random(n) * ways.sum(axis=1) >= ways[:, 0]
            way = state, second.astype(int)
            channel[t] = np.where(inside, _LETTER[way], channel[t])
            state = np.where(inside, _NEXT[way], state)
        channel[T - 1] = len(LETTERS)
        last = at_last_step(T, n)
        asked = last if self.asked == "last" else np.arange(T)[:, None] >= begin
        target = np.maximum(np.concatenate([channel[1:], outer[None]]) - 1, 0)
        return Batch(self.encode(channel), target, asked, last)

    @property
    def baseline_loss(self) -> float:
        """Of the best chances for each step: the letters' frequencies at it, each string's weighted by its size."""
        if self.asked == "last":
            return float(np.log(2))
        known: Any = self  # frozen, so it can be hashed, which pydantic does not tell a type checker
        return _baseline(known)

    @property
    def least_loss(self) -> float:
        """Of somebody who knows where the string will end: of one size all strings are as likely."""
        if self.asked == "last":
            return 0.0
        return self._mean_loss(np.log(ways_to_the_end(self.length)[0, self.inner[0]]) + np.log(2))

    def _mean_loss(self, nats: Floats) -> float:
        """Of strings that cost so many nats in all, by size; a loss is a mean over a string's letters."""
        sizes, share = self.inner
        return float(np.sum(share * nats / (sizes + AROUND)))

    def floors(self) -> list[tuple[float, str]]:
        if self.asked == "last":
            return super().floors()
        coins = self.inner[0] + 1  # each letter of the grammar's own is a toss, and so is the first T or P
        return [
            (self.baseline_loss, "knows the step alone"),
            (self._mean_loss((coins + 1) * np.log(2)), "knows the grammar, but forgets the first T or P"),
            (self._mean_loss(coins * np.log(2)), "knows both"),
            (self.least_loss, "counts the steps to the end as well"),
        ]

    @property
    def chance(self) -> float:
        return 0.5

    def best(self, first: np.ndarray) -> Best:
        """All hangs on the first T or P, which stands at one step for each size of string."""
        sizes, share = self.inner
        seen = min(1.0, float(share[self.length - AROUND - sizes + 2 >= first[-1]].sum()))
        return Best.accuracy(seen + (1 - seen) * self.chance)

    @property
    def lag(self) -> int:
        return self.length - 2

    def marks(self) -> list[Mark]:
        T = self.length
        return [Mark("enters", "first T or P", 2, T - LEAST + 2), Mark("asked", "T or P again", T, T)]

    def events(self, x: np.ndarray) -> list[tuple[int, str]]:
        shown = self.symbols(x)
        t = shown.index("B") + 1
        return [(t + 1, shown[t])]


@lru_cache(maxsize=64)
def ways_to_the_end(T: int) -> Floats:
    """(6, T+1): in how many ways the grammar gets from each state to its end with exactly so many letters."""
    ways = np.zeros((len(WAYS) + 1, T + 1))
    ways[-1, 0] = 1
    for size in range(1, T + 1):
        ways[:-1, size] = ways[_NEXT[:-1], size - 1].sum(axis=1)
    return ways


@lru_cache(maxsize=64)
def _baseline(task: EmbeddedReber) -> float:
    T, left = task.length, ways_to_the_end(task.length)
    reached = np.zeros((T, len(WAYS) + 1))  # ways to each state with so many letters
    reached[0, 0] = 1
    for size in range(1, T):
        for state, letters in enumerate(WAYS):
            for _, to in letters:
                reached[size, to] += reached[size - 1, state]
    weight = np.zeros((T, len(LETTERS)))  # of each letter as the next one, by step
    for size, share in zip(*task.inner, strict=True):
        begin, each = T - AROUND - size, share / (size + AROUND)
        for t, letter in ((begin, "T"), (begin, "P"), (T - 1, "T"), (T - 1, "P")):
            weight[t, LETTERS.index(letter)] += each / 2
        weight[begin + 1, LETTERS.index("B")] += each
        weight[T - 2, LETTERS.index("E")] += each
        for k in range(size):
            for state, letters in enumerate(WAYS):
                for letter, to in letters:
                    paths = reached[k, state] * left[to, size - k - 1] / left[0, size]
                    weight[begin + 2 + k, LETTERS.index(letter)] += each * paths
    share = weight / np.maximum(weight.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    return float(-np.sum(weight * np.log(np.where(share > 0, share, 1))))
