"""Copying: hold S symbols through a silence, then say them (Hochreiter & Schmidhuber 1997; Arjovsky et al. 2016)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from core.tasks.base import Batch, Best, Kind, Mark, Part, Task

BLANK, DELIMITER = "·", "▶"


class Copying(Task):
    """S symbols of an alphabet of A, delay − 1 blanks, a delimiter, S blanks; the S symbols are recalled at the end.

    ``length`` is the whole sequence, T = delay + 2S. Channels: A symbols, the blank, the delimiter. Asked at every
    step (the answer before the recall is the blank), or at the recall alone.
    """

    title: ClassVar[str] = "Copying"
    question: ClassVar[str] = "A few symbols, a long silence, a signal: repeat the symbols."
    first_seen: ClassVar[str] = "Hochreiter & Schmidhuber 1997; Arjovsky et al. 2016"
    kind: ClassVar[Kind] = "classes"
    solved: ClassVar[float] = 0.95

    name: Literal["copy"] = "copy"
    length: int = Field(
        default=30,
        ge=5,
        le=10_000,
        title="Length T",
        description="Time steps of one sequence: the delay and twice the symbols.",
    )
    symbols_to_copy: int = Field(default=5, ge=1, le=50, title="Symbols S", description="How many symbols to remember.")
    alphabet: int = Field(
        default=8, ge=2, le=32, title="Alphabet A", description="How many different symbols there are."
    )
    asked: Literal["every", "recall"] = Field(
        default="every",
        title="Asked",
        description="Where the loss is taken: at every step (say nothing, then recall), or at the recall alone.",
        json_schema_extra={"labels": {"every": "at every step", "recall": "at the recall"}},
    )

    @model_validator(mode="after")
    def _room_for_a_delay(self) -> Copying:
        if self.delay < 1:
            raise ValueError(
                f"`task.length` (={self.length}) must be more than twice `task.symbols_to_copy` "
                f"(={self.symbols_to_copy}): the symbols are shown, then recalled, with a silence between. "
                f"Raise `task.length` to {2 * self.symbols_to_copy + 1} or more, or lower `task.symbols_to_copy`."
            )
        return self

    @property
    def delay(self) -> int:
        """Steps from a symbol's end of showing to its recall: T − 2S."""
        return self.length - 2 * self.symbols_to_copy

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return (*(chr(ord("a") + k) if k < 26 else str(k) for k in range(self.alphabet)), BLANK, DELIMITER)

    @property
    def output_size(self) -> int:
        return self.alphabet + 1  # the symbols and the blank

    def sample(self, rng: np.random.Generator, n: int, part: Part) -> Batch:
        T, S, A = self.length, self.symbols_to_copy, self.alphabet
        word = rng.integers(0, A, (S, n))
        channel = np.full((T, n), A)  # the blank
        channel[:S] = word
        channel[T - S - 1] = A + 1  # the delimiter: the recall starts with the next step
        target = np.full((T, n), A, np.int64)
        target[T - S :] = word
        recall = np.zeros((T, n), bool)
        recall[T - S :] = True
        x = self.encode(channel)  # (T, N, C)
        return Batch(x, target, recall if self.asked == "recall" else np.ones((T, n), bool), recall)

    @property
    def baseline_loss(self) -> float:
        """Cross-entropy without memory, mean over the asked steps: S ln A / T over the whole sequence."""
        asked = self.length if self.asked == "every" else self.symbols_to_copy
        return self.symbols_to_copy * float(np.log(self.alphabet)) / asked

    @property
    def chance(self) -> float:
        return 1 / self.alphabet

    def best(self, first: np.ndarray) -> Best:
        """Symbols in sight are known, each of the others is one of the alphabet."""
        recall = np.arange(self.length - self.symbols_to_copy, self.length) + 1
        seen = np.mean(first[recall] <= recall - self.lag)
        return Best.accuracy(float(seen + (1 - seen) * self.chance))

    @property
    def lag(self) -> int:
        return self.delay + self.symbols_to_copy

    def marks(self) -> list[Mark]:
        T, S = self.length, self.symbols_to_copy
        return [Mark("enters", "symbols enter", 1, S), Mark("asked", "recall", T - S + 1, T)]

    def events(self, x: np.ndarray) -> list[tuple[int, str]]:
        shown = self.symbols(x)
        return [(t + 1, symbol) for t, symbol in enumerate(shown) if symbol != BLANK]
