"""Every script run passes here: the look of the window, the view from the URL, the page, the URL again."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import streamlit as st

from app.frame import problems
from app.visit import session
from app.visit.link import START
from core.errors import UnrolledError

PAGES = Path(__file__).parents[1] / "pages"
STYLE = Path(__file__).with_name("style.css")
ICON = Path(__file__).with_name("icon.svg")  # a named icon would be fetched from somebody else's server


class PageEntry(NamedTuple):
    """A page in the navigation; ``start`` is the preset it opens with where nothing says what to show."""

    file: str
    title: str
    icon: str
    start: str
    help: str


ENTRIES = (
    PageEntry("gradient_flow", "Gradient flow", "timeline", START,
          "Train a recurrent network and watch the gradient of every time step while it learns."),
    PageEntry("truncation_lab", "Truncation lab", "content_cut", "temporal-order-lstm-truncated",
          "What the gradient would have been: full against truncated, for every window, on the same weights."),
    PageEntry("clipping_lab", "Clipping lab", "compress", "exploding-rnn",
          "What clipping does to each gradient, and the same start with and without it."),
    PageEntry("compare", "Compare", "compare_arrows", "temporal-order-lstm",
          "Cells side by side on the same data, a few seeds each, and whether they can be told apart."),
    PageEntry("untrained", "Untrained", "start", "temporal-order-rnn",
          "Every initialisation of every cell, the gradient against the length, and what each cell costs."),
    PageEntry("inside_the_cell", "Inside the cell", "conversion_path", "temporal-order-lstm",
          "What the gates do, which way the gradient travels, and what if a gate were shut."),
    PageEntry("microscope", "Microscope", "biotech", "temporal-order-lstm",
          "One training step in slow motion, theory beside the measurement, and a gradient to check."),
    PageEntry("memory", "Memory", "history", "review-lstm",
          "How fast inputs fade, how much a state can hold, and what the network would say after every word you type."),
)  # fmt: skip


def home() -> None:
    """``/`` has no page of its own: the page in front could not also have its own path."""
    st.switch_page(pages[0], query_params=session.address())


# Before the navigation, whose icons the browser's tab would take instead.
st.set_page_config(page_title="Unrolled", page_icon=str(ICON), layout="wide")
pages = [
    st.Page(PAGES / f"{entry.file}.py", title=entry.title, icon=f":material/{entry.icon}:", help=entry.help)
    for entry in ENTRIES
]
page = st.navigation([st.Page(home, title="Home", default=True, visibility="hidden"), *pages], position="top")
st.set_page_config(page_title="Unrolled" if page.title == "Home" else f"{page.title} · Unrolled")
starts = {entry.file: entry.start for entry in ENTRIES}
st.html(STYLE)
session.restore(starts.get(page.url_path, ENTRIES[0].start))
if page in pages:
    with st.container(key="pages", horizontal=True, gap="small"):  # for phones, where the navigation hides
        for other in pages:
            st.page_link(other)
try:
    page.run()
except UnrolledError as error:  # a catalog that cannot be read, which any part of a page may be the first to find
    problems.show([str(error)])
session.publish()
