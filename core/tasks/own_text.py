"""A visitor's text: which symbol comes next?"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar, Literal, Self

from pydantic import Field

from core import own_data
from core.errors import ConfigError
from core.tasks.digest import Digest
from core.tasks.endless import Text
from core.tasks.next_symbol import NextSymbol
from core.tasks.tokens import Tokens, split

EXAMPLE = "7b133a0261ce90590ed6db22062c1f94"
"""The text that stands there until one is brought: the story that the task Language model has too."""
HELD_OUT, MOST_HELD_OUT = 0.1, 20_000
"""The share of a text, at its end, that is held out, and the most symbols of it."""
FEWEST_SYMBOLS, FEWEST_WORDS = 200, 10
"""Of a text as words: all of them, and those that are known by name."""


class OwnText(NextSymbol):
    """The characters or words of a text that a visitor brings, named by its digest."""

    title: ClassVar[str] = "Your text"
    question: ClassVar[str] = (
        "A text, of yours or the example, character by character or word by word: which one comes next?"
    )
    takes: ClassVar[own_data.Kind | None] = "text"

    name: Literal["own-text"] = "own-text"
    data: Digest = Field(
        default=EXAMPLE,
        title="Data",
        description="The text that is learnt from, by the hash of its content.",
        json_schema_extra={"widget": "data"},
    )

    @property
    def data_digest(self) -> str:
        return self.data

    @property
    def text_read(self) -> Text:
        return _cut(own_data.text(self.data).characters, self.tokens)

    def check(self) -> None:
        """Raise ConfigError where the text is not here, has too few words, or is too short for its window."""
        if not self._has_symbols:
            raise ConfigError([
                f"`task.tokens` (=words) needs a text of at least {FEWEST_SYMBOLS} words and marks, {FEWEST_WORDS} of "
                "which stand twice in what is learnt from. Choose characters, or bring a longer text."
            ])  # fmt: skip
        longest = len(self.text_read.training) - 1
        if self.length > longest:
            raise ConfigError([
                f"`task.length` (={self.length}) must be at most {longest} here, less than the part of the text that "
                "is learnt from. Lower `task.length`, or bring a longer text."
            ])  # fmt: skip

    def suited(self) -> Self:
        """Characters where it has too few words, and a window that it has room for."""
        fit = self if self._has_symbols else self.model_copy(update={"tokens": "characters"})
        return fit.model_copy(update={"length": min(self.length, len(fit.text_read.training) - 1)})

    @property
    def _has_symbols(self) -> bool:
        read = self.text_read
        enough = len(read.training) + len(read.held_out) >= FEWEST_SYMBOLS and len(read.symbols) > FEWEST_WORDS
        return self.tokens == "characters" or enough


@lru_cache(maxsize=8)
def _cut(characters: str, tokens: Tokens) -> Text:
    """Whatever may hang on whatever; a network begins to write after a line's end, or after the first symbol."""
    symbols = split(characters, tokens)
    opening = "\n" if "\n" in symbols else symbols[0]
    share = min(HELD_OUT, MOST_HELD_OUT / len(symbols))
    return Text.cut(symbols, len(symbols), opening, share, tokens)
