"""What the board's script tells Python, checked: whoever holds the connection can send anything in its place."""

from __future__ import annotations

import re
from typing import Any

from app.board.errors import BadQuery
from app.board.query import MAX_KNOBS, MAX_PINS, pin_of, stands
from app.board.views import TEXTS

MOST_STEPS = 10**9
TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
"""What names a visitor (app.visit.visitor)."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def cursor_of(value: Any) -> int | None:
    """The training step of a scrubbed moment, None for the live end. Raises BadQuery."""
    if value == "live":
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MOST_STEPS:
        raise BadQuery("`cursor` must be a training step, or live.")
    return value


def pins_of(value: Any) -> tuple[str, ...]:
    """The pinned curves. Raises BadQuery."""
    if not isinstance(value, list) or len(value) > MAX_PINS or not all(isinstance(pin, str) for pin in value):
        raise BadQuery(f"`pins` must be at most {MAX_PINS} texts.")
    for pin in value:
        pin_of(pin)
    return tuple(dict.fromkeys(value))


def knobs_of(value: Any) -> tuple[tuple[str, str], ...]:
    """The (name, value) pairs of the knobs that were moved. Raises BadQuery."""
    if not isinstance(value, dict) or len(value) > MAX_KNOBS:
        raise BadQuery(f"`knobs` must be at most {MAX_KNOBS} names with values.")
    knobs = tuple((name, _text(each)) for name, each in value.items())
    if not all(isinstance(name, str) and _NAME.fullmatch(name) and stands(name, text, TEXTS) for name, text in knobs):
        raise BadQuery("A knob must have a name and one word, number or line as its value.")
    return knobs


def visitor_of(value: Any) -> str:
    """The token that the browser had kept. Raises BadQuery."""
    if not isinstance(value, str) or not TOKEN.fullmatch(value):
        raise BadQuery("`visitor` must be a token as this server gives them.")
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise BadQuery("A knob's value must be a text or a number.")
    return str(value)
