"""What stands over the page until it is answered or put away.

The board may have the script run again meanwhile, so what is open is kept in the session.
"""

from __future__ import annotations

from typing import Protocol

import streamlit as st

from app.visit import session

_OPEN = "_dialog"


class Dialog(Protocol):
    """One of them."""

    @property
    def title(self) -> str:
        """Its heading."""
        ...

    def draw(self) -> None:
        """Draws what is under the heading."""
        ...


def open_dialog(dialog: Dialog) -> None:
    """Show it over the page, from this script run on, in place of another."""
    st.session_state[_OPEN] = (dialog, session.visit().run)


def close() -> None:
    """Put away what is open."""
    session.stay()
    st.session_state.pop(_OPEN, None)


def show() -> None:
    """Draw what is open, once a script run; what was opened over another run has gone with it."""
    dialog, run = st.session_state.get(_OPEN, (None, None))
    if dialog is None or run != session.visit().run:
        st.session_state.pop(_OPEN, None)
        return
    st.dialog(dialog.title, on_dismiss=close)(dialog.draw)()
