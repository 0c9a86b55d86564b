"""Memory capacity, summed over the lags, under the bound that the number of units sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Layout, View, figure, reference_line
from app.figures.memory.lines import finite, keys, now_line, start_line
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import plural, sig

Arrays = Mapping[str, np.ndarray]
SHOWN = 0.995
"""Lags are shown up to where this share of both sums is reached."""


def capacity(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style) -> View:
    """From the answer to "capacity"; the knobs of the other pictures say what is read."""
    lags, bound = arrays["lag"], int(meta["bound"])
    sums = {who: np.cumsum(arrays[who]) for who in ("now", "start")}
    last = _last(sums, lags)
    totals = [float(values[-1]) for values in sums.values() if np.isfinite(values[-1])]
    high = 1.08 * bound if max(totals, default=0) > bound / 4 else max(1.25 * max(totals, default=1), 1.0)
    layout: Layout = {
        "xaxis": {"range": [-0.5, last + 0.5], "nticks": 5, "showgrid": False, "title": {"text": "lags up to k"}},
        "yaxis": {"range": [0, high], "nticks": 6},
        "shapes": [reference_line(bound, style)] if bound <= high else [],
        "hovermode": "x",
        "meta": {"axis": "lag"},
    }
    hover = "%{y:.2f} up to lag %{x}"
    data = [
        start_line(lags, finite(sums["start"]), style, hover),
        now_line(lags, finite(sums["now"]), config, hover),
    ]
    return View(
        name="capacity",
        title="Memory capacity",
        hint=_hint(sums, meta, int(lags[-1]), config),
        alt=f"Capacity up to lag {lags[-1]}: {_within(sums['now'][-1], bound)}, untrained "
            f"{_within(sums['start'][-1], bound)}; the bound is {bound}.",
        figure=figure(style, data, layout, height=250, bottom=44),
        table=lambda: DataFrame({"lag": lags, "capacity": arrays["now"], "untrained": arrays["start"],
                                 "sum": sums["now"], "untrained sum": sums["start"]}),
        keys=(*keys(config, style), *_bound_key(bound, high, style)),
    )  # fmt: skip


def _bound_key(bound: int, high: float, style: Style) -> tuple[Key, ...]:
    if bound > high:
        return ()
    return (Key(f"bound: {bound}", style.theme.muted, dash="dot", width=1.5),)


def _last(sums: Mapping[str, np.ndarray], lags: np.ndarray) -> int:
    """The first lag at which both sums are nearly whole."""
    known = [values for values in sums.values() if np.isfinite(values).all()]
    reached = [int(np.flatnonzero(values >= min(SHOWN * values.max(), values.max()))[0]) for values in known]
    return min(max([*reached, 4]) + 2, int(lags[-1]))


def _within(total: float, bound: int) -> str:
    """As it is written: what few sequences find beyond the bound is sampling's."""
    return sig(min(max(total, 0.0), bound)) if np.isfinite(total) else sig(total)


def _bound(bound: int, config: RunConfig) -> str:
    H = config.cell.hidden_size
    return plural(bound, "unit") if bound == H else f"{bound:,}, {config.cell.state_words} of {plural(H, 'unit')}"


def _hint(sums: Mapping[str, np.ndarray], meta: Mapping[str, Any], last: int, config: RunConfig) -> str:
    now, start, bound = float(sums["now"][-1]), float(sums["start"][-1]), int(meta["bound"])
    if not np.isfinite(now):
        return "The states are not finite: nothing can be read from them."
    held, before = (_within(value, bound) for value in (now, start))
    words = f"{held} of at most {_bound(bound, config)}, over lags 0 to {last}; untrained {before}."
    if now < 0.9 * start:
        words += " Trained, it keeps less of what comes at random; whether it kept what is asked stands above."
    elif now > 1.1 * start:
        words += " Training made it remember more."
    return f"{words} Measured on the task's inputs in a random order: no unit can then hold more than one input."
