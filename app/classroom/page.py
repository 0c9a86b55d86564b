"""The page *Class*: begin one, or join one by its code."""

from __future__ import annotations

import streamlit as st

from app.classroom import seat
from app.classroom.dialogs import Links, keep_control
from app.frame import dialogs, problems
from app.services import hub
from app.visit import session
from core.errors import UnrolledError
from core.store.classes import LONG, unknown


def classroom_page() -> None:
    """What a class is, and the two ways in."""
    problems.show([*session.visit().problems])
    held = seat.seat()
    if held is not None and held.steers:
        _steering()
    else:
        teach, join = st.columns(2, gap="large")
        with teach:
            _begin()
        with join:
            _join()
    dialogs.show()


def _begin() -> None:
    st.subheader("Show a class what you see")
    st.markdown(
        "You get a code. Whoever enters it sees your page, run, cursor and pointer on their own screen, and may leave "
        "to explore. You can ask them something and show all answers over the truth. No accounts, no names."
    )
    st.button("Begin a class", type="primary", key="class-begin", on_click=_open)


def _join() -> None:
    st.subheader("Join a class")
    with st.form("class-join", border=False):
        st.text_input("Code", key="class-code", max_chars=12, placeholder="B" * LONG, help="The letters that your "
                      "teacher has called out or put on the wall.")  # fmt: skip
        st.form_submit_button("Join", on_click=_enter)


def _steering() -> None:
    st.subheader("Your class sees what you see")
    st.markdown(
        "Go to any page: the class follows. This page itself is not shown to them.\n\n"
        "*Pointer* (key L) shows where you point, *Ask the class* puts a question on their screens, *Present* (key V) "
        "makes the type large and puts controls away, *Code and links* has the code, its picture and your control link."
    )


def _open() -> None:
    session.stay()
    try:
        code, control = seat.open_class()
    except UnrolledError as error:
        session.change(problems=(str(error),))
        return
    keep_control(code, control)
    dialogs.open_dialog(Links(code))


def _enter() -> None:
    session.stay()
    code = st.session_state["class-code"]
    try:
        room = hub().room(code)
    except UnrolledError:
        session.change(problems=(unknown(code),))
        return
    seat.take({seat.CLASS: [room.code]})
