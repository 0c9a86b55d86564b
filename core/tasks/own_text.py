"""A visitor's text: which character comes next?"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar, Literal, Self

from pydantic import Field

from core import own_data
from core.errors import ConfigError
from core.tasks.digest import Digest
from core.tasks.endless import Text
from core.tasks.next_character import NextCharacter

EXAMPLE = "7b133a0261ce90590ed6db22062c1f94"
"""The text that stands there until one is brought: the story that the task Language model has too."""
HELD_OUT, MOST_HELD_OUT = 0.1, 20_000
"""The share of a text, at its end, that is held out, and the most characters of it."""


class OwnText(NextCharacter):
    """The characters of a text that a visitor brings, named by its digest."""

    title: ClassVar[str] = "Your text"
    question: ClassVar[str] = "A text, of yours or the example, character by character: which one comes next?"
    takes: ClassVar[own_data.Kind | None] = "text"

    name: Literal["own-text"] = "own-text"
    data: Digest = Field(
        default=EXAMPLE,
        title="Data",
        description="The text that is learnt from, by the hash of its content.",
        json_schema_extra={"widget": "data"},
    )
    length: int = Field(
        default=50,
        ge=2,
        le=2_000,
        title="Window T",
        description="Characters per update; the state is carried on from one window to the next, the gradient is not.",
        json_schema_extra={"unit": "characters"},
    )

    @property
    def data_digest(self) -> str:
        return self.data

    @property
    def text_read(self) -> Text:
        return _cut(own_data.text(self.data).characters)

    def check(self) -> None:
        """Raise ConfigError where the text is not here, or too short for its window."""
        longest = len(self.text_read.training) - 1
        if self.length > longest:
            raise ConfigError([
                f"`task.length` (={self.length}) must be at most {longest} here, less than the part of the text that "
                "is learnt from. Lower `task.length`, or bring a longer text."
            ])  # fmt: skip

    def suited(self) -> Self:
        """A window that the text has room for."""
        return self.model_copy(update={"length": min(self.length, len(self.text_read.training) - 1)})


@lru_cache(maxsize=8)
def _cut(characters: str) -> Text:
    """Whatever may hang on whatever; a network begins to write after a line's end, or after the first character."""
    opening = "\n" if "\n" in characters else characters[0]
    share = min(HELD_OUT, MOST_HELD_OUT / len(characters))
    return Text.cut(characters, len(characters), opening, share)
