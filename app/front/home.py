"""The first page: a network that is learning, one sentence on what is seen, and where to go from there."""

from __future__ import annotations

import streamlit as st

from app.board import board
from app.entries import BY_FILE, LABS
from app.frame import problems
from app.front.cards import Card, cards
from app.lessons.doors import DOORS, lesson_cards
from core.config import RunConfig
from core.lessons.shelf import FRONT, recorded

TITLE = "Watch a gradient find its way back through time"
SEEN = (
    "Every field of the strip is one of {T} time steps of a network that is learning; the bluer it is, the less of the "
    "answer’s gradient gets back to it."
)


def home_page() -> None:
    """The whole page."""
    config = RunConfig.preset(FRONT)
    st.title(TITLE, anchor=False)
    st.markdown(SEEN.format(T=config.task.length))
    left, right = st.columns([17, 8], gap="large")
    with left:
        _played(config)
    with right:
        st.subheader("Four questions to start with", anchor=False)
        cards("cards-doors", DOORS)
    st.header("Lessons", anchor=False)
    st.markdown("Predict, then see. Ten minutes each, in the textbooks’ order, on runs that were recorded.")
    cards("cards-lessons", lesson_cards())
    st.header("Gallery", anchor=False)
    gallery = BY_FILE["gallery"]
    cards("cards-more", [Card(gallery.path, "What the papers report, and what came out here", gallery.help)])
    st.header("Laboratory", anchor=False)
    st.markdown("Any cell on any task, trained while you watch.")
    cards("cards-labs", [Card(BY_FILE[lab.file].path, lab.title, lab.help) for lab in LABS])


def _played(config: RunConfig) -> None:
    run = recorded(config)
    if run is None:
        problems.show([f"The run of `{config.label}` is not recorded with this engine. `make lessons` records it."])
        return
    board(run.id, views=("strip", "curve"), words="headline", plays=True, place="", name="home")
