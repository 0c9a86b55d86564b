"""One horizon ahead, over the beginning of the held-out part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Layout, View, figure
from app.figures.series.lines import NAMES, PLAIN, along, dated, keys, line, own_unit, series_axis, truth_line
from app.figures.theme import Style
from app.text.series.caption import ahead_words
from app.text.series.forecasts import LINEAR, NETWORK, WHO, Forecasts
from core.config import RunConfig
from core.numbers import percent
from core.tasks.series import Series


def one_step(
    arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], config: RunConfig, task: Series, style: Style
) -> View:
    """From the answer to "forecast"."""
    steps = int(meta["first"]) + np.arange(len(arrays["shown_truth"]))
    told = {who: own_unit(values, task) for who, values in zip(WHO, arrays["shown"])}
    truth, drawn = own_unit(arrays["shown_truth"], task), (NETWORK, LINEAR)
    layout: Layout = {
        **series_axis(task, style),
        "yaxis": {"nticks": 6, "minexponent": PLAIN, "title": {"text": "" if style.narrow else task.unit}},
        "hovermode": "x",
    }
    x = along(steps, task)
    data = [truth_line(x, truth, style), *(line(x, told[who], who, config, style) for who in reversed(drawn))]
    return View(
        name="one_step",
        title=f"{ahead_words(task.horizon)}",
        hint=_hint(Forecasts.of(arrays, meta)),
        alt=f"{len(steps):,} steps from step {steps[0]:,} on, each forecast from the ones before.",
        figure=figure(style, data, layout, height=260, bottom=46),
        table=lambda: DataFrame(
            {"step": steps} | dated(steps, task) | {"the series": truth} | {NAMES[who]: told[who] for who in WHO}
        ),
        keys=keys(config, style, who=drawn),
    )  # fmt: skip


def _hint(found: Forecasts) -> str:
    if not found.known:
        return "The network's forecasts are not numbers."
    others = ", ".join(f"{found.name(who)} by {percent(found.off[who])}" for who in WHO[1:])
    return (
        f"Over the whole held-out part the network is off by {percent(found.off[NETWORK])} of the spread, {others}. "
        "All were fitted to the training part alone."
    )
