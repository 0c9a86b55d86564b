"""What a button asks before it does something that cannot be taken back, or that its run does not allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from app.frame import dialogs


@dataclass(frozen=True)
class Confirmation:
    """A question with two answers: ``no`` leaves everything as it is, ``yes`` does ``act``."""

    title: str
    text: str
    no: str
    yes: str
    act: Callable[[], None]

    def draw(self) -> None:
        """The text and its two buttons."""
        st.markdown(self.text)
        with st.container(horizontal=True, gap="small"):
            yes = st.button(self.yes, key="asked-yes", type="primary")
            no = st.button(self.no, key="asked-no")
        if yes or no:
            dialogs.close()
            if yes:
                self.act()
            st.rerun()
