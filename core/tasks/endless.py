"""Tasks that go along one endless sequence of symbols, always asked for the next one.

A text is cut in two: what comes first is learnt from, its end is held out. Training stands at N places in the first
part, spread evenly; a batch is the next ``length`` symbols from each, and where one window ends the next begins. At its
end the text begins again, so there is always a next window, and which one is a function of the seed and the step.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from core.tasks.base import Batch, Mark, Part, Task
from core.tasks.ngrams import cross_entropies
from core.tasks.tokens import UNKNOWN, Tokens, joined, spaced, split, words_known
from core.tasks.typed import Read, look_up

JUDGED = 8
"""Places at which the held-out part is read at once, each from a zero state on."""


@dataclass(frozen=True, eq=False)
class Text:
    """A text as a task has it.

    symbols    its characters or words, in the order of the vocabulary
    training   (L,) places in it
    held_out   (M,) the same of the end, which nothing is learnt from
    reach      steps back from a symbol to what it depends on, at most, as far as the text's makers know
    opening    what a network reads before it writes: what stands before the beginning of a unit of the text
    tokens     whether its symbols are characters or words
    asked      (L,) and (M,) bool by part: symbols that the score is taken of; None: all of them
    """

    symbols: tuple[str, ...]
    training: NDArray[np.int64]
    held_out: NDArray[np.int64]
    reach: int
    opening: tuple[str, ...]
    tokens: Tokens = "characters"
    asked: dict[Part, NDArray[np.bool_]] | None = field(default=None, repr=False)

    @classmethod
    def cut(
        cls, text: Sequence[str], reach: int, opening: str, held_out: float = 0.1, tokens: Tokens = "characters"
    ) -> Text:
        """Of the symbols of ``text``, whose last part, a share ``held_out`` of them, is held out. Of words the
        vocabulary is that of the part that is learnt from."""
        first = round(len(text) * (1 - held_out))
        symbols = tuple(sorted(set(text))) if tokens == "characters" else words_known(text[:first])
        place = {symbol: k for k, symbol in enumerate(symbols)}
        unknown = place.get(UNKNOWN, -1)  # no character is
        places = np.array([place.get(symbol, unknown) for symbol in text], np.int64)
        begin = tuple(symbol if symbol in place else UNKNOWN for symbol in split(opening, tokens))
        return cls(symbols, places[:first], places[first:], reach, begin, tokens)

    def part(self, part: Part) -> NDArray[np.int64]:
        """The symbols of one part."""
        return self.training if part == "training" else self.held_out

    @cached_property
    def grams(self) -> list[float]:
        """Nats a held-out symbol under the unigram, bigram and trigram model of the training part."""
        return cross_entropies(self.training, self.held_out, len(self.symbols))

    @property
    def opening_places(self) -> list[int]:
        """``opening`` in the vocabulary."""
        return [self.symbols.index(symbol) for symbol in self.opening]

    @cached_property
    def letters(self) -> float:
        """Characters a symbol, with the spaces between, on average of what is held out."""
        return len(self.joined(self.held_out)) / len(self.held_out)

    def excerpt(self, characters: int) -> int:
        """How many symbols make a text of about so many ``characters``."""
        return max(2, round(characters / self.letters))

    def named(self, places: Sequence[int] | NDArray[np.int64]) -> list[str]:
        """The symbols at ``places`` in the vocabulary."""
        return [self.symbols[place] for place in places]

    def joined(self, places: Sequence[int] | NDArray[np.int64]) -> str:
        """The same as one reads them."""
        return joined(self.named(places), self.tokens)

    def spaced(self, places: Sequence[int] | NDArray[np.int64]) -> list[bool]:
        """Before which of them a space stands that is none of them."""
        return spaced(self.named(places), self.tokens)

    @cached_property
    def scored(self) -> dict[Part, NDArray[np.bool_]]:
        """``asked``, spelled out."""
        whole: tuple[Part, ...] = ("training", "held-out")
        return self.asked or {part: np.ones(len(self.part(part)), bool) for part in whole}


class Endless(Task):
    """A task of one text; subclasses say which."""

    endless: ClassVar[bool] = True

    @property
    @abstractmethod
    def text_read(self) -> Text:
        """The text; always the same one for the same settings."""

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return tuple(SHOWN.get(symbol, symbol) for symbol in self.text_read.symbols)

    @property
    def output_size(self) -> int:
        return len(self.text_read.symbols)

    def sample(self, rng: np.random.Generator, n: int, part: Part) -> Batch:
        """Windows from anywhere in one part, each from a zero state on."""
        text = self.text_read.part(part)
        first = rng.integers(0, max(1, len(text) - self.length), n)
        return self._windows(first, self.length, part)

    def following(self, seed: int, step: int, n: int) -> Batch:
        size = len(self.text_read.training)
        first = np.random.default_rng([seed]).integers(0, size) + np.arange(n) * size // n
        return self._windows(first + step * self.length, self.length, "training")

    def judged(self, rng: np.random.Generator, n: int) -> Batch:
        size = (len(self.text_read.held_out) - 1) // JUDGED
        return self._windows(np.arange(JUDGED) * size, size, "held-out")

    @property
    def judged_steps(self) -> int:
        return (len(self.text_read.held_out) - 1) // JUDGED * JUDGED

    def _windows(self, first: NDArray[np.int64], T: int, part: Part) -> Batch:
        """T symbols from each of ``first`` on, each asked for the one after it; at its end the part begins again."""
        text, scored = self.text_read.part(part), self.text_read.scored[part]
        places = (first + np.arange(T + 1)[:, None]) % len(text)
        symbols = text[places]
        return Batch(self.encode(symbols[:-1]), symbols[1:], np.ones((T, len(first)), bool), scored[places[1:]])

    def read(self, text: str) -> Read:
        """Anyone's text, symbol by symbol."""
        return look_up(split(text, self.text_read.tokens), self.text_read.symbols)

    @property
    def noun(self) -> str:
        """What one of its symbols is called."""
        return "word" if self.text_read.tokens == "words" else "character"

    def remark(self, text: str) -> str:
        """A sentence about a text that a network wrote: what can be checked of it; empty where nothing can."""
        return ""

    @property
    def lag(self) -> int:
        return min(self.length - 1, self.text_read.reach)

    @property
    def needs_lag(self) -> bool:
        """Whether its windows hold all that its answers hang on."""
        return self.lag == self.text_read.reach

    def marks(self) -> list[Mark]:
        first = self.length - self.lag
        return [Mark("asked", "next symbol", 1, self.length), Mark("enters", "what it may hang on", first, first)]

    def events(self, x: np.ndarray) -> list[tuple[int, str]]:
        """The earliest symbol that the last answer may hang on."""
        first = max(1, len(x) - self.lag)
        return [(first, self.symbols(x)[first - 1])]


SHOWN = {" ": "␣", "\n": "↵", "\t": "⇥", "\r": "␍"}
"""How symbols that nobody sees are shown."""
