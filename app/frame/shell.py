"""What the pages with a board have in common, from the sidebar to the last line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from app.board import board
from app.frame import comparing as compared
from app.frame import dialogs, problems
from app.frame.buttons import Companions, transport_buttons
from app.frame.controls import controls
from app.text.glossary import explained
from app.visit import session, visitor
from app.visit.link import ALONGSIDE
from core.config import RunConfig
from core.errors import UnrolledError
from core.settings import said

EXACT = (
    "Every number here is measured in the network that is training, and every gradient is exact: "
    "`python -m core check` holds ours against torch's own layers, autograd and finite differences."
)
COMPARE = Path(__file__).parents[2] / "pages" / "compare.py"
_KEY = "set.alongside"


@dataclass(frozen=True)
class Alongside:
    """A choice of what Train trains beside the run: a value for the URL, some words, and the configs."""

    value: str
    label: str
    companions: Companions


def board_page(page: str, intro: str, *, alongside: Sequence[Alongside] = (), compares: bool = False) -> None:
    """The board ``page`` (app.board.views) with settings, buttons and a line of introduction over it.

    With ``alongside`` Train also trains what the visitor chooses of it (the first at the start); a page that
    ``compares`` has the settings against those of others, and Train trains them all.
    """
    controls()
    st.markdown(intro, help=explained(intro))
    comparison = compared.compared() if compares else None
    problems.show([*session.visit().problems, *(comparison.problems if comparison else ())])
    if comparison:
        compared.choice(comparison)
    if alongside:
        st.session_state[_KEY] = _stands(alongside).value
    companions = compared.others if compares else partial(_companions, alongside) if alongside else None
    with st.container(key="bar", horizontal=True, vertical_alignment="center", gap="small"):
        short = bool(alongside) or session.left() is not None
        moving = transport_buttons(companions, None if comparison else partial(_compare, short=short))
        if alongside:
            _choice(alongside)
        if comparison:
            compared.lacking(comparison)
    try:
        source = session.source()
    except UnrolledError as error:  # more than this server computes: the settings stay, nothing is drawn of them
        problems.show([str(error)])
    else:
        _board(page, source, moving, compared.on_board(comparison) if comparison else session.visit().beside)
    st.caption(EXACT)
    dialogs.show()


def _compare(*, short: bool) -> None:
    """One click from any run to the same with the other cells; ``short``: in a row that has no room for more."""
    text = "Train the same settings with every cell and several seeds, side by side. What was trained is found again."
    label = "Compare cells" if short else "Compare with the other cells"
    if st.button(label, key="compare-run", type="tertiary", help=text, icon=":material/compare_arrows:"):
        compared.with_other_cells()
        st.switch_page(COMPARE, query_params=session.address())


def _companions(alongside: Sequence[Alongside], config: RunConfig) -> list[RunConfig]:
    """Of what the control says now: who chooses and at once presses Train may have Train's callback called first."""
    return next(choice for choice in alongside if choice.value == st.session_state[_KEY]).companions(config)


def _stands(alongside: Sequence[Alongside]) -> Alongside:
    """The choice of the address, where it is one."""
    wanted = dict(session.visit().knobs).get(ALONGSIDE)
    return next((choice for choice in alongside if choice.value == wanted), alongside[0])


def _choice(alongside: Sequence[Alongside]) -> None:
    labels = {choice.value: choice.label for choice in alongside}
    st.segmented_control(
        "Trained alongside", list(labels), key=_KEY, required=True, format_func=labels.__getitem__,
        on_change=_choose, label_visibility="collapsed", wrap=True,
    )  # fmt: skip


def _choose() -> None:
    session.change(knobs=tuple((dict(session.visit().knobs) | {ALONGSIDE: st.session_state[_KEY]}).items()))


def _board(page: str, source: str, moving: bool, beside: Sequence[str]) -> None:
    shown = session.visit()
    board(
        source,
        page=page,
        cursor=shown.cursor,
        pins=shown.pins,
        knobs=shown.knobs,
        beside=beside,
        moving=moving,
        replays=session.replays(),
        address=session.completion(),
        place=page,
        visitor=visitor.to_keep(),
        settings=said(shown.config),
        on_cursor=lambda step: session.change(cursor=step),
        on_pins=lambda pins: session.change(pins=pins),
        on_knobs=lambda knobs: session.change(knobs=knobs),
        on_moving=session.stay,
        on_visitor=_adopt,
    )


def _adopt(token: str) -> None:
    session.stay()
    visitor.adopt(token)
