"""Every script run passes here: the look of the window, the view from the URL, the page, the URL again."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import streamlit as st

from app.classroom import seat
from app.classroom.bar import bar
from app.frame import problems
from app.host import admin
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
    PageEntry("classroom", "Class", "groups", START,
          "Show a class what you see, on every screen; ask it, and see the answers over the truth."),
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
unlisted = [st.Page(home, title="Home", default=True, visibility="hidden")]
if admin.offered():
    unlisted.append(st.Page(admin.admin_page, title="Admin", url_path="admin", visibility="hidden"))
page = st.navigation([*unlisted, *pages], position="top")
st.set_page_config(page_title="Unrolled" if page.title == "Home" else f"{page.title} · Unrolled")
addresses = {other.url_path: other for other in pages}
starts = {entry.file: entry.start for entry in ENTRIES}
st.html(STYLE)
led = seat.led_to()
if led and page in pages:
    query = led["query"] | seat.address()
    if led["page"] != page.url_path and led["page"] in addresses:
        st.switch_page(addresses[led["page"]], query_params=query)
    elif {key: st.query_params.get_all(key) for key in st.query_params} != query:
        st.query_params.from_dict(query)
session.restore(starts.get(page.url_path, ENTRIES[0].start))
if page in pages:
    with st.container(key="pages", horizontal=True, gap="small"):  # for phones, where the navigation hides
        for other in pages:
            st.page_link(other)
bar(page.url_path)
try:
    page.run()
except UnrolledError as error:  # a catalog that cannot be read, which any part of a page may be the first to find
    problems.show([str(error)])
session.publish()
if page in pages:
    seat.show(page.url_path, session.shown())
