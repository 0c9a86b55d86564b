"""The pages as one menu, for phones, where Streamlit's navigation hides in the sidebar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import streamlit as st
from streamlit.navigation.page import Page


def menu(title: str, path: str, groups: Mapping[str, Iterable[Page]]) -> None:
    """A button that says which page this is and opens the others, under the words of ``groups``.

    ``path`` is this page's: every page has a menu of its own, which is shut when it is come to.
    """
    with st.container(key="pages"), st.popover(title, key=f"pages-{path}", icon=":material/menu:"):
        for word, pages in groups.items():
            if word:
                st.caption(word)
            for page in pages:
                st.page_link(page)
