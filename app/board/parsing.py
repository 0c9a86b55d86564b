"""From a URL to the board's query: every part checked, since a URL is anyone's input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from app.board.errors import BadQuery
from app.board.query import FRONT, ID, MAX_BESIDE, MAX_KNOBS, MAX_PINS, Query, knob_of, pin_of
from app.board.views.base import Page, texts_of
from app.figures.theme import THEMES, Style

T = TypeVar("T")
_KNOWN = {"page", "views", "tables", "after", "cursor", "theme", "width", "pins", "knobs", "beside"}


def parse(params: Mapping[str, str], pages: Mapping[str, Page]) -> Query:
    """The query of a URL that asks for one of ``pages``. Raises BadQuery with a sentence."""
    for name in params:
        if name not in _KNOWN:
            raise BadQuery(f"`{name}` (={params[name]}) is nothing the board knows. Use: {', '.join(sorted(_KNOWN))}.")
    page = _one_of("page", params.get("page", FRONT), pages)
    views = tuple(pages[page].views)
    theme = _one_of("theme", params.get("theme", "light"), THEMES)
    width = _one_of("width", params.get("width", "wide"), ("wide", "narrow"))
    cursor = params.get("cursor", "live")
    return Query(
        page=page,
        views=_some_of("views", params.get("views", ",".join(views)), views),
        tables=_some_of("tables", params.get("tables", ""), views),
        cursor=None if cursor == "live" else _whole("cursor", cursor, "a training step, or live"),
        style=Style(THEMES[theme], width == "narrow"),
        pins=_pins(params.get("pins", "")),
        knobs=_knobs(params.get("knobs", ""), texts_of(pages)),
        beside=_beside(params.get("beside", "")),
    )


def _knobs(text: str, texts: frozenset[str]) -> tuple[tuple[str, str], ...]:
    knobs = dict(knob_of(part, texts) for part in text.split(";") if part)
    return tuple(sorted(_few("knobs", tuple(knobs.items()), MAX_KNOBS)))


def _beside(text: str) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(part for part in text.split(",") if part))
    for part in ids:
        if not re.fullmatch(ID, part):
            raise BadQuery(f"`beside` (={part}) must be the id of a run, several separated by commas.")
    return _few("beside", ids, MAX_BESIDE)


def _pins(text: str) -> tuple[tuple[str, int], ...]:
    return _few("pins", tuple(dict.fromkeys(pin_of(part) for part in text.split(",") if part)), MAX_PINS)


def _few(name: str, parts: tuple[T, ...], most: int) -> tuple[T, ...]:
    if len(parts) > most:
        raise BadQuery(f"`{name}` names {len(parts)}; at most {most} can be read in one picture. Leave some out.")
    return parts


def _one_of(name: str, value: str, known: Iterable[str]) -> str:
    if value not in known:
        raise BadQuery(f"`{name}` (={value}) is not known. Choose one of: {', '.join(known)}.")
    return value


def _some_of(name: str, value: str, known: tuple[str, ...]) -> tuple[str, ...]:
    wanted = {_one_of(name, part, known) for part in value.split(",") if part}
    return tuple(view for view in known if view in wanted)


def _whole(name: str, value: str, what: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise BadQuery(f"`{name}` (={value}) must be {what}: a whole number from 0 on.")
    return int(value)
