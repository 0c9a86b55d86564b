"""A text on a grid, a cell a letter, whose ground says something of each symbol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.figures.base import Layout, colorscale
from app.figures.theme import Stops, Style
from core.tasks.endless import Endless

WIDE, NARROW = 76, 30
"""Letters in a line."""
LINE = 23
"""Pixels of its height."""
MONO = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace'
BREAKS = "␣↵"
GAP = -1
"""The owner of a space between words, which is no symbol."""

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Where the letters of L symbols stand, n of them.

    owner    (n,) the symbol that each belongs to, or GAP
    letters  (n,) as they are shown
    line, column  (n,) where they stand
    lines, width  of the whole grid
    """

    owner: Whole
    letters: list[str]
    line: Whole
    column: Whole
    lines: int
    width: int

    def of(self, k: int) -> Whole:
        """Places among the letters of those of symbol ``k``."""
        return np.flatnonzero(self.owner == k)

    @property
    def cells(self) -> list[list[int]]:
        """The symbol in every cell, line by line; GAP where there is none."""
        owners = np.full((self.lines, self.width), GAP)
        owners[self.line, self.column] = self.owner
        return owners.tolist()


def grid_of(places: Sequence[int] | Whole, task: Endless, style: Style) -> Grid:
    """The symbols at ``places`` in the vocabulary of ``task``: lines end between words where they can."""
    owner, letters = list[int](), list[str]()
    for k, (place, space) in enumerate(zip(places, task.text_read.spaced(places))):
        shown = f" {task.vocabulary[place]}" if space else task.vocabulary[place]
        letters += shown
        owner += [GAP if space and not j else k for j in range(len(shown))]
    width = NARROW if style.narrow else WIDE
    line, column, lines = _set(letters, width)
    return Grid(np.array(owner, np.int64), letters, line, column, lines, width)


def _set(letters: Sequence[str], width: int) -> tuple[Whole, Whole, int]:
    """(line, column) of every letter, and how many lines there are."""
    line, column = np.zeros(len(letters), np.int64), np.zeros(len(letters), np.int64)
    row, first = 0, 0
    while first < len(letters):
        stop = min(first + width, len(letters))
        if stop < len(letters):
            ends = [k for k in range(first + width // 2, stop) if letters[k] in f" {BREAKS}"]
            stop = ends[-1] + 1 if ends else stop
        line[first:stop], column[first:stop] = row, np.arange(stop - first)
        row, first = row + 1, stop
    return line, column, row


def text_grid(
    grid: Grid, values: np.ndarray, words: Sequence[str], style: Style, *, stops: Stops, low: float, high: float,
    click: Mapping[str, Any] | None = None,
) -> tuple[Layout, Layout, int]:  # fmt: skip
    """The heatmap of a grid whose L symbols are coloured by ``values`` (L,), NaN without a colour, each with what
    hovering says; the layout of its axes; and its height in pixels. ``click``: the ``knob`` that a click on a
    symbol sets to its number, from 1, what ``beside`` is set at once, and the picture in which it is ``shown``."""
    own = grid.owner != GAP
    z = np.full((grid.lines, grid.width), np.nan, np.float32)
    z[grid.line[own], grid.column[own]] = values[grid.owner[own]]
    text, hover = (np.full((grid.lines, grid.width), "", object) for _ in range(2))
    text[grid.line, grid.column] = ["" if not of_symbol or np.isnan(values[k]) else _letter(letter)
                                    for letter, k, of_symbol in zip(grid.letters, grid.owner, own)]  # fmt: skip
    hover[grid.line[own], grid.column[own]] = [words[k] for k in grid.owner[own]]
    heat = {"type": "heatmap", "z": z, "zmin": low, "zmax": high, "colorscale": colorscale(stops), "showscale": False,
            "text": text.tolist(), "texttemplate": "%{text}", "textfont": _font(style),
            "customdata": hover.tolist(), "hovertemplate": "%{customdata}<extra></extra>", "hoverongaps": False,
            "ygap": 3}  # fmt: skip
    layout: Layout = {
        "xaxis": {"visible": False, "range": [-0.5, grid.width - 0.5], "fixedrange": True},
        "yaxis": {"visible": False, "range": [grid.lines - 0.5, -0.5], "fixedrange": True},
        "meta": {"axis": "text"},
    }
    if click:
        layout["meta"]["click"] = {**click, "first": 1, "cells": grid.cells}
    return heat, layout, LINE * grid.lines + 14


def outlined(grid: Grid, k: int, style: Style) -> list[Layout]:
    """A frame around symbol ``k``, one for each line that it stands in."""
    own = grid.of(k)
    frames = []
    for line in np.unique(grid.line[own]).tolist():
        columns = grid.column[own[grid.line[own] == line]]
        frames.append({
            "type": "rect", "x0": columns.min() - 0.5, "x1": columns.max() + 0.5, "y0": line - 0.5, "y1": line + 0.5,
            "line": {"color": style.theme.grown, "width": 2},
        })  # fmt: skip
    return frames


def plain_text(grid: Grid, first: int, style: Style) -> Layout:
    """The symbols from ``first`` on without a ground."""
    shown = np.flatnonzero(grid.owner >= first)
    return {"type": "scatter", "mode": "text", "x": grid.column[shown], "y": grid.line[shown], "hoverinfo": "skip",
            "text": [_letter(grid.letters[k]) for k in shown],
            "textfont": _font(style) | {"color": style.theme.muted}}  # fmt: skip


def _letter(letter: str) -> str:
    return " " if letter == "␣" else letter


def _font(style: Style) -> Layout:
    return {"family": MONO, "size": 11 if style.narrow else 14}


def quoted_symbol(symbol: str) -> str:
    """'“e”'."""
    return f"“{symbol}”"
