"""BibTeX of what a run rests on: the papers of its task, its cell, and every setting that somebody's paper is behind.

Which paper stands for which setting is data, ``references.toml``: an entry names settings, ``optimizer=adam``, or is
found by the words with which a task says where it was first seen.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.config import RunConfig
from core.exports.base import Export, Moment


@dataclass(frozen=True)
class Reference:
    """A paper: its key, the words by which a task cites it, the settings that rest on it, and the entry."""

    key: str
    cited: str
    settings: tuple[str, ...]
    entry: str

    @property
    def in_words(self) -> str:
        """Authors, title, where and when, for a sentence in Markdown; the DOI as a link."""
        told = {name: _plain(value) for name, value in _FIELD.findall(self.entry)}
        authors = [name.split(", ")[0] for name in told["author"].split(" and ")]
        names = " & ".join(authors) if len(authors) < 3 else f"{authors[0]} et al."
        place = told.get("journal") or told.get("booktitle") or told.get("school", "")
        title = told["title"] + ("" if told["title"].endswith(("?", "!")) else ".")
        link = f"[{told['doi']}](https://doi.org/{told['doi']})" if "doi" in told else ""
        return " ".join(filter(None, (f"{names} ({told['year']}).", title, place and f"*{place}*.", link)))


_FIELD = re.compile(r"^  (\w+)\s*= \{(.*)\},?$", re.MULTILINE)
_ACCENTS = {'"': "\u0308", "'": "\u0301", "c": "\u0327", "v": "\u030c", "u": "\u0306"}


def _plain(tex: str) -> str:
    """BibTeX's accents and braces as plain characters."""
    text = re.sub(r"\\([\"'cvu])\{?([A-Za-z])\}?", lambda found: found[2] + _ACCENTS[found[1]], tex)
    return unicodedata.normalize("NFC", re.sub(r"[{}]", "", text)).replace("--", "–")


@cache
def references() -> tuple[Reference, ...]:
    """All there are, in the file's order."""
    content = tomllib.loads((Path(__file__).parent / "references.toml").read_text("utf-8"))
    return tuple(
        Reference(key, told["cited"], tuple(told.get("settings", ())), told["bibtex"].strip())
        for key, told in content.items()
    )


def cited_by(first_seen: str) -> list[str]:
    """'Hochreiter & Schmidhuber 1997, experiment 5; Le et al. 2015' as the two works."""
    return [
        match[0].strip()
        for part in first_seen.split(";")
        if (match := re.match(r"\s*[A-Z].*?\b(1[89]|20)\d\d\b", part))
    ]


def rests_on(config: RunConfig) -> list[Reference]:
    """The references of a config, those of its task first."""
    flat, works = config.to_flat(), cited_by(config.task.first_seen)
    told = {f"{key}={value}" for key, value in flat.items() if key not in config.idle}
    of_task = [one for work in works for one in references() if one.cited == work]
    of_settings = [one for one in references() if told & set(one.settings)]
    return list(dict.fromkeys([*of_task, *of_settings]))


def bibtex(moment: Moment) -> bytes:
    """The entries, each once, under a line that says what of."""
    config = moment.run.config
    head = f"% What this run rests on: {config.task.title}, {config.label}.\n"
    return (head + "\n" + "\n\n".join(one.entry for one in rests_on(config)) + "\n").encode()


BIBTEX = Export(
    "bibtex", "BibTeX", "The papers behind the task, the cell and the settings.", ".bib", "application/x-bibtex", bibtex
)
