"""Every script run passes here: the look of the window, the view from the URL, the page, the URL again."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import session

PAGES = Path(__file__).parents[1] / "pages"
STYLE = Path(__file__).with_name("style.css")
ICON = Path(__file__).with_name("icon.svg")  # a named icon would be fetched from somebody else's server


def home() -> None:
    """``/`` has no page of its own: the page in front could not also have its own path."""
    st.switch_page(front, query_params=session.address())


st.set_page_config(page_title="Unrolled", page_icon=str(ICON), layout="wide")
front = st.Page(
    PAGES / "gradient_flow.py",
    title="Gradient flow",
    icon=":material/timeline:",
    help="Train a recurrent network and watch the gradient of every time step while it learns.",
)
page = st.navigation([st.Page(home, title="Home", default=True, visibility="hidden"), front], position="hidden")
st.html(STYLE)
session.restore()
page.run()
session.publish()
