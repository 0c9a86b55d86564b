"""What a text is made of for a language model, characters or words, and how its symbols are put together again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

Tokens = Literal["characters", "words"]

UNKNOWN = "⟨unk⟩"
"""The word that stands for all that the vocabulary has not. No text has it: its brackets are marks of their own."""
SEEN, MOST_WORDS = 2, 500
"""A word is in the vocabulary if it stands so often in what is learnt from, and is among so many most frequent ones."""

_WORD = re.compile(r"\w+(?:['’-]\w+)*|\n|[^\w\s]")
OPENING, CLOSING, EITHER = "([{“‘„«¿¡", ")]}”’»,.;:!?…%\n", "\"'"
"""Marks with no space after them, before them, and by turns."""


def split(text: str, tokens: Tokens) -> list[str]:
    """The symbols of ``text``. As words: words, marks and line ends; spaces are put back by ``spaced``."""
    return list(text) if tokens == "characters" else _WORD.findall(text)


def words_known(learnt_from: Iterable[str]) -> tuple[str, ...]:
    """The vocabulary of words, UNKNOWN among them, in the order of their letters."""
    counts = Counter(learnt_from)
    often = sorted((word for word in counts if counts[word] >= SEEN), key=lambda word: (-counts[word], word))
    return tuple(sorted([UNKNOWN, *often[: MOST_WORDS - 1]]))


def spaced(symbols: Sequence[str], tokens: Tokens) -> list[bool]:
    """Before which of ``symbols`` a space stands that is none of them."""
    spaces, open_marks, before = [], set[str](), ""
    for symbol in symbols:
        closes = symbol in CLOSING or symbol in open_marks
        spaces.append(tokens == "words" and not (before in ("", "\n") or before in OPENING or closes))
        opens = symbol in EITHER and not closes
        open_marks ^= {symbol} if symbol in EITHER else set()
        before = OPENING[0] if opens else symbol
    return spaces


def joined(symbols: Sequence[str], tokens: Tokens) -> str:
    """``symbols`` as one reads them."""
    spaces = spaced(symbols, tokens)
    return "".join(f" {symbol}" if space else symbol for symbol, space in zip(symbols, spaces))
