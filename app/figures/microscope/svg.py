"""Drawings of cells as SVG text: lines, nodes, boxes, and places for numbers.

The script fills in a number wherever a place names one: ``data-f`` on the way forwards, ``data-b`` on the way back,
both names of ``core.diagnostics.cell_diagram``. Lines are drawn forwards; on the way back their arrows turn round.
"""

from __future__ import annotations

from html import escape

WIDTH = 520
HEAD = (
    '<defs><marker id="um-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
    'markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 Z"/></marker></defs>'
)


def drawing(height: int, label: str, *parts: str) -> str:
    """The whole, ``WIDTH`` units wide; ``label`` for whoever does not see it."""
    body = "".join(parts)
    return (
        f'<svg class="um-svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">{HEAD}{body}</svg>'
    )


def line(path: str, forward: str = "", backward: str = "", *, dotted: bool = False, arrow: bool = True) -> str:
    """A line whose width says how much gradient goes along it."""
    kinds = "um-line" + (" um-dotted" if dotted else "") + (" um-arrow" if arrow else "")
    return f'<path class="{kinds}" d="{path}"{_names(forward, backward)}/>'


def number(x: float, y: float, forward: str, backward: str, anchor: str = "start") -> str:
    """A place for a number."""
    return f'<text class="um-number" x="{x}" y="{y}" text-anchor="{anchor}"{_names(forward, backward)}></text>'


def word(x: float, y: float, text: str, anchor: str = "middle", way: str = "") -> str:
    """A name; one that is there on the way there ("there") or on the way "back" alone."""
    kinds = "um-word" + (f" um-{way}" if way else "")
    return f'<text class="{kinds}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def node(x: float, y: float, sign: str) -> str:
    """An operation on numbers: × or +."""
    return (
        f'<circle class="um-node" cx="{x}" cy="{y}" r="12"/>'
        f'<text class="um-sign" x="{x}" y="{y + 6}" text-anchor="middle">{escape(sign)}</text>'
    )


def box(x: float, y: float, text: str, meter: str = "", width: float = 58, height: float = 40) -> str:
    """A nonlinearity around (x, y); ``meter`` names a number from 0 to 1 that fills its left edge."""
    left, top = x - width / 2, y - height / 2
    level = "" if not meter else (
        f'<rect class="um-meter" x="{left}" y="{top}" width="7" height="{height}" data-meter="{meter}"/>'
    )  # fmt: skip
    return (
        f'<rect class="um-box" x="{left}" y="{top}" width="{width}" height="{height}" rx="3"/>{level}'
        f'<text class="um-word" x="{x + (4 if meter else 0)}" y="{y + 5}" text-anchor="middle">{escape(text)}</text>'
    )


def _names(forward: str, backward: str) -> str:
    return (f' data-f="{forward}"' if forward else "") + (f' data-b="{backward}"' if backward else "")
