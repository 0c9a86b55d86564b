"""The gradient's size against the time step: a line a member, with a band over its seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Layout, View, bands, decades_axis, figure, reference_line, time_axis, with_gaps
from app.figures.compare.band import band, line, over_seeds
from app.figures.compare.side import Side, moment_words, seed_words
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import portion
from core.reading.horizon import SHARE

DECADES = 14
"""The axis shows at most so many decades below the largest value."""


def curves(sides: Sequence[Side], config: RunConfig, style: Style) -> View:
    """Draw flow ÷ flow at the asked step on a log axis; median and band are taken of its logarithm."""
    T, spreads = config.task.length, [over_seeds(side.ratios) for side in sides]
    steps = np.arange(T + 1)
    low, high = _range(spreads)
    traces: list[Layout] = []
    for side, (least, _, most) in zip(sides, spreads):
        traces += band(steps, _power(least), _power(most), side.look)
    traces += [line(steps, _power(middle), side.look, side.label, "step %{x}: %{y} of the last step")
               for side, (_, middle, _) in zip(sides, spreads)]  # fmt: skip
    axis = decades_axis(low, high, "" if style.narrow else "gradient ÷ last step")
    layout: Layout = {
        "xaxis": time_axis(style, T),
        "yaxis": axis,
        "shapes": [*bands(config.task.marks(), style), reference_line(SHARE, style)],
        "annotations": [{"text": "1 % of the last step", "xref": "paper", "x": 1, "xanchor": "right", "xshift": -4,
                         "y": -2, "yanchor": "top"}],
        "meta": {"axis": "time"},
    }  # fmt: skip
    return View(
        name="curves",
        title="The same as curves",
        hint=f"{seed_words(len(side.there) for side in sides)} A straight line is one factor per step.",
        alt=_alt(sides, spreads),
        figure=figure(style, traces, layout, height=260 if style.narrow else 320, top=14, bottom=44),
        table=lambda: _table(sides, spreads),
        keys=keys(sides),
    )


def keys(sides: Sequence[Side]) -> tuple[Key, ...]:
    """The members as the legend of every picture has them."""
    return tuple(Key(side.label, side.look.color, dash=side.look.dash, width=2.2) for side in sides)


def _power(log: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return 10.0 ** log.astype(np.float64)


def _range(spreads: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> tuple[int, int]:
    """Whole even decades around every median, at most DECADES of them; found may reach two further."""
    middles = np.concatenate([middle[1:] for _, middle, _ in spreads])
    edges = np.concatenate([edge[1:] for low, _, high in spreads for edge in (low, high)])
    middles, edges = middles[np.isfinite(middles)], edges[np.isfinite(edges)]
    if not middles.size:
        return -4, 0
    low = min(float(middles.min()), -2.2)
    high = max(float(middles.max()), 0.3)
    low, high = min(low, max(float(edges.min()), low - 2)), max(high, min(float(edges.max()), high + 2))
    return max(2 * int(np.floor(low / 2)), int(np.ceil(high)) - DECADES), int(np.ceil(high))


def _alt(sides: Sequence[Side], spreads: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> str:
    parts = []
    for side, (low, middle, high) in zip(sides, spreads):
        values = [
            portion(10.0 ** float(each[1])) if np.isfinite(each[1]) else "nothing" for each in (middle, low, high)
        ]
        parts.append(f"{side.label}: {values[0]} of the last step arrives at step 1 ({values[1]} to {values[2]})")
    return f"Gradient size against time step on a log scale, {moment_words(sides)}. " + "; ".join(parts) + "."


def _table(sides: Sequence[Side], spreads: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> DataFrame:
    columns = {}
    for side, three in zip(sides, spreads):
        for word, each in zip(("lowest", "median", "highest"), map(_power, three)):
            columns[f"{side.label}, {word}"] = with_gaps(each, np.isfinite(each))
    return DataFrame({"time step": range(len(spreads[0][0]))} | columns)
