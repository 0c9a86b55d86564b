"""Bringing data of one's own, by a file or by pasting: in the controls of tasks that take some."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.figures.own_data import preview
from app.frame import problems
from app.services import lab
from app.visit import session, visitor
from core import own_data
from core.brought import with_data, without_data
from core.errors import UnrolledError
from core.own_data.decoding import MOST_BYTES
from core.own_data.reading import Read, read

PROMISE = (
    "It is read as numbers or letters and never run. It is kept with the run that learns from it, which nobody sees "
    "whom you do not give its link, and deleted with it; without a run it goes after a day."
)
_ASKS = {"table": ("A CSV of yours", "One column is learnt, a row a time step."),
         "text": ("A text of yours", "Its characters or its words are learnt, one a time step.")}  # fmt: skip
_TIMES, _SAID, _REFUSED = "_brought_times", "_brought_said", "_brought_refused"
"""How often something was brought, (digest, notes) of the last, and why the last could not be."""


def controls(*, held: bool) -> None:
    """What is learnt from now and, unless the link has it ``held``, the ways to bring something else."""
    task: Any = session.visit().config.task
    if not held:
        _ways(task)
    st.html(preview(task))
    digest, notes = st.session_state.get(_SAID, ("", ()))
    if notes and digest == task.data:
        st.caption(problems.as_markdown(" ".join(notes)))


def _ways(task: Any) -> None:
    label, text = _ASKS[task.takes]
    bundled = own_data.is_bundled(task.data)
    with st.expander(label, expanded=not bundled or _REFUSED in st.session_state, icon=":material/upload_file:"):
        key = f"bring.{st.session_state.get(_TIMES, 0)}"
        st.file_uploader(
            f"{text} Up to {MOST_BYTES // 1_000_000} MB.", key=f"{key}.file", on_change=_uploaded, args=(f"{key}.file",)
        )
        st.text_area("Or paste it", key=f"{key}.text", height=90, max_chars=1_000_000)
        st.button("Use what is pasted", key=f"{key}.use", on_click=_pasted, args=(f"{key}.text",), width="stretch")
        st.caption(PROMISE)
        if _REFUSED in st.session_state:
            st.error(problems.as_markdown(st.session_state[_REFUSED]))
        if not bundled:
            st.button("Back to the example", key="bring.back", on_click=_back, type="tertiary")


def _uploaded(key: str) -> None:
    file = st.session_state[key]
    if file is not None:
        _bring(file.getvalue())


def _pasted(key: str) -> None:
    _bring(st.session_state[key].encode())


def _bring(content: bytes) -> None:
    """Look at ``content`` from now on. The widgets begin anew, so Streamlit lets go of the file."""
    session.stay()
    st.session_state[_TIMES] = st.session_state.get(_TIMES, 0) + 1
    config: Any = session.visit().config
    try:
        found: Read = read(content, config.task.takes)
        wanted = with_data(config, found.data)
        lab().bring(found.data, visitor.token())
    except UnrolledError as error:
        st.session_state[_REFUSED] = str(error)
        return
    st.session_state.pop(_REFUSED, None)
    st.session_state[_SAID] = (found.data.digest, found.notes)
    session.choose(wanted)


def _back() -> None:
    session.choose(without_data(session.visit().config))
