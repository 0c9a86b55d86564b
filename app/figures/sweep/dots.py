"""One quantity as dots, a panel a setting: a line of medians where one is varied, the same dots again where points were
drawn at random."""

from __future__ import annotations

from math import isfinite

from app.figures.base import Layout, plain_log_axis
from app.figures.sweep.points import is_number, link, position, setting_axis, value_of
from app.figures.theme import Style
from core.sweep import Quantity, Result, Results

LINES, PANEL, TOP = 300, 250, 34
"""Pixels: the picture of one setting, a panel of several, and what stands over them."""


def dots(results: Results, quantity: Quantity, style: Style) -> tuple[list[Layout], Layout, int]:
    """A panel a setting, on the same heights; a line of medians where it is the only one."""
    count = len(results.sweep.axes)
    across = 1 if style.narrow else count
    data: list[Layout] = []
    layout: Layout = {"hovermode": "closest", "meta": {"leads": True}}
    value_axis = _value_axis(results, quantity)
    down = -(-count // across)
    for axis in range(count):
        name = "" if axis == 0 else str(axis + 1)
        column, row = axis % across, axis // across
        width, height = 1 / across, 1 / down
        gap_x, gap_y = (0.07 if column else 0.0), (0.16 if row < down - 1 else 0.0)
        layout[f"xaxis{name}"] = setting_axis(results, axis) | {
            "domain": [column * width + gap_x * width, (column + 1) * width], "anchor": f"y{name}",
        }  # fmt: skip
        top = 1 - row * height
        layout[f"yaxis{name}"] = value_axis | {
            "domain": [top - height + gap_y * height, top], "anchor": f"x{name}", "showticklabels": column == 0,
        }  # fmt: skip
        data += _panel(results, axis, quantity, name, style)
    return data, layout, (LINES if count == 1 else PANEL * down) + TOP


def _panel(results: Results, axis: int, quantity: Quantity, name: str, style: Style) -> list[Layout]:
    on = {"xaxis": f"x{name}", "yaxis": f"y{name}"}
    points = list(zip(results.sweep.points, results.rows, strict=True))
    data: list[Layout] = []
    if len(results.sweep.axes) == 1 and not results.sweep.draws:
        middles = [(position(results, 0, point.values[0]), quantity.middle(row)) for point, row in points]
        known = sorted((x, y) for x, y in middles if isfinite(y))
        mode = "lines" if is_number(results, 0) else "markers"
        data.append({
            "type": "scatter", "mode": mode, "x": [x for x, _ in known], "y": [y for _, y in known],
            "line": {"color": style.theme.muted, "width": 2}, "hoverinfo": "skip",
            "marker": {"symbol": "line-ew-open", "size": 26, "color": style.theme.muted, "line": {"width": 2}}, **on,
        })  # fmt: skip
    for solves, symbol in ((True, "circle"), (False, "circle-open")):
        runs = [(position(results, axis, point.values[axis]), value, run, place)
                for place, (point, row) in enumerate(points) for run in row
                if (value := value_of(run, quantity)) is not None and _solves(run) == solves]  # fmt: skip
        if runs:
            data.append({
                "type": "scatter", "mode": "markers", "x": [x for x, *_ in runs], "y": [y for _, y, *_ in runs],
                "text": [_run_words(results, place, run, quantity) for *_, run, place in runs],
                "customdata": [link(run) for *_, run, _ in runs], "hovertemplate": "%{text}<extra></extra>",
                "marker": {"symbol": symbol, "size": 8, "color": style.theme.ink, "opacity": 0.85}, "cliponaxis": False,
                **on,
            })  # fmt: skip
    return data


def _solves(run: Result) -> bool:
    return run.measured is not None and run.measured.outcome.solved is not None


def _run_words(results: Results, place: int, run: Result, quantity: Quantity) -> str:
    value = value_of(run, quantity)
    return f"{results.sweep.labels[place]}, seed {run.config.seed}: {quantity.title} {quantity.said(value or 0.0)}"


def _value_axis(results: Results, quantity: Quantity) -> Layout:
    values = [value for run in results.runs if (value := value_of(run, quantity)) is not None]
    if quantity.name == "score":
        return {
            "range": [-0.02, 1.05],
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
            "ticktext": ["0", "25 %", "50 %", "75 %", "100 %"],
        }
    if not values:
        return {"range": [0, 1], "tickvals": []}
    low, high = min(values), max(values)
    if quantity.log and low > 0 and high > 4 * low:
        return plain_log_axis(low / 1.2, high * 1.2)
    margin = 0.08 * (high - low) or 0.08 * abs(high) or 1
    return {"range": [low - margin, high + margin], "nticks": 6}
