"""The points of a sweep as pictures need them: where they stand on each axis, and where their runs are seen."""

from __future__ import annotations

from math import isfinite
from typing import Any

from app.figures.base import Layout, plain_log_axis
from core.comparison import value_words
from core.numbers import exact
from core.sweep import Axis, Quantity, Result, Results

MOVING = {
    "missing": "not trained",
    "waiting": "waiting",
    "running": "training",
    "paused": "held",
    "ended": "ended early",
}


def levels(results: Results, axis: int) -> list[Any]:
    """The values that occur on an axis: numbers ascending, others in the order in which they are named."""
    found = list(dict.fromkeys(point.values[axis] for point in results.sweep.points))
    return sorted(found) if is_number(results, axis) else found


def is_number(results: Results, axis: int) -> bool:
    """Whether every value on an axis is a number."""
    known = results.sweep.axes[axis]
    return known.setting.kind in ("integer", "number") and all(
        point.values[axis] is not None for point in results.sweep.points
    )


def level_words(results: Results, axis: int) -> list[str]:
    """Each of ``levels`` as a tick says it: a number alone, anything else in words."""
    words = value_names(results, axis)
    return [exact(value) if is_number(results, axis) else words[value] for value in levels(results, axis)]


def value_names(results: Results, axis: int) -> dict[Any, str]:
    """Every value of an axis in words, with the setting's name where it needs one: 'rate 0.01', 'GRU'."""
    key = results.sweep.axes[axis].key
    return {point.values[axis]: value_words(point.config, key) for point in results.sweep.points}


def title(axis: Axis) -> str:
    """What stands along an axis."""
    return f"{axis.setting.title} ({axis.setting.unit})" if axis.setting.unit else axis.setting.title


def setting_axis(results: Results, axis: int) -> Layout:
    """A setting along x: numbers where they are, evenly apart in the logarithm where the setting is meant so."""
    known, values = results.sweep.axes[axis], levels(results, axis)
    shared: Layout = {"title": {"text": title(known)}, "showgrid": False}
    if not is_number(results, axis):
        return shared | {"tickvals": list(range(len(values))), "ticktext": level_words(results, axis),
                         "range": [-0.5, len(values) - 0.5]}  # fmt: skip
    low, high = float(values[0]), float(values[-1])
    if known.log and low > 0:
        return shared | plain_log_axis(low / 1.25, high * 1.25)
    margin = 0.06 * (high - low) or 0.5
    return shared | {"range": [low - margin, high + margin], "nticks": 6}


def position(results: Results, axis: int, value: Any) -> float:
    """Where a value stands along ``setting_axis``."""
    return float(value) if is_number(results, axis) else float(levels(results, axis).index(value))


def link(run: Result) -> str:
    """Where a run is seen, beside the page's own address; empty where there is none."""
    return f"gradient_flow?run={run.run}" if run.run else ""


def first_link(row: tuple[Result, ...]) -> str:
    """Where the first run of a point is seen that there is."""
    return next((link(run) for run in row if run.measured), next((link(run) for run in row if run.run), ""))


def value_of(run: Result, quantity: Quantity) -> float | None:
    """The quantity of one run, where it is a number."""
    value = quantity.of(run.measured) if run.measured else None
    return value if value is not None and isfinite(value) else None


def point_words(results: Results, place: int, quantity: Quantity) -> str:
    """What hovering says of a point."""
    row, label = results.rows[place], results.sweep.labels[place]
    solved, through = results.solved(row)
    if not through:
        states = dict.fromkeys(MOVING[run.state] for run in row)
        return f"{label}: {', '.join(states)}"
    of = f"median of {through}" if through > 1 else "one seed"
    return f"{label}: {quantity.title} {quantity.said(quantity.middle(row))} ({of}), {solved} of {through} solved"
