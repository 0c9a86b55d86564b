"""What one visitor looks at, kept over script runs and pages, and in step with the address bar.

A short link stays as it came until something changes; everything else is written out (app.visit.link). What is written
becomes an entry of the browser's history, except that a page's bare address is completed where it stands: with a second
entry Back would lead to the bare one, and at once here again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from app.classroom import seat
from app.services import lab
from app.visit import link
from app.visit.link import Visit
from core.config import RunConfig
from core.lab.asking import PREVIEW

_VIEW, _START, _WRITTEN, _TOUCHED, _REPLAYS, _LEFT = "_view", "_start", "_written", "_touched", "_replays", "_left"


def visit() -> Visit:
    """What this visitor looks at now; on a page that is no laboratory, before they have been in one, its start."""
    return st.session_state.get(_VIEW) or link.read({}, link.START)


def source() -> str:
    """What the board shows: the run, or the untrained gradient of the config, asked for here. Raises BudgetError."""
    return visit().run or PREVIEW + lab().request_preview(visit().config)


def change(**fields: Any) -> None:
    """Replace parts of the view: by a widget, a button, the board. Earlier complaints have been read by then. Who was
    led by a teacher goes on alone from what the class sees."""
    explore()
    st.session_state[_VIEW] = replace(visit(), **({"problems": ()} | fields))
    stay()


def stay() -> None:
    """This script run is no navigation, whatever query it carries: a widget, a button or the board has caused it."""
    st.session_state[_TOUCHED] = True


def choose(config: RunConfig) -> None:
    """Look at another config; lets go of the runs that were shown, which ``left`` remembers."""
    explore()
    stay()
    if config != visit().config:
        if visit().run:
            st.session_state[_LEFT] = (visit().run, visit().beside)
        change(config=config, run=None, cursor=None, beside=())


def explore() -> None:
    """Go on alone from what the class sees, if this visitor was led."""
    query = seat.explore()
    if query is not None:
        st.session_state[_VIEW] = link.read(query, st.session_state[_START])
        stay()


def left() -> str | None:
    """The run that was on screen before a setting was changed."""
    run, _ = st.session_state.get(_LEFT, (None, ()))
    return run


def left_all() -> tuple[str, ...]:
    """That run and what stood beside it."""
    run, beside = st.session_state.get(_LEFT, (None, ()))
    return (run, *beside) if run else ()


def go_back() -> None:
    """Show that run again, with its settings and what stood beside it."""
    run, beside = st.session_state.get(_LEFT, (None, ()))
    info = lab().info(run or "")
    if info is not None:
        change(config=info.config, run=info.id, cursor=None, beside=beside)


def replay() -> None:
    """Have the board play the shown run from its start."""
    st.session_state[_REPLAYS] = replays() + 1


def replays() -> int:
    """How often that was asked for; the board plays when the number changes."""
    return st.session_state.get(_REPLAYS, 0)


def restore(start: str) -> None:
    """At the start of a script run: take the view from the URL where a link or the history changed it.

    ``start`` is the preset that the page opens with where nothing says what to show. A rerun caused by a widget may
    still carry the URL from before the last change; it is not a navigation. Streamlit's own navigation drops the
    query, and the view is kept.
    """
    query = {key: st.query_params.get_all(key) for key in st.query_params}
    touched = st.session_state.pop(_TOUCHED, False)
    known = _VIEW in st.session_state
    st.session_state[_START] = start
    if not (known and (touched or not query or query == st.session_state.get(_WRITTEN))):
        problem, shown = seat.take(query), link.read(query, start)
        st.session_state[_VIEW] = replace(shown, problems=(*shown.problems, *filter(None, (problem,))))
    st.session_state[_VIEW] = link.on_known_data(visit())


def publish() -> None:
    """At the end of a script run: have the address bar say what is shown."""
    shown = {key: st.query_params.get_all(key) for key in st.query_params}
    query = address()
    if query == shown or not shown:  # a bare address is the board's to complete
        return
    if (
        shown
        and seat.CONTROL not in shown
        and not visit().problems
        and link.read(shown, st.session_state[_START]) == visit()
    ):
        # A short link stays as it came: replacing it would trap the browser's Back.
        st.session_state[_WRITTEN] = shown
    else:
        st.query_params.from_dict(query)


def shown() -> dict[str, list[str]]:
    """The query that leads to what is on screen."""
    return {key: st.query_params.get_all(key) for key in st.query_params} or address()


def completion() -> str:
    """The query that a bare address lacks; empty where it has one."""
    return "" if st.query_params else urlencode(address(), doseq=True)


def address() -> dict[str, list[str]]:
    """The query of the view, from now on known as our own: coming back with it is no navigation."""
    st.session_state[_WRITTEN] = link.write(visit()) | seat.address()
    return st.session_state[_WRITTEN]
