"""aⁿbⁿcⁿ: three letters as often as each other; two counters have to run (Gers & Schmidhuber 2001)."""

from __future__ import annotations

from typing import ClassVar, Literal

from core.tasks.counting import Counting


class AnBnCn(Counting):
    """After each b and each c: the same letter again, the next one, or the end?"""

    title: ClassVar[str] = "aⁿbⁿcⁿ"
    question: ClassVar[str] = "As many b's as a's, then as many c's: what comes next?"
    first_seen: ClassVar[str] = "Gers & Schmidhuber 2001"
    letters: ClassVar[str] = "abc"
    answers: ClassVar[tuple[str, ...]] = ("b", "c", "end")

    name: Literal["anbncn"] = "anbncn"
