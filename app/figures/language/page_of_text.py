"""A text on a grid, a cell a symbol, whose ground says something of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.figures.base import Layout, colorscale
from app.figures.theme import Stops, Style

WIDE, NARROW = 76, 30
"""Symbols in a line."""
LINE = 23
"""Pixels of its height."""
MONO = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace'
BREAKS = "␣↵"


def places(symbols: Sequence[str], style: Style) -> tuple[np.ndarray, np.ndarray]:
    """(line, column) of every symbol, (L,) each: lines end between words where they can."""
    width = NARROW if style.narrow else WIDE
    line, column = np.zeros(len(symbols), int), np.zeros(len(symbols), int)
    row, first = 0, 0
    while first < len(symbols):
        stop = min(first + width, len(symbols))
        if stop < len(symbols):
            gaps = [k for k in range(first + width // 2, stop) if symbols[k] in BREAKS]
            stop = gaps[-1] + 1 if gaps else stop
        line[first:stop], column[first:stop] = row, np.arange(stop - first)
        row, first = row + 1, stop
    return line, column


def text_grid(
    symbols: Sequence[str],
    values: np.ndarray,
    words: Sequence[str],
    style: Style,
    *,
    stops: Stops,
    low: float,
    high: float,
) -> tuple[Layout, Layout, int]:
    """The heatmap of ``symbols`` coloured by ``values`` (L,), NaN without a colour, each with what hovering says; the
    layout of its axes; and its height in pixels."""  # fmt: skip
    line, column = places(symbols, style)
    lines, width = int(line.max(initial=0)) + 1, NARROW if style.narrow else WIDE
    z = np.full((lines, width), np.nan, np.float32)
    z[line, column] = values
    text, hover = (np.full((lines, width), "", object) for _ in range(2))
    text[line, column] = ["" if known else " " if symbol == "␣" else symbol
                          for symbol, known in zip(symbols, np.isnan(values))]  # fmt: skip
    hover[line, column] = list(words)
    heat = {"type": "heatmap", "z": z, "zmin": low, "zmax": high, "colorscale": colorscale(stops), "showscale": False,
            "text": text.tolist(), "texttemplate": "%{text}", "textfont": _font(style),
            "customdata": hover.tolist(), "hovertemplate": "%{customdata}<extra></extra>", "hoverongaps": False,
            "ygap": 3}  # fmt: skip
    layout: Layout = {
        "xaxis": {"visible": False, "range": [-0.5, width - 0.5], "fixedrange": True},
        "yaxis": {"visible": False, "range": [lines - 0.5, -0.5], "fixedrange": True},
        "meta": {"axis": "text"},
    }
    return heat, layout, LINE * lines + 14


def outlined(symbols: Sequence[str], k: int, style: Style) -> Layout:
    """A frame around symbol ``k``."""
    line, column = places(symbols, style)
    return {"type": "rect", "x0": column[k] - 0.5, "x1": column[k] + 0.5, "y0": line[k] - 0.5, "y1": line[k] + 0.5,
            "line": {"color": style.theme.grown, "width": 2}}  # fmt: skip


def plain_text(symbols: Sequence[str], first: int, style: Style) -> Layout:
    """The symbols from ``first`` on without a ground."""
    line, column = places(symbols, style)
    return {"type": "scatter", "mode": "text", "x": column[first:], "y": line[first:], "hoverinfo": "skip",
            "text": [" " if symbol == "␣" else symbol for symbol in symbols[first:]],
            "textfont": _font(style) | {"color": style.theme.muted}}  # fmt: skip


def _font(style: Style) -> Layout:
    return {"family": MONO, "size": 11 if style.narrow else 14}


def readable(symbols: Sequence[str]) -> str:
    """The text as one reads it."""
    return "".join({"␣": " ", "↵": "\n", "⇥": "\t", "␍": "\r"}.get(symbol, symbol) for symbol in symbols)


def quoted_symbol(symbol: str) -> str:
    """'“e”'."""
    return f"“{symbol}”"
