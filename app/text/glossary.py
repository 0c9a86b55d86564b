"""Words of the field with a sentence each, from ``glossary.toml``: the board marks them, widgets' help repeats them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Term:
    """A word, in all the ways it is written (``forms``), and what it means in one sentence.

    marked    whether pages mark it where it occurs
    symbol, equation  as TeX, or empty
    seen      (page, picture) where it is seen, or empty
    """

    forms: tuple[str, ...]
    sentence: str
    marked: bool = True
    symbol: str = ""
    equation: str = ""
    seen: tuple[str, ...] = ()

    def occurs(self, text: str) -> bool:
        """Whether ``text`` has it as whole words, in any case."""
        return re.search(rf"(?<!\w)({'|'.join(map(re.escape, self.forms))})(?!\w)", text, re.IGNORECASE) is not None


def _read(path: Path) -> tuple[Term, ...]:
    entries = tomllib.loads(path.read_text("utf-8"))["term"]
    return tuple(Term(**each | {name: tuple(each.get(name, ())) for name in ("forms", "seen")}) for each in entries)


WORDS = _read(Path(__file__).with_suffix(".toml"))
"""All of them."""
GLOSSARY = tuple(term for term in WORDS if term.marked)
"""Those that pages mark."""


def explained(*texts: str, after: str = "") -> str | None:
    """``after`` and what the terms in ``texts`` mean, as the help beside them; None where that is nothing."""
    told = [f"**{term.forms[0]}**: {term.sentence}" for term in GLOSSARY if any(map(term.occurs, texts))]
    return "\n\n".join(filter(None, [after, *told])) or None
