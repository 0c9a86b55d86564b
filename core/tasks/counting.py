"""What the counting tasks share: strings aⁿbⁿ… of letters, each as many times as the first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from core.tasks.base import Batch, Best, Kind, Mark, Part, Task, at_last_step
from core.tasks.typed import Read, look_up

BLANK = "·"
Whole = NDArray[np.int64]


class Counting(Task):
    """Blanks, then a string of the language up to some place, and the symbol that must come next.

    After the a's, which may be any number, every next symbol follows by counting: the same letter while there were
    fewer of it than a's, then the next letter, then the end. The string stops where that is hardest: at the last of a
    letter or one before it, each as likely, so that a network has to know the very number.

    Training strings have n = 2 … ``trained_to``; held-out ones are longer, up to what fits the sequence.
    """

    kind: ClassVar[Kind] = "classes"
    solved: ClassVar[float] = 0.98
    letters: ClassVar[str]

    length: int = Field(default=60, ge=6, le=10_000, title="Length T", description="Time steps of one sequence.")
    trained_to: int = Field(
        default=10,
        ge=2,
        le=200,
        title="Trained to n",
        description="Training strings have 2 to so many of each letter; those that are scored have more.",
    )
    asked: Literal["last", "every"] = Field(
        default="every",
        title="Asked",
        description="Where the loss is taken: at the last step, or after every letter that the next one follows from.",
        json_schema_extra={"labels": {"last": "at the last step", "every": "at every step"}},
    )

    @model_validator(mode="after")
    def _room_for_longer_ones(self) -> Any:
        shortest = len(self.letters) * (self.trained_to + 1)
        if self.length < shortest:
            raise ValueError(
                f"`task.length` (={self.length}) must be at least {shortest}: strings longer than those of "
                f"`task.trained_to` (={self.trained_to}) are scored. Raise `task.length`, or lower `task.trained_to`."
            )
        return self

    @property
    def longest(self) -> int:
        """The largest n that fits the sequence."""
        return self.length // len(self.letters)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return (BLANK, *self.letters)

    @property
    def output_size(self) -> int:
        """The letters after the first, and the end."""
        return len(self.letters)

    def _kinds(self, part: Part) -> Kinds:
        """Every string there is, each as likely."""
        low, high = (2, self.trained_to) if part == "training" else (self.trained_to + 1, self.longest)
        each = np.meshgrid(np.arange(low, high + 1), np.arange(1, len(self.letters)), (0, 1), indexing="ij")
        return Kinds(*(numbers.ravel() for numbers in each), letters=len(self.letters))

    def sample(self, rng: np.random.Generator, n: int, part: Part) -> Batch:
        channel, target = self._kinds(part).take(rng, n).written(self.length)
        last = at_last_step(self.length, n)
        return Batch(self.encode(channel), target, last if self.asked == "last" else channel >= 2, last)

    @property
    def baseline_loss(self) -> float:
        """Of the best chances for each step: what there is at it, weighted as in a sequence's mean over its steps."""
        known: Any = self  # frozen, so it can be hashed, which pydantic does not tell a type checker
        return _baseline(known)

    @property
    def chance(self) -> float:
        return 0.5

    def best(self, first: np.ndarray) -> Best:
        """Among strings that look the same from the first known step on, the most frequent answer."""
        kinds = self._kinds("held-out")
        room, seen = np.full(len(kinds.n), self.length - int(first[-1]) + 1), []
        for count in kinds.counts[::-1]:  # from the end, as far as one sees
            seen.append(np.minimum(count, room))
            room = room - seen[-1]
        looks = np.unique(np.stack([*seen, room > 0]), axis=1, return_inverse=True)[1].ravel()
        table = np.zeros((looks.max() + 1, self.output_size), int)
        np.add.at(table, (looks, kinds.answer), 1)
        return Best.accuracy(float(table.max(axis=1).sum() / len(looks)))

    @property
    def lag(self) -> int:
        """From the first of the longest training string's letters that are counted against those at the end."""
        return 2 * self.trained_to - 1

    def marks(self) -> list[Mark]:
        T = self.length
        return [
            Mark("enters", "the string begins", T - len(self.letters) * self.trained_to + 1, T - 2),
            Mark("enters", "its last letters", T - 1, T),
            Mark("asked", "what comes next", T, T),
        ]

    def events(self, x: np.ndarray) -> list[tuple[int, str]]:
        return [(t + 1, symbol) for t, symbol in enumerate(self.symbols(x)) if symbol != BLANK]

    def read(self, text: str) -> Read:
        return look_up([letter for letter in text if not letter.isspace()], self.vocabulary)


@dataclass(frozen=True)
class Kinds:
    """Strings, N of them, that stop in one of their letters.

    n        (N,) how many of each letter before it there are
    stage    (N,) the letter it stops in, 1 the second
    short    (N,) how many of that one are missing
    letters  how many different ones there are
    """

    n: Whole
    stage: Whole
    short: Whole
    letters: int

    def take(self, rng: np.random.Generator, n: int) -> Kinds:
        """``n`` of them, drawn."""
        chosen = rng.integers(0, len(self.n), n)
        return Kinds(self.n[chosen], self.stage[chosen], self.short[chosen], self.letters)

    @property
    def counts(self) -> Whole:
        """(letters, N) how often each letter stands there."""
        order = np.arange(self.letters)[:, None]
        return np.where(order < self.stage, self.n, np.where(order == self.stage, self.n - self.short, 0))

    @property
    def answer(self) -> Whole:
        """(N,) the class of what comes next: 0 the second letter … and last the end."""
        return self.stage - self.short

    def written(self, T: int) -> tuple[Whole, Whole]:
        """(T, N) each: the symbols' places in the vocabulary, the last letter at the last step; what comes next."""
        begins = T - np.cumsum(self.counts[::-1], axis=0)[::-1]  # (letters, N)
        t = np.arange(T)[:, None]
        channel = sum((t >= begin for begin in begins), np.zeros((T, len(self.n)), int))
        counted = t + 1 - np.take_along_axis(begins, np.maximum(channel - 1, 0), axis=0)
        return channel, np.maximum(channel - 2, 0) + ((channel >= 2) & (counted == self.n))


@lru_cache(maxsize=64)
def _baseline(task: Counting) -> float:
    kinds = task._kinds("training")
    channel, target = kinds.written(len(task.letters) * task.trained_to)  # before that there are blanks alone
    asked = channel >= 2 if task.asked == "every" else at_last_step(*channel.shape)
    weight = asked / asked.sum(axis=0) / asked.shape[1]
    by_class = np.stack([(weight * (target == k)).sum(axis=1) for k in range(task.output_size)])
    share = by_class / np.maximum(by_class.sum(axis=0), np.finfo(float).tiny)
    return float(-np.sum(by_class * np.log(np.where(share > 0, share, 1))))
