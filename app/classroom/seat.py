"""Where a visitor sits in a class: who it is that shows, whether this one follows just now.

A session has one seat at most. The address keeps the code, so that a reload leads back; the control token leaves the
address at once, since that may be on a screen that everybody sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from app.services import hub
from app.visit.visitor import token
from core.errors import UnrolledError
from core.lab.client import hashed
from core.store.classes import spelled, unknown

CLASS, CONTROL = "class", "control"
PAGE = "classroom"
"""Where a class is begun and joined; it is not for the class to see."""

_SEAT = "_seat"


@dataclass(frozen=True)
class Seat:
    """A place in class ``code``. Who ``steers`` shows; who ``follows`` sees what is shown."""

    code: str
    steers: bool = False
    follows: bool = True

    @property
    def led(self) -> bool:
        """Whether this visitor sees what somebody else shows."""
        return self.follows and not self.steers


def seat() -> Seat | None:
    """This session's."""
    return st.session_state.get(_SEAT)


def take(query: Mapping[str, list[str]]) -> str:
    """Sit down where a link says so; a sentence where that cannot be."""
    wanted = spelled((query.get(CLASS) or [""])[-1])
    if not wanted:
        return ""
    held, control = seat(), (query.get(CONTROL) or [""])[-1]
    if held is not None and held.code == wanted and not control:
        return ""
    if hub().classes.get(wanted) is None:
        stand_up()
        return unknown(wanted)
    me = hashed(token())
    taken = bool(control) and hub().classes.take_control(wanted, control, me)
    st.session_state[_SEAT] = Seat(wanted, steers=taken or hub().classes.steers(wanted, me))
    if control and not taken:
        return "The control link of this class is no longer valid: another one was made since. You follow the class."
    return ""


def open_class() -> tuple[str, str]:
    """Begin a class that this visitor steers; its code and the control token."""
    code, control = hub().classes.create(hashed(token()))
    st.session_state[_SEAT] = Seat(code, steers=True)
    return code, control


def follow() -> None:
    """Back to what the class sees."""
    held = seat()
    if held is not None:
        st.session_state[_SEAT] = replace(held, follows=True)


def explore() -> dict[str, list[str]] | None:
    """Go on by oneself from here; the query of what the class sees, None for whoever was not led."""
    held = seat()
    if held is None or not held.led:
        return None
    st.session_state[_SEAT] = replace(held, follows=False)
    return (_shown(held) or {}).get("query")


def stand_up() -> None:
    """Leave the class."""
    st.session_state.pop(_SEAT, None)


def address() -> dict[str, list[str]]:
    """What the address says of it."""
    held = seat()
    return {} if held is None else {CLASS: [held.code]}


def led_to() -> dict[str, Any] | None:
    """``page`` and ``query`` that this visitor is led to; None for whoever is not, and before anything is shown."""
    held = seat()
    return _shown(held) if held is not None and held.led else None


def show(page: str, query: Mapping[str, list[str]]) -> None:
    """The class sees what this visitor looks at, who steers it."""
    held = seat()
    if held is None or not held.steers or page == PAGE:
        return
    view = {key: values for key, values in query.items() if key not in (CLASS, CONTROL)}
    try:
        hub().show(held.code, {"page": page, "query": view})
    except UnrolledError:  # it was ended elsewhere
        stand_up()


def _shown(held: Seat) -> dict[str, Any] | None:
    view = hub().shown(held.code)
    if view is None:
        stand_up()
    return view or None
