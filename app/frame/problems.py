"""Sentences about what went wrong, on the page. They repeat what a URL says, so nothing of that may act as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable

import streamlit as st

_MARKS = re.compile(r"([\\\[\]!*_<>$#~|]|:(?=//)|(?<=www)\.)")
"""What begins emphasis, a link, a picture, a formula or HTML, and what makes a bare address a link."""


def show(problems: Iterable[str]) -> None:
    """One box a sentence."""
    for problem in problems:
        st.error(as_markdown(problem))


def as_markdown(sentence: str) -> str:
    """``sentence`` with its `names` as code and everything else literal."""
    parts = sentence.split("`")
    parts[::2] = [_MARKS.sub(r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)
