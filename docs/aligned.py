"""For the pages of the library: what docstrings write in columns, ``name  what it is``, becomes a definition list."""

from __future__ import annotations

import re
from typing import Any

import griffe

COLUMNS = re.compile(r"^(?P<name>[A-Za-z_∂‖][^\n]*?) {2,}(?P<text>\S.*)$")


class Aligned(griffe.Extension):
    """Rewrites every docstring as it is read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Of modules, classes, functions and attributes alike."""
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)


def as_markdown(text: str) -> str:
    """``text`` with every paragraph of columns as definitions, and `` ``code`` `` as `code`."""
    paragraphs = [_paragraph(part) for part in text.replace("``", "`").split("\n\n")]
    return "\n\n".join(paragraphs)


def _paragraph(text: str) -> str:
    lines = text.split("\n")
    if not COLUMNS.match(lines[0]):
        return text
    parts: list[list[str]] = []
    for line in lines:
        found = COLUMNS.match(line)
        if found:
            parts.append([found["name"], found["text"]])
        elif line.startswith(" "):
            parts[-1][1] = f"{parts[-1][1]} {line.strip()}".strip()
        else:  # too long for the column: what it is stands below it
            parts.append([line, ""])
    return "\n\n".join(f"`{name}`\n:   {words}" for name, words in parts)
