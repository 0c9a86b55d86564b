"""What a browser asks of the board's route, checked: a URL is anyone's input."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.board.errors import BadQuery
from app.figures.theme import THEMES, Style

VIEWS = ("strip", "curve", "training", "loss", "score", "clipping", "gates")
MAX_PINS = 4
_PIN = re.compile(r"([A-Za-z0-9_-]{1,80})@(\d{1,9})")
_KNOWN = {"views", "tables", "after", "cursor", "theme", "width", "pins", "probe"}


@dataclass(frozen=True)
class Query:
    """One board as one browser wants it; equal queries share a reply.

    cursor  a training step, or None for the newest
    pins    (source id, training step) pairs
    """

    views: tuple[str, ...]
    tables: tuple[str, ...]
    cursor: int | None
    style: Style
    pins: tuple[tuple[str, int], ...]
    probe: int


def parse(params: Mapping[str, str]) -> Query:
    """The query of a URL. Raises BadQuery with a sentence."""
    for name in params:
        if name not in _KNOWN:
            raise BadQuery(f"`{name}` (={params[name]}) is nothing the board knows. Use: {', '.join(sorted(_KNOWN))}.")
    theme = _one_of("theme", params.get("theme", "light"), tuple(THEMES))
    width = _one_of("width", params.get("width", "wide"), ("wide", "narrow"))
    cursor = params.get("cursor", "live")
    return Query(
        views=_some_of("views", params.get("views", ",".join(VIEWS))),
        tables=_some_of("tables", params.get("tables", "")),
        cursor=None if cursor == "live" else _whole("cursor", cursor, "a training step, or live"),
        style=Style(THEMES[theme], width == "narrow"),
        pins=_pins(params.get("pins", "")),
        probe=_whole("probe", params.get("probe", "0"), "the number of a probe sequence"),
    )


def pin_of(text: str) -> tuple[str, int]:
    """(source id, training step) of ``<id>@<step>``. Raises BadQuery."""
    found = _PIN.fullmatch(text)
    if found is None:
        raise BadQuery(f"`pins` (={text}) must be <run>@<training step>, several separated by commas.")
    return found[1], int(found[2])


def _pins(text: str) -> tuple[tuple[str, int], ...]:
    pins = tuple(dict.fromkeys(pin_of(part) for part in text.split(",") if part))
    if len(pins) > MAX_PINS:
        raise BadQuery(
            f"`pins` holds {len(pins)} curves; at most {MAX_PINS} can be read in one picture. Leave some out."
        )
    return pins


def _one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise BadQuery(f"`{name}` (={value}) is not known. Choose one of: {', '.join(known)}.")
    return value


def _some_of(name: str, value: str) -> tuple[str, ...]:
    wanted = {_one_of(name, part, VIEWS) for part in value.split(",") if part}
    return tuple(view for view in VIEWS if view in wanted)


def _whole(name: str, value: str, what: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise BadQuery(f"`{name}` (={value}) must be {what}: a whole number from 0 on.")
    return int(value)
