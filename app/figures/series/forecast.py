"""The series goes on: what was, what came, and what the network and those who need none said of it beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Knob, Layout, View, area, figure
from app.figures.series.lines import NAMES, PLAIN, along, between, dated, keys, line, own_unit, series_axis, truth_line
from app.figures.theme import CELL_LOOKS, Style
from app.text.series.forecasts import NETWORK, WHO
from core.config import RunConfig
from core.numbers import plural, sig
from core.tasks.series import Series

Arrays = Mapping[str, np.ndarray]
START, STEPS = "series_start", "series_steps"
BAND = "80 % of its errors"


def forecast(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, task: Series, style: Style, *, start: int,
             steps: int) -> View:  # fmt: skip
    """From the answer to "forecast"."""
    K, place = arrays["ahead"].shape[1], int(meta["place"])
    ahead, before = np.arange(place, place + K), np.arange(place - len(arrays["before"]), place)
    told = {who: own_unit(values, task) for who, values in zip(WHO, arrays["ahead"])}
    past, truth = own_unit(arrays["before"], task), own_unit(arrays["truth"], task)
    low, high = (own_unit(arrays["ahead"][0] + arrays[end], task) for end in ("low", "high"))
    begin, shown = between(place, task), before >= place - 2 * K - 20
    layout: Layout = {
        **series_axis(task, style),
        "yaxis": {"nticks": 6, "minexponent": PLAIN, "title": {"text": "" if style.narrow else task.unit},
                  "range": _room(past[shown], truth)},
        "shapes": [{"type": "line", "x0": begin, "x1": begin, "yref": "paper", "y0": 0, "y1": 1,
                    "line": {"color": style.theme.muted, "width": 1, "dash": "dot"}}],
        "hovermode": "x",
    }  # fmt: skip
    color = CELL_LOOKS[config.cell.name].color
    x = along(ahead, task)
    data = [
        *area(x, low, high, color, 0.18, name=BAND),
        truth_line(along(np.concatenate([before[shown], ahead]), task), np.concatenate([past[shown], truth]), style),
        *(line(x, told[who], who, config, style) for who in reversed(WHO)),
    ]
    table = (
        {"step": ahead}
        | dated(ahead, task)
        | {"the series": truth}
        | {NAMES[who]: told[who] for who in WHO}
        | {"low": low, "high": high}
    )
    return View(
        name="forecast",
        title="The series goes on",
        hint=_hint(meta, K, task),
        alt=f"From step {place:,} on, {plural(K, 'step')}: the series {_ends(truth)}; this network "
        f"{_ends(told[NETWORK])}.",
        figure=figure(style, data, layout, height=330, bottom=46),
        table=lambda: DataFrame(table),
        keys=(*keys(config, style), Key(BAND, color, kind="area")),
        knobs=(
            Knob(START, "place in the held-out part", str(start), 0, 100, 5, unit="%"),
            Knob(STEPS, "steps ahead", str(steps), 5, 100, 5),
        ),
    )


def _room(past: np.ndarray, truth: np.ndarray) -> list[float]:
    """From the lowest to the highest of the series, and half as much again: a forecast that runs away leaves."""
    low, high = float(min(past.min(), truth.min())), float(max(past.max(), truth.max()))
    room = 0.25 * (high - low or 1.0)
    return [low - room, high + room]


def _ends(values: np.ndarray) -> str:
    return f"{sig(float(values[0]), 3)} to {sig(float(values[-1]), 3)}"


def _hint(meta: Mapping[str, Any], K: int, task: Series) -> str:
    at = (
        f"The forecast begins at step {meta['place']:,}. Each value is forecast from the "
        f"{plural(task.length, 'value')} that end {plural(task.horizon, 'step')} before it"
    )
    if meta["free"]:
        at += f": from {plural(task.horizon + 1, 'step')} ahead on these are in part forecasts themselves"
    starts = plural(meta["starts"], "place")
    return f"{at}. The band holds 80 % of its errors, measured from {starts} of the held-out part."
