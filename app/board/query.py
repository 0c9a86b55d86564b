"""What a browser asks of the board's route, checked: a URL is anyone's input."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from app.board.errors import BadQuery
from app.figures.theme import Style
from core.errors import quoted

FRONT = "gradient_flow"
MAX_PINS, MAX_BESIDE, MAX_KNOBS = 4, 32, 32
SWEEP = "sweep-"
"""How the name of a sweep begins that stands beside a source; its digest follows."""
ID = r"[A-Za-z0-9_-]{1,80}"
_PIN = re.compile(rf"({ID})@(\d{{1,9}})")
KNOB_VALUE = re.compile(r"[A-Za-z0-9_.+-]{1,40}")
TEXT_VALUE = re.compile(r"[^\x00-\x1f\x7f]{1,500}")
_KNOB = re.compile(r"([a-z][a-z0-9_]{0,39}):(.*)")


@dataclass(frozen=True)
class Query:
    """One board as one browser wants it; equal queries share a reply.

    cursor  a training step, or None for the newest
    pins    (source id, training step) pairs
    knobs   (name, value) pairs in the order of their names
    beside  ids of runs trained alongside
    """

    page: str
    views: tuple[str, ...]
    tables: tuple[str, ...]
    cursor: int | None
    style: Style
    pins: tuple[tuple[str, int], ...] = ()
    knobs: tuple[tuple[str, str], ...] = ()
    beside: tuple[str, ...] = ()

    def knob(self, name: str, default: str) -> str:
        """The value of a knob as text."""
        return dict(self.knobs).get(name, default)


def stands(name: str, value: str, texts: frozenset[str]) -> bool:
    """Whether a knob can be set to ``value`` at all: one of the ``texts`` to any line, others to a word or a number."""
    return (TEXT_VALUE if name in texts else KNOB_VALUE).fullmatch(value) is not None


def knob_of(text: str, texts: frozenset[str]) -> tuple[str, str]:
    """(name, value) of ``<name>:<value>``, the value percent-encoded where it needs to be. Raises BadQuery."""
    match = _KNOB.fullmatch(text)
    value = unquote(match[2]) if match else ""
    if match is None or not stands(match[1], value, texts):
        raise BadQuery(f"`knobs` (={quoted(text)}) must be <name>:<value>, several separated by semicolons.")
    return match[1], value


def pin_of(text: str) -> tuple[str, int]:
    """(source id, training step) of ``<id>@<step>``. Raises BadQuery."""
    match = _PIN.fullmatch(text)
    if match is None:
        raise BadQuery(f"`pins` (={text}) must be <run>@<training step>, several separated by commas.")
    return match[1], int(match[2])
