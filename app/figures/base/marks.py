"""What is marked on a time axis: labels and bars above it, bands, cuts, kinds of zero; and lines over training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.figures.base.records import Key, Layout
from app.figures.base.values import runs
from app.figures.theme import Style
from core.reading.horizon import BROKEN, CUT, KIND_NAMES, NOT_A_NUMBER, OVERFLOW, SATURATED, SILENT, UNDERFLOW
from core.tasks import Mark

PATTERNS = {CUT: "/", UNDERFLOW: ".", SATURATED: "+", SILENT: "|", OVERFLOW: "x", NOT_A_NUMBER: "-"}
"""The hatching of each kind of zero, the same in every picture."""


@dataclass(frozen=True)
class Label:
    """A word above a time axis: over steps ``first`` … ``last``."""

    text: str
    first: float
    last: float


def event_labels(events: Sequence[tuple[int, str]]) -> list[Label]:
    """A label for each of a task's (step, label) events; neighbours that say the same share one: "a × 7"."""
    groups: list[tuple[str, int, int]] = []
    for step, text in events:
        if groups and groups[-1][0] == text and groups[-1][2] == step - 1:
            groups[-1] = (text, groups[-1][1], step)
        else:
            groups.append((text, step, step))
    return [Label(text if first == last else f"{text} × {last - first + 1}", first, last)
            for text, first, last in groups]  # fmt: skip


def above(labels: Sequence[Label], T: int, style: Style) -> tuple[list[Layout], int]:
    """Annotations above the plot (yref paper, y = 1) that never overlap, and how many rows of text they take."""
    ends: list[float] = []  # the right end of the last label in each row, in pixels
    notes: list[Layout] = []
    for label in sorted(labels, key=lambda label: label.first + label.last):
        width = 7 * len(label.text) + 10
        middle = ((label.first + label.last) / 2 - 0.5) / T * style.plot_width
        left = min(max(middle - width / 2, 0), max(style.plot_width - width, 0))
        row = next((k for k, end in enumerate(ends) if end <= left), len(ends))
        ends[row : row + 1] = [left + width]
        anchor, x = "center", (label.first + label.last) / 2
        if middle - width / 2 < 0:
            anchor, x = "left", 0.5
        elif middle + width / 2 > style.plot_width:
            anchor, x = "right", T + 0.5
        notes.append({"text": label.text, "x": x, "xanchor": anchor, "y": 1, "yref": "paper", "yanchor": "bottom",
                      "yshift": 8 + 16 * row, "showarrow": False})  # fmt: skip
    return notes, len(ends)


def brackets(marks: Sequence[Mark], style: Style) -> list[Layout]:
    """A bar above the plot over the steps of each mark."""
    theme = style.theme
    return [
        {"type": "line", "x0": mark.first - 0.45, "x1": mark.last + 0.45, "yref": "paper", "ysizemode": "pixel",
         "yanchor": 1, "y0": 5, "y1": 5, "line": {"color": theme.ink if mark.kind == "asked" else theme.muted,
                                                  "width": 3 if mark.kind == "asked" else 2}}
        for mark in marks
    ]  # fmt: skip


def bands(marks: Sequence[Mark], style: Style) -> list[Layout]:
    """Faint columns behind a curve at the steps where information enters."""
    return [
        {"type": "rect", "x0": mark.first - 0.5, "x1": mark.last + 0.5, "yref": "paper", "y0": 0, "y1": 1,
         "fillcolor": style.theme.band, "line": {"width": 0}, "layer": "below"}
        for mark in marks if mark.kind == "enters"
    ]  # fmt: skip


MOST_CUTS = 400


