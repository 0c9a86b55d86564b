"""Continual Reber: strings without end, and nobody says where one begins (Gers, Schmidhuber & Cummins 2000)."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from core.numbers import plural
from core.tasks.base import Kind
from core.tasks.endless import Endless, Part, Text
from core.tasks.reber import LETTERS, grammatical, inner_strings

STRINGS, HELD_OUT = 100_000, 1_000
SEED = 2000


class ContinualReber(Endless):
    """B, T or P, a string B … E of Reber's grammar, the same T or P again, E; and at once the next such string.

    After every letter the next one is asked for; scored is the second T or P of each string. A state that nothing
    forgets grows with every string, which is what forget gates were made for.
    """

    title: ClassVar[str] = "Continual Reber"
    question: ClassVar[str] = "Strings in brackets of T or P follow each other without end: which letter closes each?"
    first_seen: ClassVar[str] = "Gers, Schmidhuber & Cummins 2000; Reber 1967"
    kind: ClassVar[Kind] = "classes"
    solved: ClassVar[float] = 0.95
    answers: ClassVar[tuple[str, ...]] = tuple(sorted(LETTERS))

    name: Literal["continual-reber"] = "continual-reber"
    length: int = Field(
        default=60,
        ge=2,
        le=2_000,
        title="Window T",
        description="Letters per update, about twelve a string; the state is carried on from one window to the next, "
        "the gradient is not.",
        json_schema_extra={"unit": "letters"},
    )

    @property
    def text_read(self) -> Text:
        return _text()

    @property
    def baseline_loss(self) -> float:
        """Of somebody who knows how frequent each letter is."""
        return self.text_read.grams[0]

    @property
    def chance(self) -> float:
        return 0.5

    @property
    def least_loss(self) -> float:
        """Of a grammarian who remembers: a toss of a coin for the first T or P and for each letter inside."""
        return _coins(0)

    def remark(self, text: str) -> str:
        whole = re.findall(r"(?<=E)B([TP])(B[TSXVP]*E)(.)E(?=B)", text)
        right = sum(grammatical(inner) and first == last for first, inner, last in whole)
        return (
            f"Of {plural(len(whole), 'whole string')}, {right} are grammatical and close as they began."
            if whole
            else ""
        )

    def floors(self) -> list[tuple[float, str]]:
        return [
            (self.baseline_loss, "knows how frequent each letter is"),
            (_coins(1), "knows the grammar, but forgets the first T or P"),
            (self.least_loss, "knows both"),
        ]


@lru_cache(maxsize=1)
def _text() -> Text:
    rng = np.random.default_rng(SEED)
    inner = inner_strings(rng, STRINGS)
    outer = np.array(list("TP"))[rng.integers(0, 2, STRINGS)].tolist()
    strings = [f"B{letter}B{string}E{letter}E" for letter, string in zip(outer, inner, strict=True)]
    ends = np.cumsum([len(string) for string in strings])
    first, text = int(ends[-HELD_OUT - 1]), "".join(strings)
    found = Text.cut(text, max(len(string) for string in strings) - 4, "E", 1 - first / len(text))
    closing = np.zeros(len(text), bool)
    closing[ends - 2] = True
    scored: dict[Part, np.ndarray] = {"training": closing[:first], "held-out": closing[first:]}
    return replace(found, asked=scored)


@lru_cache(maxsize=2)
def _coins(more: int) -> float:
    """Nats a letter of the held-out strings where each costs a coin for each letter inside, one, and ``more``."""
    letters = len(_text().held_out)
    return (letters - (6 - 1 - more) * HELD_OUT) / letters * float(np.log(2))
