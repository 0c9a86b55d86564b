"""Review: "I loved this movie" and then many words that do not matter. Was it liked? (the textbook's example)"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from core.tasks.base import Batch, Best, Mark, Part, at_last_step
from core.tasks.even_classes import EvenClasses
from core.tasks.typed import Typing

POSITIVE = ("loved", "adored", "enjoyed")
NEGATIVE = ("hated", "loathed", "disliked")
OPENING = ("I", None, "this", "movie")  # None: where the verdict stands
NEUTRAL = (
    "which", "we", "saw", "on", "a", "rainy", "evening", "with", "friends", "in", "the", "small", "cinema", "by",
    "river", "after", "dinner", "and", "long", "walk", "through", "town", "where", "it", "played",
)  # fmt: skip
WORDS = (*POSITIVE, *NEGATIVE, "I", "this", "movie", *NEUTRAL)


class Review(EvenClasses):
    """One-hot words: "I <verdict> this movie" and neutral words up to T; classify liked / not liked at the end.

    Three words say yes, three say no; the rest is drawn at random from neutral words and says nothing.
    """

    title: ClassVar[str] = "Review"
    question: ClassVar[str] = "“I loved this movie …” and many more words. Did the writer like it?"
    first_seen: ClassVar[str] = "the textbook's example of a fading memory"
    solved: ClassVar[float] = 0.95
    answers: ClassVar[tuple[str, ...]] = ("disliked", "liked")
    typed: ClassVar[Typing | None] = Typing("review", "I loved this movie which we saw …")

    name: Literal["review"] = "review"
    length: int = Field(default=40, ge=5, le=10_000, title="Length T", description="Words of one review.")
    asked: Literal["last", "every"] = Field(
        default="last",
        title="Asked",
        description="Where the loss is taken: at the last word, or at every word from the verdict on.",
        json_schema_extra={"labels": {"last": "at the last step", "every": "at every step"}},
    )

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return WORDS

    @property
    def output_size(self) -> int:
        return 2

    def sample(self, rng: np.random.Generator, n: int, part: Part) -> Batch:
        T = self.length
        liked = rng.integers(0, 2, n)
        verdict = np.where(liked == 1, 0, len(POSITIVE)) + rng.integers(0, len(POSITIVE), n)
        word = rng.integers(len(WORDS) - len(NEUTRAL), len(WORDS), (T, n))
        for t, opening in enumerate(OPENING):
            word[t] = verdict if opening is None else WORDS.index(opening)
        x = self.encode(word)  # (T, N, C)
        last = at_last_step(T, n)
        known = np.broadcast_to(np.arange(T)[:, None] >= OPENING.index(None), (T, n))
        return Batch(x, np.broadcast_to(liked, (T, n)), last if self.asked == "last" else known, last)

    def best(self, first: np.ndarray) -> Best:
        """All hangs on the one word."""
        return Best.accuracy(1.0 if first[-1] <= OPENING.index(None) + 1 else self.chance)

    @property
    def lag(self) -> int:
        return self.length - 1 - OPENING.index(None)

    def marks(self) -> list[Mark]:
        step = OPENING.index(None) + 1
        return [Mark("enters", "“loved” or “hated”", step, step), Mark("asked", "asked", self.length, self.length)]

    def events(self, x: np.ndarray) -> list[tuple[int, str]]:
        step = OPENING.index(None)
        return [(step + 1, self.symbols(x)[step])]

    def speaks_for(self, symbol: str) -> int | None:
        return None if symbol not in POSITIVE + NEGATIVE else int(symbol in POSITIVE)
