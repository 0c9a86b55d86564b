"""The live board as a Streamlit component: one mount, which then talks to the board's route by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import streamlit as st
from streamlit.components.v2 import component

from app.board.emitted import cursor_of, knobs_of, pins_of, visitor_of
from app.board.errors import BadQuery
from app.board.query import FRONT
from app.board.routes import PLOTLY_PATH
from app.board.taking import OFFERED
from app.board.views import PAGES
from app.text.glossary import GLOSSARY

T = TypeVar("T")
PLACE = "unrolled_place"
"""The cookie in which the browser keeps ``place``; the board's script writes it."""
_HERE = Path(__file__).parent
SCRIPTS = (
    "elements",
    "terms",
    "knobs",
    "pins",
    "pictures",
    "transport",
    "company",
    "microscope",
    "light",
    "visitor",
    "paper",
    "take",
    "board",
)
"""One after the other they are one module; the last exports what Streamlit calls."""


def _read(name: str) -> str:
    return (_HERE / name).read_text("utf-8")


_MOUNT = component(
    "unrolled_board",
    html=_read("board.html"),
    css=_read("board.css"),
    js="\n".join(_read(f"script/{name}.js") for name in SCRIPTS),
    isolate_styles=False,
)


def _ignored(*_: object) -> None:
    """What the visitor makes of the board is nobody's business."""


def board(
    source_id: str,
    *,
    page: str = FRONT,
    cursor: int | None = None,
    pins: Sequence[str] = (),
    knobs: Sequence[tuple[str, str]] = (),
    beside: Sequence[str] = (),
    moving: bool = False,
    replays: int = 0,
    address: str = "",
    visitor: str = "",
    settings: Sequence[str] = (),
    views: Sequence[str] | None = None,
    words: Literal["all", "headline", "none"] = "all",
    plays: bool = False,
    place: str | None = None,
    controls: bool = True,
    name: str = "",
    on_cursor: Callable[[int | None], None] = _ignored,
    on_pins: Callable[[tuple[str, ...]], None] = _ignored,
    on_knobs: Callable[[tuple[tuple[str, str], ...]], None] = _ignored,
    on_moving: Callable[[], None] = _ignored,
    on_visitor: Callable[[str], None] = _ignored,
) -> None:
    """Show the run or preview ``source_id`` at training step ``cursor``, live where that is None.

    ``page`` names the pictures (app.board.views). ``pins`` are drawn as faint curves; a pin is ``<run or preview
    id>@<training step>``. ``knobs`` are (name, value) pairs, ``beside`` the ids of runs trained alongside. When
    ``replays`` changes, the run is played from its start. ``address`` is the query to complete a bare address with,
    ``visitor`` a token for the browser to keep, ``settings`` what stands under a picture that is taken along.
    A page that is no laboratory shows some of the ``views`` alone, with fewer ``words`` or without ``controls``, and
    may have the run played from its start at once (``plays``; not where the visitor wants no motion). Boards of other
    ``name`` are others.
    ``place`` is what the browser is to remember as where the visitor was last.
    What the visitor makes of the board comes back through ``on_cursor``, ``on_pins`` and ``on_knobs``. ``moving`` is
    what the page knows of the runs: when that changes, ``on_moving`` is called and the page is run again to draw its
    buttons anew. ``on_visitor`` is called with the token that the browser had kept before.
    Mount it before any run exists, so that Plotly is loaded when one starts.
    """
    key = f"board-{name or page}"

    def heard(read: Callable[[Any], T], name: str, tell: Callable[[T], None]) -> None:
        try:
            value = read(st.session_state[key][name])
        except (BadQuery, LookupError, TypeError):  # not from the board's script: anyone can send anything
            return
        tell(value)

    _MOUNT(
        key=key,
        data={
            "source": source_id, "page": _page(page, views), "cursor": cursor, "pins": list(pins), "knobs": dict(knobs),
            "beside": list(beside), "moving": moving, "replays": replays, "address": address, "visitor": visitor,
            "script": PLOTLY_PATH, "words": words, "controls": controls, "plays": plays, "place": place,
            "settings": list(settings),
        },
        on_cursor_change=lambda: heard(cursor_of, "cursor", on_cursor),
        on_pins_change=lambda: heard(pins_of, "pins", on_pins),
        on_knobs_change=lambda: heard(knobs_of, "knobs", on_knobs),
        on_moving_change=on_moving,
        on_visitor_change=lambda: heard(visitor_of, "visitor", on_visitor),
    )  # fmt: skip


def _page(name: str, shown: Sequence[str] | None = None) -> dict[str, Any]:
    """The pictures of a page in their order, for the script."""
    views = [
        {
            "name": view,
            "title": spec.title,
            "wide": spec.wide,
            "height": spec.height,
            "sometimes": spec.belongs is not None,
        }
        for view, spec in PAGES[name].views.items()
        if shown is None or view in shown
    ]
    offers = [{"name": offer.name, "title": offer.title, "help": offer.help} for offer in OFFERED.values()]
    glossary = [(term.forms, term.sentence) for term in GLOSSARY]
    return {"name": name, "views": views, "glossary": glossary, "offers": offers}