def cut_lines(
    cuts: Sequence[int], style: Style, low: float, high: float, *, reset: bool = False, **trace: Any
) -> list[Layout]:
    """One trace with a vertical line between the states of every cut (the carry from b + 1 to b is zero).

    Dotted, since the state goes through; drawn through where it is ``reset`` there too. Of very many every n-th.
    """
    if not cuts:
        return []
    shown = list(cuts)[::-1][:: -(-len(cuts) // MOST_CUTS)][::-1]
    x = [value for cut in shown for value in (cut + 0.5, cut + 0.5, None)]
    line = {"color": style.theme.ink if reset else style.theme.muted, "width": 1 if len(cuts) > 40 else 1.5,
            "dash": "solid" if reset else "dot"}  # fmt: skip
    return [{"type": "scatter", "mode": "lines", "x": x, "y": [low, high, None] * len(shown), "line": line,
             "hoverinfo": "skip", "name": "truncation", **trace}]  # fmt: skip


def hatched(kinds: np.ndarray, style: Style, low: float, high: float, **trace: Any) -> list[Layout]:
    """Hatched areas over the runs of steps 1 … T that hold no ordinary number; one trace per kind of zero.

    ``kinds`` (T+1,) as core.reading.horizon.zeros gives them.
    """
    traces: list[Layout] = []
    for kind in PATTERNS:
        spans = [(max(first, 1) - 0.5, last + 0.5) for first, last in runs(kinds == kind) if last >= 1]
        traces += hatch(kind, [(left, right, low, high) for left, right in spans], style, **trace)
    return traces


def hatch(kind: int, boxes: Sequence[tuple[float, float, float, float]], style: Style, **trace: Any) -> list[Layout]:
    """One trace with the boxes (left, right, low, high) in the hatching of ``kind``; none where there is no box."""
    if not boxes:
        return []
    x = [value for left, right, _, _ in boxes for value in (left, right, right, left, left, None)]
    y = [value for _, _, low, high in boxes for value in (low, low, high, high, low, None)]
    return [{"type": "scatter", "mode": "lines", "line": {"width": 0}, "fill": "toself", "x": x, "y": y,
             "fillpattern": hatching(kind, style), "hoverinfo": "skip", "name": KIND_NAMES[kind], **trace}]  # fmt: skip


def hatching(kind: int, style: Style) -> Layout:
    """The fill pattern of ``kind``, the same in every picture of a gradient over time.

    What underflows or is zero behind dead units has faded, what overflowed has grown: their grounds are the ends of the
    scale. What is no number has a ground of its own; what is cut never was.
    """
    grounds = {UNDERFLOW: style.theme.flow[0][1], SATURATED: style.theme.flow[0][1], OVERFLOW: style.theme.flow[-1][1],
               NOT_A_NUMBER: style.theme.broken}  # fmt: skip
    ink = style.theme.surface if kind in BROKEN else hatch_color(kind, style)
    return {"shape": PATTERNS[kind], "fgcolor": ink, "bgcolor": grounds.get(kind, "rgba(0,0,0,0)"), "size": 6,
            "solidity": 0.25, "fillmode": "overlay"}  # fmt: skip


def hatch_color(kind: int, style: Style) -> str:
    """The color of ``kind`` in a legend."""
    if kind in BROKEN:
        return style.theme.broken if kind == NOT_A_NUMBER else style.theme.grown
    return style.theme.muted if kind in (CUT, SILENT) else "#9fc3ea"


def kind_keys(kinds: np.ndarray, style: Style) -> tuple[Key, ...]:
    """Legend entries for the kinds of zero that occur."""
    return tuple(
        Key(KIND_NAMES[kind], hatch_color(kind, style), "pattern", pattern=shape)
        for kind, shape in PATTERNS.items()
        if (kinds[1:] == kind).any()
    )


def outline(style: Style, x: tuple[float, float], y: tuple[float, float]) -> Layout:
    """A thin line around cells: those that are nearly white are there, and look it."""
    return {"type": "rect", "x0": x[0], "x1": x[1], "y0": y[0], "y1": y[1],
            "line": {"color": style.theme.faint, "width": 1}}  # fmt: skip


def reference_line(y: float, style: Style, dash: str = "dot") -> Layout:
    """A thin horizontal line across the plot at ``y``, behind the data."""
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "layer": "below",
            "line": {"color": style.theme.muted, "width": 1, "dash": dash}}  # fmt: skip


def cursor_line(step: int, style: Style) -> list[Layout]:
    """The moment the page shows, as a vertical line."""
    return [{"type": "line", "x0": step, "x1": step, "yref": "paper", "y0": 0, "y1": 1,
             "line": {"color": style.theme.ink, "width": 1}, "opacity": 0.5}]  # fmt: skip
