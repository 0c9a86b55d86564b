"""The bar of a class, on every page of who is in one: what the class sees, the way out and back, questions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from app.classroom import polls, seat
from app.classroom.dialogs import Ask, Links
from app.frame import dialogs
from app.frame.confirmation import Confirmation
from app.services import hub, lab
from app.visit import session, visitor
from core.errors import UnrolledError

_HERE = Path(__file__).parent
_KEY = "class-bar"
_MOUNT = component(
    "unrolled_class",
    html=(_HERE / "bar.html").read_text("utf-8"),
    css=(_HERE / "bar.css").read_text("utf-8"),
    js=(_HERE / "bar.js").read_text("utf-8"),
    isolate_styles=False,
)


def bar(page: str) -> None:
    """Draw it over ``page``, for whoever is in a class."""
    held = seat.seat()
    if held is None:
        return
    _MOUNT(
        key=_KEY,
        data={
            "code": held.code, "steers": held.steers, "follows": held.follows, "page": page,
            "visitor": visitor.to_keep(),
        },
        on_moved_change=_nothing,
        on_wish_change=lambda: _guarded(_wish),
        on_reveal_change=lambda: _guarded(_reveal),
    )  # fmt: skip


def _nothing() -> None:
    """The script run itself leads to what the class sees."""


def _guarded(act: Callable[[seat.Seat, Any], None]) -> None:
    """``act`` with the seat and with what the script said; a sentence where the class refuses."""
    held, said = seat.seat(), st.session_state.get(_KEY)
    if held is None:
        return
    try:
        act(held, said)
    except UnrolledError as error:
        session.change(problems=(str(error),))


def _wish(held: seat.Seat, said: Any) -> None:
    wish = said["wish"]
    if wish == "follow":
        seat.follow()
    elif wish == "explore":
        session.explore()
    elif wish == "leave":
        session.explore()
        seat.stand_up()
        session.stay()
    elif held.steers and wish in _OF_TEACHERS:
        session.stay()
        _OF_TEACHERS[wish](held)


def _end(held: seat.Seat) -> None:
    def end() -> None:
        hub().end(held.code)
        seat.stand_up()
        session.stay()

    text = f"Class {held.code} ends for all who follow it, and what was asked and answered is deleted. Runs stay."
    dialogs.open_dialog(Confirmation("End this class?", text, "Keep it", "End it", end))


_OF_TEACHERS: dict[str, Callable[[seat.Seat], None]] = {
    "ask": lambda held: dialogs.open_dialog(Ask(held.code)),
    "links": lambda held: dialogs.open_dialog(Links(held.code)),
    "end": _end,
    "put away": lambda held: hub().put_away(held.code),
}


def _reveal(held: seat.Seat, said: Any) -> None:
    session.stay()
    poll = hub().classes.poll(held.code)
    if not held.steers or poll is None or not isinstance(said["reveal"], dict):
        return
    truth, cursor = said["reveal"].get("truth"), said["reveal"].get("cursor")
    if poll.body["kind"] == "curve":
        truth = _measured(cursor if isinstance(cursor, int) else None)
    elif truth is not None:
        truth = polls.checked(poll.body, truth)
    hub().reveal(held.code, truth)


def _measured(cursor: int | None) -> list[float | None] | None:
    """How much of the gradient arrives in the run on screen, at training step ``cursor`` (None: the newest); None where
    nothing is recorded."""
    shown = session.visit()
    run = lab().run(shown.run) if shown.run else None
    frame = run.frame(run.last_step if cursor is None else cursor) if run is not None else None
    if frame is None:
        frame = lab().preview(shown.config)
    return polls.arriving(frame.flow)
