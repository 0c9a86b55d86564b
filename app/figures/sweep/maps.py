"""One quantity as heatmaps: over two settings, and one for each value of a third."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite, isnan, log10, nan

import numpy as np

from app.figures.base import Layout, Scale, colorscale
from app.figures.sweep.points import first_link, level_words, levels, point_words, title, value_names
from app.figures.theme import LIGHT, MEASURE, Stops, Style
from core.sweep import Quantity, Results

ROW, TOP, BOTTOM, LETTERS = 46, 34, 48, 40
"""Pixels: a row, what stands over a panel and under the last one, and the width of a cell whose number can be read."""
BRIGHT = 0.55
"""From there up the colours of MEASURE are a ground for dark letters."""


def maps(results: Results, quantity: Quantity, style: Style) -> tuple[list[Layout], Layout, int]:
    """The axis with most values runs along x, that with fewest over panels."""
    order = sorted(range(len(results.sweep.axes)), key=lambda axis: -len(levels(results, axis)))
    x, y, *third = order
    panels: list[object] = levels(results, third[0]) if third else [None]
    rows, columns = levels(results, y), levels(results, x)
    places = {point.values: place for place, point in enumerate(results.sweep.points)}
    heights = len(rows) * ROW
    whole = len(panels) * (heights + TOP) - TOP
    left = 7 * max(len(word) for word in level_words(results, y)) + 24
    data: list[Layout] = []
    notes: list[Layout] = []
    layout: Layout = {"hovermode": "closest", "meta": {"leads": True}, "annotations": notes}
    for number, panel in enumerate(panels):
        name, top, last = str(number + 1) if number else "", 1 - number * (heights + TOP) / whole, panel == panels[-1]
        cells = [[places.get(_values(x, y, third, column, row, panel)) for column in columns] for row in rows]
        data.append(_heatmap(results, cells, quantity, name))
        notes += _numbers(results, cells, quantity, name, style)
        at = f", at {value_names(results, third[0])[panel]}" if third else ""
        notes.append(_heading(f"{title(results.sweep.axes[y])}{at}", top, left, style))
        layout[f"xaxis{name}"] = _places(_fewer(level_words(results, x), style)) | {
            "showticklabels": last, "anchor": f"y{name}",
            "title": {"text": title(results.sweep.axes[x]) if last else ""},
        }  # fmt: skip
        layout[f"yaxis{name}"] = _places(level_words(results, y)) | {
            "domain": [max(0.0, top - heights / whole), top], "anchor": f"x{name}",
        }  # fmt: skip
    layout["margin"] = {"l": left, "r": style.right, "t": TOP, "b": BOTTOM, "pad": 0}
    return data, layout, whole + TOP + BOTTOM


def _values(x: int, y: int, third: list[int], column: object, row: object, panel: object) -> tuple[object, ...]:
    by_axis = {x: column, y: row} | ({third[0]: panel} if third else {})
    return tuple(by_axis[axis] for axis in range(len(by_axis)))


def _places(words: Sequence[str]) -> Layout:
    """An axis of cells."""
    return {"tickvals": list(range(len(words))), "ticktext": list(words), "showgrid": False, "fixedrange": True,
            "range": [-0.5, len(words) - 0.5]}  # fmt: skip


def _fewer(words: Sequence[str], style: Style) -> list[str]:
    """As many ticks as have room beside each other."""
    room = max(1, style.plot_width // (8 * max(map(len, words)) + 10))
    stride = -(-len(words) // room)
    return [word if place % stride == 0 else "" for place, word in enumerate(words)]


def _heading(text: str, top: float, left: int, style: Style) -> Layout:
    return {"text": text, "xref": "paper", "yref": "paper", "x": 0, "y": top, "xanchor": "left", "yanchor": "bottom",
            "xshift": 4 - left, "yshift": 6, "showarrow": False,
            "font": {"color": style.theme.muted, "size": 12}}  # fmt: skip


Cells = Sequence[Sequence[int | None]]
"""Of every cell of a heatmap its point, None where there is none."""


def _heatmap(results: Results, cells: Cells, quantity: Quantity, name: str) -> Layout:
    low, high = _limits(results, quantity)
    z = [[nan if place is None else _height(quantity.middle(results.rows[place]), quantity) for place in row]
         for row in cells]  # fmt: skip
    said = [["" if place is None else point_words(results, place, quantity) for place in row] for row in cells]
    return {
        "type": "heatmap", "z": np.array(z, np.float32), "zmin": low, "zmax": high, "showscale": False,
        "colorscale": colorscale(_stops(quantity)), "xgap": 2, "ygap": 2, "hoverongaps": False, "hovertext": said,
        "customdata": [["" if place is None else first_link(results.rows[place]) for place in row] for row in cells],
        "hovertemplate": "%{hovertext}<extra></extra>", "xaxis": f"x{name}", "yaxis": f"y{name}",
    }  # fmt: skip


def _numbers(results: Results, cells: Cells, quantity: Quantity, name: str, style: Style) -> list[Layout]:
    """What stands in each cell: its number, never, or that it is not trained yet."""
    narrow = max(len(row) for row in cells) * LETTERS > style.plot_width
    return [] if narrow else [
        {"text": text, "x": x, "y": y, "xref": f"x{name}", "yref": f"y{name}", "showarrow": False,
         "bgcolor": "rgba(0,0,0,0)", "font": {"size": 12, "color": color}}
        for y, row in enumerate(cells) for x, place in enumerate(row)
        for text, color in [_number(results, place, quantity, style)]
    ]  # fmt: skip


def _number(results: Results, place: int | None, quantity: Quantity, style: Style) -> tuple[str, str]:
    """A cell's text and its colour, which goes with that of the cell."""
    if place is None or not any(run.measured for run in results.rows[place]):
        return "" if place is None else "…", style.theme.muted
    middle = quantity.middle(results.rows[place])
    height, (low, high) = _height(middle, quantity), _limits(results, quantity)
    if isnan(height):
        return quantity.said(middle), style.theme.muted
    at = (height - low) / (high - low)
    bright = at > BRIGHT if quantity.never != inf else at < 1 - BRIGHT
    return quantity.said(middle), LIGHT.ink if bright else LIGHT.surface


def _height(value: float, quantity: Quantity) -> float:
    if not isfinite(value) or (quantity.log and value <= 0):
        return nan
    return log10(value) if quantity.log else value


def _limits(results: Results, quantity: Quantity) -> tuple[float, float]:
    """The ends of the colours: 0 to 1 for a score, else from the smallest median to the largest."""
    if quantity.name == "score":
        return 0.0, 1.0
    known = [height for row in results.rows if not isnan(height := _height(quantity.middle(row), quantity))]
    low, high = min(known, default=0.0), max(known, default=1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _stops(quantity: Quantity) -> Stops:
    """Bright is what one looks for: few steps to solve, much of all else."""
    if quantity.never != inf:
        return MEASURE
    return tuple((round(1 - at, 6), color) for at, color in reversed(MEASURE))


def scales(results: Results, quantity: Quantity) -> tuple[Scale, ...]:
    low, high = _limits(results, quantity)
    ends = [float(f"{10.0**end:.6g}") if quantity.log else end for end in (low, high)]
    return (Scale(quantity.title, _stops(quantity), ((0.0, quantity.said(ends[0])), (1.0, quantity.said(ends[1])))),)
