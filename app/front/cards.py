"""Links that stand in a grid, each a title and a line of what is behind it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import streamlit as st


class Card(NamedTuple):
    """Where a link leads and what it says, as Markdown."""

    path: Path
    title: str
    line: str
    query: dict[str, str] | None = None


def cards(key: str, shown: Iterable[Card]) -> None:
    """A grid of links; ``key`` gives it its look (app/style.css)."""
    with st.container(key=key):
        for card in shown:
            st.page_link(card.path, label=f"**{card.title}** *{card.line}*", query_params=card.query)
