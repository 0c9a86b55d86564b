"""aⁿbⁿ: as many b's as a's, a language that no finite automaton knows (Gers & Schmidhuber 2001)."""

from __future__ import annotations

from typing import ClassVar, Literal

from core.tasks.counting import Counting
from core.tasks.typed import Typing


class AnBn(Counting):
    """After each b: another one, or the end?"""

    title: ClassVar[str] = "aⁿbⁿ"
    question: ClassVar[str] = "As many b's as a's: does another b come next, or the end?"
    first_seen: ClassVar[str] = "Gers & Schmidhuber 2001"
    letters: ClassVar[str] = "ab"
    answers: ClassVar[tuple[str, ...]] = ("b", "end")
    typed: ClassVar[Typing | None] = Typing("string", "aaaaabbbbb", "letter")

    name: Literal["anbn"] = "anbn"
