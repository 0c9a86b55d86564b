"""Sentences about what went wrong, on the page. They repeat what a URL says, so nothing of that may act as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable

import streamlit as st

_MARKS = re.compile(r"([\\\[\]!*_<>$#~|]|:(?=//)|(?<=www)\.)")
"""What begins emphasis, a link, a picture, a formula or HTML, and what makes a bare address a link."""


MOST = 5
"""More boxes than that would push the page out of sight."""


def show(problems: Iterable[str]) -> None:
    """One box a sentence, as long as they are few."""
    for sentence in few(dict.fromkeys(problems)):
        st.error(as_markdown(sentence))


def few(problems: Iterable[str]) -> list[str]:
    """The first of them, and how many more there are."""
    said = list(problems)
    more = len(said) - MOST
    return said if more <= 1 else [*said[:MOST], f"And {more:,} more."]


def as_markdown(sentence: str) -> str:
    """``sentence`` with its `names` as code and everything else literal."""
    parts = sentence.split("`")
    parts[::2] = [_MARKS.sub(r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)
