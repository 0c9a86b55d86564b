"""What a browser asks of the board's route, checked: a URL is anyone's input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote

from app.board.errors import BadQuery
from app.figures.theme import THEMES, Style
from core.errors import quoted

if TYPE_CHECKING:
    from app.board.views.base import Page

T = TypeVar("T")
FRONT = "gradient_flow"
MAX_PINS, MAX_BESIDE, MAX_KNOBS = 4, 32, 32
_ID = r"[A-Za-z0-9_-]{1,80}"
_PIN = re.compile(rf"({_ID})@(\d{{1,9}})")
KNOB_VALUE = re.compile(r"[A-Za-z0-9_.+-]{1,40}")
TEXT_VALUE = re.compile(r"[^\x00-\x1f\x7f]{1,500}")
_KNOB = re.compile(r"([a-z][a-z0-9_]{0,39}):(.*)")
_KNOWN = {"page", "views", "tables", "after", "cursor", "theme", "width", "pins", "knobs", "beside"}


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


def texts_of(pages: Mapping[str, Page]) -> frozenset[str]:
    """The knobs that are typed lines."""
    return frozenset(name for page in pages.values() for spec in page.views.values() for name in spec.texts)


def stands(name: str, value: str, texts: frozenset[str]) -> bool:
    """Whether a knob can be set to ``value`` at all: one of the ``texts`` to any line, others to a word or a number."""
    return (TEXT_VALUE if name in texts else KNOB_VALUE).fullmatch(value) is not None


def knob_of(text: str, texts: frozenset[str]) -> tuple[str, str]:
    """(name, value) of ``<name>:<value>``, the value percent-encoded where it needs to be. Raises BadQuery."""
    found = _KNOB.fullmatch(text)
    value = unquote(found[2]) if found else ""
    if found is None or not stands(found[1], value, texts):
        raise BadQuery(f"`knobs` (={quoted(text)}) must be <name>:<value>, several separated by semicolons.")
    return found[1], value


def _knobs(text: str, texts: frozenset[str]) -> tuple[tuple[str, str], ...]:
    knobs = dict(knob_of(part, texts) for part in text.split(";") if part)
    return tuple(sorted(_few("knobs", tuple(knobs.items()), MAX_KNOBS)))


def _beside(text: str) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(part for part in text.split(",") if part))
    for part in ids:
        if not re.fullmatch(_ID, part):
            raise BadQuery(f"`beside` (={part}) must be the id of a run, several separated by commas.")
    return _few("beside", ids, MAX_BESIDE)


def pin_of(text: str) -> tuple[str, int]:
    """(source id, training step) of ``<id>@<step>``. Raises BadQuery."""
    found = _PIN.fullmatch(text)
    if found is None:
        raise BadQuery(f"`pins` (={text}) must be <run>@<training step>, several separated by commas.")
    return found[1], int(found[2])


def _pins(text: str) -> tuple[tuple[str, int], ...]:
    return _few("pins", tuple(dict.fromkeys(pin_of(part) for part in text.split(",") if part)), MAX_PINS)


def _few(name: str, found: tuple[T, ...], most: int) -> tuple[T, ...]:
    if len(found) > most:
        raise BadQuery(f"`{name}` names {len(found)}; at most {most} can be read in one picture. Leave some out.")
    return found


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
