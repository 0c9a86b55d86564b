"""The words of the field: symbol, equation, one sentence, and the picture where each is seen."""

from __future__ import annotations

import streamlit as st

from app.board.views import PAGES
from app.entries import BY_FILE
from app.text.glossary import WORDS, Term


def words_page() -> None:
    """All words in the order of the alphabet, those that hold a typed text alone."""
    st.title("Words", anchor=False)
    st.markdown(
        "The words that the pages use, and where each is seen. On a page, a word with dots under it says its sentence."
    )
    wanted = st.text_input("Find a word", key="words-find", placeholder="carousel, radius, K …")
    found = [term for term in sorted(WORDS, key=lambda term: term.forms[0].lower()) if _has(term, wanted)]
    if not found:
        st.markdown(f"No word here has “{_plain(wanted)}” in it.")
    for term in found:
        _entry(term)


def _has(term: Term, wanted: str) -> bool:
    told = " ".join((*term.forms, term.symbol, term.sentence)).lower()
    return wanted.strip().lower() in told


def _plain(text: str) -> str:
    """Anyone's text without what Markdown would act on."""
    return "".join(sign for sign in text if sign.isalnum() or sign in " ’-")


def _entry(term: Term) -> None:
    with st.container(key=f"word-{term.forms[0].replace(' ', '-')}", gap=None):
        symbol = f" &ensp; ${term.symbol}$" if term.symbol else ""
        equation = f"\n\n$\\displaystyle {term.equation}$" if term.equation else ""
        st.markdown(f"**{term.forms[0]}**{symbol}  \n{term.sentence}{equation}")
        if term.seen:
            page, picture = term.seen
            entry, title = BY_FILE[page], PAGES[page].views[picture].title
            label = f"{entry.title}: {title}"
            st.page_link(entry.path, label=label, icon=":material/visibility:")
