"""What of a card is seen: a recorded run of it, and the way to train its runs again."""

from __future__ import annotations

import streamlit as st

from app.board import board
from app.entries import BY_FILE
from app.frame import comparing, problems
from app.services import lab
from app.visit import session
from app.visit.link import SEEDS as SEEDS_KNOB
from app.visit.link import Visit
from app.visit.visitor import token
from core.comparison import kept
from core.comparison.members import applied
from core.config import RunConfig
from core.errors import ConfigError, UnrolledError
from core.gallery.model import Card
from core.lessons.shelf import FRONT, recorded
from core.numbers import plural
from core.promises.stored import SEEDS


def evidence(card: Card) -> None:
    """The buttons, then the pictures."""
    with st.container(key="gallery-ways", horizontal=True, vertical_alignment="center", gap="small"):
        if card.runs:
            _reproduce(card)
        else:
            entry = BY_FILE[card.page]
            st.page_link(entry.path, label=f"Open in {entry.title}", icon=":material/open_in_new:")
    _recorded(card)


def _reproduce(card: Card) -> None:
    view = _compared(card)
    count = 1 + len(view.members or ())
    text = f"Trains {plural(count, 'run')} with seed {SEEDS[0]}, side by side. More seeds are to be had there."
    if st.button("Reproduce", key="gallery-reproduce", type="primary", icon=":material/play_arrow:", help=text):
        try:
            runs = [lab().submit(config, token()).id for config in comparing.compared(view).comparison.in_turn]
        except UnrolledError as error:
            problems.show([str(error)])
            return
        session.change(config=view.config, run=runs[0], beside=tuple(runs[1:]), cursor=None, pins=(),
                       members=view.members, knobs=view.knobs)  # fmt: skip
        st.switch_page(BY_FILE["compare"].path, query_params=session.address())


def _compared(card: Card) -> Visit:
    """The card's first run, and beside it those that can be compared with it: others learn another task."""
    first, *others = [run.config.replace(seed=SEEDS[0]) for run in card.runs.values()]
    members = tuple(kept(config) for config in others if _comparable(first, config))
    return Visit(first, members=members, knobs=((SEEDS_KNOB, "1"),))


def _comparable(first: RunConfig, other: RunConfig) -> bool:
    try:
        return applied(first, kept(other)).digest() == other.digest()
    except ConfigError:
        return False


def _recorded(card: Card) -> None:
    """The board on the first of the card's runs that comes with the program; of a closed form its picture."""
    if card.picture:
        run, views = recorded(RunConfig.preset(FRONT)), (card.picture,)
    else:
        found = ((each.title, recorded(each.config)) for each in card.runs.values())
        title, run = next((pair for pair in found if pair[1] is not None), ("", None))
        views = ("strip", "score")
        if run is not None:
            st.caption(f"A recorded run: {title}, seed {run.config.seed}.")
    if run is not None:
        page = card.page if card.picture else "gradient_flow"
        board(run.id, page=page, views=views, words="none", controls=not card.picture, name=f"gallery-{card.title}")
