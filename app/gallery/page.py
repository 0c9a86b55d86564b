"""The page of the gallery: the list, or one card with what was claimed, measured, and seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import streamlit as st

from app.entries import BY_FILE
from app.frame import problems
from app.front.cards import Card as Link
from app.front.cards import cards as links
from app.gallery.evidence import evidence
from app.gallery.spread import spread
from core.errors import quoted
from core.gallery.model import VERDICTS, Card
from core.gallery.shelf import cards, kept, measured
from core.gallery.stored import Run
from core.lessons.expressions import filled
from core.numbers import plural

CARD = "card"
SIGNS = {"agrees": ":material/check_circle:", "partly": ":material/contrast:", "not": ":material/cancel:"}
INTRO = (
    "Results of the literature, each trained again here with seeds that no setting was tuned on, or worked out from a "
    "formula. What did not come out stays, and is called so."
)


def gallery_page() -> None:
    """What the address asks for."""
    name = st.query_params.get(CARD)
    if name in cards():
        _card(cards()[name])
        return
    if name is not None:
        problems.show([f"`{CARD}` (={quoted(name)}) is not in the gallery. Choose one below."])
    st.title("Gallery", anchor=False)
    st.markdown(f"{INTRO} {_counted(cards().values())}")
    links("cards-gallery", [_link(name, card) for name, card in cards().items()])


def _counted(shown: Iterable[Card]) -> str:
    counts = Counter(card.verdict for card in shown)
    told = [f"{SIGNS[verdict]} {counts[verdict]} {'agree' if verdict == 'agrees' else words}"
            for verdict, words in (("agrees", ""), ("partly", "in part"), ("not", "not"))]  # fmt: skip
    return f"Of {plural(sum(counts.values()), 'result')}: {', '.join(told)}."


def _link(name: str, card: Card) -> Link:
    line = f"{card.papers[0].cited}  \n{SIGNS[card.verdict]} {VERDICTS[card.verdict]}"
    return Link(BY_FILE["gallery"].path, card.title, line, {CARD: name})


def _card(card: Card) -> None:
    found = kept(card)
    left, right = st.columns([2, 3], gap="large")
    with left, st.container(key="gallery-words"):
        st.caption(card.papers[0].cited)
        st.header(card.title, anchor=False)
        st.markdown(card.claim)
        st.markdown(f"**The paper reports.** {card.reports}")
        st.markdown(f"**Measured here.** {filled(card.measured, measured(card))}")
        st.markdown(f"{SIGNS[card.verdict]} **It {VERDICTS[card.verdict]}.** {filled(card.because, measured(card))}")
        _where(run for runs in found.values() for run in runs)
        _papers(card)
        st.button("All results", key="gallery-all", type="tertiary", on_click=st.query_params.clear)
    with right:
        spread(card, found)
        evidence(card)


def _where(runs: Iterable[Run]) -> None:
    """Seeds, day and machine of what was measured; a closed form needs none."""
    of = [*runs]
    if not of:
        st.caption("Worked out from a formula as this page is drawn: no seeds, no machine.")
        return
    seeds = sorted({run.seed for run in of})
    dates = " and ".join(sorted({run.date for run in of}))
    machines = " or ".join(sorted({run.machine for run in of if run.machine}))
    st.caption(", ".join(filter(None, [f"Seeds {seeds[0]}–{seeds[-1]}", dates, machines, f"engine {of[0].engine}"])))


def _papers(card: Card) -> None:
    for paper in card.papers:
        st.markdown(f":material/description: {paper.in_words}")
    with st.expander("BibTeX"):
        st.code("\n\n".join(paper.entry for paper in card.papers), language=None)
