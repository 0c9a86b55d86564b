"""A file as content: what it is, and what was made of it on the way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.own_data.content import Content, Kind, Text
from core.own_data.decoding import check_size, decoded
from core.own_data.errors import DataError
from core.own_data.tables import table_of

FEWEST_CHARACTERS, MOST_SYMBOLS = 200, 256
"""A text has at least so many characters, and at most so many different ones."""


@dataclass(frozen=True)
class Read:
    """What a file held. ``notes``: a sentence for each thing that was found or left out."""

    data: Content
    notes: tuple[str, ...] = ()


def read(content: bytes, kind: Kind) -> Read:
    """The table or the text that ``content``, a file's bytes, holds. Raises DataError."""
    characters = decoded(content)
    return Read(*table_of(characters)) if kind == "table" else _text(characters)


def read_file(path: Path, kind: Kind) -> Read:
    """The same of the file at ``path``. Raises DataError."""
    try:
        check_size(path.stat().st_size)
        return read(path.read_bytes(), kind)
    except OSError as error:
        raise DataError(f"`--data` (={path}) cannot be read: {error.strerror}. Name a readable file.") from None


def _text(characters: str) -> Read:
    size, symbols = len(characters), len(set(characters))
    if size < FEWEST_CHARACTERS:
        raise DataError(
            f"The text (={size:,} characters) must have at least {FEWEST_CHARACTERS:,}. Choose a longer one."
        )
    if not 2 <= symbols <= MOST_SYMBOLS:
        raise DataError(
            f"The text (={symbols:,} different characters) must have 2 to {MOST_SYMBOLS} different ones. Choose one "
            "in a script with fewer, or without rare signs."
        )
    return Read(Text(characters), (f"{size:,} characters, {symbols:,} of them different.",))
