"""What a teacher opens over the page: the class' code and links, and a question to put."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import streamlit as st

from app.classroom import polls, seat
from app.frame import dialogs, problems, share
from app.services import hub
from app.visit import session
from core.errors import UnrolledError

_CONTROL = "_control"
"""The control token that this session has made, by class."""


def keep_control(code: str, token: str) -> None:
    """Remember the token of a class just made, for the box with its links."""
    st.session_state[_CONTROL] = {code: token}


@dataclass(frozen=True)
class Links:
    """The box with the code to call out, the link and picture to follow by, and the link that steers."""

    code: str

    @property
    def title(self) -> str:
        """Its heading."""
        return f"Class {self.code}"

    def draw(self) -> None:
        """Code, picture and link for the class; for oneself the way back from another browser."""
        address = share.shared(urlsplit(st.context.url or ""), st.get_option("server.address"),
                               st.get_option("server.port"))  # fmt: skip
        st.markdown("Who opens this link, scans its picture, or types the code on the page *Class*, sees what you see.")
        share.box("class-link", f"{address.url}?{urlencode({seat.CLASS: self.code})}", address.note)
        st.divider()
        st.markdown("**Your control link** steers the class from another browser, or when this one is gone. Keep it to "
                    "yourself.")  # fmt: skip
        token = st.session_state.get(_CONTROL, {}).get(self.code)
        if token is None:
            st.caption("It is stored nowhere. Another one can be made; the one before then steers no longer.")
            st.button("Make a control link", key="new-control", on_click=self._renew)
        else:
            st.code(
                f"{address.url}?{urlencode({seat.CLASS: self.code, seat.CONTROL: token})}",
                language=None,
                wrap_lines=True,
            )

    def _renew(self) -> None:
        session.stay()
        keep_control(self.code, hub().classes.new_control(self.code))


@dataclass(frozen=True)
class Ask:
    """The box in which a question is written."""

    code: str
    title: str = "Ask the class"

    def draw(self) -> None:
        """Kind, words, and the answers to choose from."""
        kind = st.radio("Answered by", list(polls.KINDS), format_func=polls.KINDS.__getitem__, key="ask-kind")
        with st.form("ask-form", border=False):
            words = st.text_input("Question", placeholder="How much arrives at the first step?")
            choices = st.text_area("Answers, one a line") if kind == "choice" else ""
            st.caption("Nobody's name is asked for or stored. Nobody sees an answer before you show them all.")
            asked = st.form_submit_button("Ask", type="primary")
        if not asked:
            return
        try:
            hub().ask(self.code, polls.question(kind, words, choices.splitlines()))
        except UnrolledError as error:
            st.error(problems.as_markdown(str(error)))
            return
        dialogs.close()
        st.rerun()
