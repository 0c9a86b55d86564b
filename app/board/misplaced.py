"""Knobs that a link wants where they cannot stand, in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from app.board.query import Query
from app.figures.base import Knob
from core.errors import quoted
from core.numbers import exact


def misplaced(knobs: Iterable[Knob], query: Query) -> list[str]:
    """A sentence for each of a picture's knobs that cannot stand where ``query`` wants it."""
    wanted = dict(query.knobs)
    return [
        f"`knob.{knob.name}` (={quoted(wanted[knob.name])}) must be {_rule(knob)}. It stands at {knob.value}."
        for knob in knobs
        if knob.name in wanted and not _fits(knob, wanted[knob.name])
    ]


def _fits(knob: Knob, text: str) -> bool:
    if knob.text:
        return True  # what it says is the picture's to judge
    if knob.options:
        return text in dict(knob.options)
    try:
        value = float(text)
    except ValueError:
        return False
    low, high = knob.minimum, knob.maximum
    return isfinite(value) and (low is None or value >= low) and (high is None or value <= high)


def _rule(knob: Knob) -> str:
    if knob.options:
        return "one of " + ", ".join(value for value, _ in knob.options)
    if knob.minimum is None or knob.maximum is None:
        return "a number"
    return f"a number from {exact(knob.minimum)} to {exact(knob.maximum)}"
