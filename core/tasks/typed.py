"""Text that a visitor types, as a sequence of a task's symbols."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_READ = 60
"""Symbols of a typed text that are read."""


@dataclass(frozen=True)
class Typing:
    """What a page needs to offer a line in which a sequence is typed.

    noun     what such a sequence is called
    example  what stands in the empty line
    symbol   what it is made of: "word", "letter"
    """

    noun: str
    example: str
    symbol: str = "word"


@dataclass(frozen=True)
class Read:
    """A typed text as the network may have it.

    places   of the known symbols in the vocabulary, in the order they stand; MOST_READ at most
    unknown  what the task has no symbol for, each once, as it was typed
    left     known symbols beyond MOST_READ, which are not read
    """

    places: tuple[int, ...]
    unknown: tuple[str, ...]
    left: int


def words(text: str) -> list[str]:
    """The words of anyone's text, without punctuation."""
    return re.findall(r"\w+(?:['’-]\w+)*", text)


def look_up(tokens: Sequence[str], vocabulary: Sequence[str]) -> Read:
    """Each token as it stands, else in the case that the vocabulary has; what is in neither is left out."""
    exact = {symbol: place for place, symbol in enumerate(vocabulary)}
    any_case = {symbol.lower(): place for symbol, place in exact.items()}
    matches = [exact.get(token, any_case.get(token.lower())) for token in tokens]
    places = [place for place in matches if place is not None]
    unknown = dict.fromkeys(token for token, place in zip(tokens, matches) if place is None)
    return Read(tuple(places[:MOST_READ]), tuple(unknown), max(0, len(places) - MOST_READ))
