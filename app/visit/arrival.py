"""Who comes to the bare address: to the first page, or to where they were last.

A link to the bare address that says what to show is from when a laboratory stood there, and leads to it.
"""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from app.board.component import PLACE
from app.board.query import FRONT
from app.classroom import seat
from app.visit import link

_ARRIVED = "_arrived"


def elsewhere(laboratories: Collection[str]) -> str | None:
    """Which of the ``laboratories`` whoever asks for the bare address wants instead; None for the first page.

    Who has been in one before opens there again, once a visit: who then goes to the first page means it.
    """
    query = {key: st.query_params.get_all(key) for key in st.query_params}
    if link.says_something(query) and query.keys() != seat.address().keys():
        return FRONT
    place = st.context.cookies.get(PLACE)
    known = isinstance(place, str) and place in laboratories  # Streamlit's test harness has no text there
    return place if known and _ARRIVED not in st.session_state else None


def arrived() -> None:
    """The visitor has found a page."""
    st.session_state[_ARRIVED] = True
