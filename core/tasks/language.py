"""Language model: which symbol comes next? Trained along one long text, as everybody trains them."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from core.numbers import plural
from core.tasks.endless import Text
from core.tasks.next_symbol import NextSymbol
from core.tasks.reber import grammatical, inner_strings
from core.tasks.tokens import Tokens, split

STRINGS = 40_000
"""Of Reber's grammar in the text of that name."""
SHUFFLED = 1990
"""Seed of the order in which names and strings stand."""


class Language(NextSymbol):
    """The characters of one of three texts, or the words of the one that has some."""

    title: ClassVar[str] = "Language model"
    question: ClassVar[str] = "A text, character by character or word by word: which one comes next?"

    name: Literal["language"] = "language"
    text: Literal["story", "names", "reber"] = Field(
        default="story",
        title="Text",
        description="A story in which names, brackets and quotation marks return; first names; strings of Reber's "
        "grammar, whose entropy is known.",
        json_schema_extra={
            "labels": {"story": "the harbour book", "names": "first names", "reber": "Reber strings"},
            "legend": {"unnamed": True},
        },
    )

    @model_validator(mode="after")
    def _words_where_there_are_some(self) -> Language:
        if self.tokens == "words" and self.text != "story":
            raise ValueError(
                f"`task.tokens` (=words) needs a text of words, and `task.text` (={self.text}) is none. Choose "
                "characters, or the harbour book."
            )
        return self

    @property
    def text_read(self) -> Text:
        return _text(self.text, self.tokens)

    @property
    def least_loss(self) -> float:
        """Of the grammar that made the held-out strings; zero where nobody knows it."""
        return _least() if self.text == "reber" else 0.0

    def remark(self, text: str) -> str:
        return {"story": _brackets, "names": _new_names, "reber": _strings}[self.text](text)


@lru_cache(maxsize=4)
def _text(name: str, tokens: Tokens = "characters") -> Text:
    if name == "reber":
        rng = np.random.default_rng(SHUFFLED)
        strings = [f"B{inner}E" for inner in inner_strings(rng, STRINGS)]
        return Text.cut("".join(strings), max(map(len, strings)) - 2, "E")
    text = files("core.tasks.texts").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    if name == "names":
        names = np.random.default_rng(SHUFFLED).permutation(np.array(text.split())).tolist()
        return Text.cut("\n".join(names) + "\n", max(map(len, names)), "\n")
    longest = max(len(split(entry, tokens)) for entry in text.split("\n\n"))
    return Text.cut(split(text, tokens), longest, "\n\n", tokens=tokens)


@lru_cache(maxsize=1)
def _least() -> float:
    """Every letter between B and E is a toss of a coin; B and E are certain."""
    text = _text("reber")
    certain = np.isin(text.held_out[1:], [text.symbols.index("B"), text.symbols.index("E")])
    return float(np.mean(~certain)) * float(np.log(2))


# -- what can be checked of a sampled text ----------------------------------------------------------------------------


def _brackets(text: str) -> str:
    pairs = {"(": ")", "“": "”"}
    opened = [(at, mark) for at, mark in enumerate(text) if mark in pairs]
    closed = sum(_closes(text[at + 1 :], mark, pairs) for at, mark in opened)
    return f"Brackets and quotation marks: {len(opened)} opened, {closed} closed before another mark."


def _closes(rest: str, mark: str, pairs: dict[str, str]) -> bool:
    """Whether the first mark after it is the one that closes it."""
    first: Any = re.search("[()“”]", rest)
    return first is not None and first.group() == pairs[mark]


def _new_names(text: str) -> str:
    known, whole = set(_known_names()), [name for name in text.split("\n")[1:-1] if name]
    new = sum(name not in known for name in whole)
    return f"Of {plural(len(whole), 'whole name')}, {new} are not in the list it learnt from." if whole else ""


@lru_cache(maxsize=1)
def _known_names() -> tuple[str, ...]:
    text = _text("names")
    return tuple("".join(text.symbols[place] for place in text.training).split("\n"))


def _strings(text: str) -> str:
    whole = [f"B{rest}" for rest in text.split("B")[1:-1]]
    right = sum(map(grammatical, whole))
    return f"Of {plural(len(whole), 'whole string')}, {right} are grammatical." if whole else ""
