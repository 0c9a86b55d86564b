"""What the pages with a board have in common, from the sidebar to the last line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app import problems, session
from app.board import board
from app.controls import controls
from app.link import ALONGSIDE
from app.transport import Companions, transport
from core.errors import UnrolledError

EXACT = (
    "Every number here is measured in the network that is training, and every gradient is exact: "
    "`python -m core check` holds ours against torch's own layers, autograd and finite differences."
)
_KEY = "set.alongside"


@dataclass(frozen=True)
class Alongside:
    """A choice of what Train trains beside the run: a value for the URL, some words, and the configs."""

    value: str
    label: str
    companions: Companions


def board_page(page: str, intro: str, *, alongside: Sequence[Alongside] = ()) -> None:
    """The board ``page`` (app.board.views) with settings, buttons and a line of introduction over it.

    With ``alongside`` Train also trains what the visitor chooses of it (the first at the start).
    """
    controls()
    st.markdown(intro)
    problems.show(session.view().problems)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        moving = transport(_chosen(alongside).companions if alongside else None)
        if alongside:
            _choice(alongside)
    try:
        source = session.source()
    except UnrolledError as error:  # more than this server computes: the settings stay, nothing is drawn of them
        problems.show([str(error)])
    else:
        _board(page, source, moving)
    st.caption(EXACT)


def _chosen(alongside: Sequence[Alongside]) -> Alongside:
    wanted = dict(session.view().knobs).get(ALONGSIDE)
    return next((choice for choice in alongside if choice.value == wanted), alongside[0])


def _choice(alongside: Sequence[Alongside]) -> None:
    labels = {choice.value: choice.label for choice in alongside}
    st.session_state[_KEY] = _chosen(alongside).value
    st.segmented_control(
        "Trained alongside", list(labels), key=_KEY, required=True, format_func=labels.__getitem__,
        on_change=_choose, label_visibility="collapsed", wrap=True,
    )  # fmt: skip


def _choose() -> None:
    session.change(knobs=tuple((dict(session.view().knobs) | {ALONGSIDE: st.session_state[_KEY]}).items()))


def _board(page: str, source: str, moving: bool) -> None:
    shown = session.view()
    board(
        source,
        page=page,
        cursor=shown.cursor,
        pins=shown.pins,
        knobs=shown.knobs,
        beside=shown.beside,
        moving=moving,
        replays=session.replays(),
        address=session.completion(),
        on_cursor=lambda step: session.change(cursor=step),
        on_pins=lambda pins: session.change(pins=pins),
        on_knobs=lambda knobs: session.change(knobs=knobs),
        on_moving=session.stay,
    )
