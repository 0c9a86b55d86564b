"""What every picture hands back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import plotly.graph_objects as go

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
class Table:
    """The numbers of a picture as rows. Numbers stay numbers; None where there is none."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class View:
    """A picture with its words and its numbers.

    hint   one line: what to see here
    alt    the present numbers for whoever does not see the picture
    """

    name: str
    title: str
    hint: str
    alt: str
    figure: go.Figure
    table: Table
    keys: tuple[Key, ...] = ()
    scales: tuple[Scale, ...] = field(default=())
