"""What every picture hands back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go
from pandas import DataFrame

from app.figures.theme import Stops

Layout = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """One entry of a picture's legend."""

    label: str
    color: str
    kind: Literal["line", "marker", "area", "pattern"] = "line"
    dash: str = "solid"
    width: float = 2
    marker: str = "circle"
    pattern: str = ""


@dataclass(frozen=True)
class Scale:
    """A colour scale to draw beside a picture: ``stops`` over 0 … 1, ``ticks`` as (position 0 … 1, text)."""

    label: str
    stops: Stops
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class SheetCell:
    """A cell of a sheet: a value, and a smaller remark under it; with a colour also a swatch before it; ``links`` to
    pages of ours, as (text, address beside the page's own)."""

    text: str
    note: str = ""
    color: str = ""
    dash: str = ""
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A table that is the picture itself: columns, and rows that begin with what they are about."""

    columns: tuple[str, ...]
    rows: tuple[tuple[SheetCell, ...], ...]

    @property
    def texts(self) -> list[list[str]]:
        """Every cell as one text, row by row."""
        return [[" ".join(filter(None, (cell.text, cell.note, *(text for text, _ in cell.links)))) for cell in row]
                for row in self.rows]  # fmt: skip

    @property
    def alt(self) -> str:
        """The table for whoever does not see it."""
        named = ((first, zip(self.columns[1:], rest)) for first, *rest in self.texts)
        return (
            "; ".join(f"{first}: {', '.join(f'{name} {text}' for name, text in rest)}" for first, rest in named) + "."
        )


@dataclass(frozen=True)
class Knob:
    """A control of a picture that asks for no new training: a slider, or with ``options`` a select.

    name     as in the URL, ``knob.<name>``
    value    the present value as text; all values travel so
    step     of a slider; with ``log`` in decades, since it then moves evenly in the logarithm
    options  (value, label) pairs of a select, which needs no bounds; of a text its suggestions
    text     the most characters of a line that is typed instead; 0 where it is none
    hint     what stands in the empty line
    hidden   whether the picture moves it in a way of its own, and no control is drawn for it
    """

    name: str
    label: str
    value: str
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    unit: str = ""
    log: bool = False
    options: tuple[tuple[str, str], ...] = ()
    text: int = 0
    hint: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class View:
    """A picture with its words and its numbers.

    hint     one line: what to see here
    alt      the present numbers for whoever does not see the picture
    table    makes the numbers of the picture, a column a quantity and a row a step, lag, unit …; called where they are
             looked at. What was measured and is no number is NaN; where nothing was measured stands NA (``with_gaps``)
    player   a step-by-step account over the picture, which the page's script plays (app.figures.microscope.player)
    problems sentences on what was asked for and cannot be had
    sheet    a table that stands in place of the figure
    toy      whether it shows a small system of its own and not the network of the page
    whole    whether it is of whole runs, and not of the training step on screen
    """

    name: str
    title: str
    hint: str
    alt: str
    figure: go.Figure
    table: Callable[[], DataFrame]
    keys: tuple[Key, ...] = ()
    scales: tuple[Scale, ...] = ()
    knobs: tuple[Knob, ...] = ()
    player: Mapping[str, Any] | None = None
    problems: tuple[str, ...] = ()
    sheet: Sheet | None = None
    toy: bool = False
    whole: bool = False
