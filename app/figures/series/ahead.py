"""How the errors grow the farther ahead a forecast reaches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Layout, View, figure, percent_axis, percents, reference_line
from app.figures.series.lines import NAMES, keys, line
from app.figures.theme import Style
from app.text.series.caption import ahead_words
from app.text.series.forecasts import WHO, Forecasts
from core.config import RunConfig
from core.numbers import percent

MOST = 2.0
"""Errors beyond this many spreads leave the picture."""


def ahead(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], config: RunConfig, style: Style) -> View:
    """From the answer to "forecast"."""
    found = Forecasts.of(arrays, meta)
    K = found.ahead.shape[1]
    steps, errors = np.arange(1, K + 1), np.where(np.isfinite(found.ahead), found.ahead, np.nan)
    high = min(MOST, 1.08 * max(1.0, float(np.nanmax(errors))))
    layout: Layout = {
        "xaxis": {"range": [0.5, K + 0.5], "nticks": style.ticks, "showgrid": False, "title": {"text": "steps ahead"}},
        "yaxis": percent_axis(0, high) | {"title": {"text": "" if style.narrow else "off, of the spread"}},
        "shapes": [reference_line(1.0, style)],
        "hovermode": "x",
        "meta": {"axis": "ahead"},
    }
    data = [
        line(steps, values, who, config, style, "%{text}", text=percents(values))
        for who, values in reversed(list(zip(WHO, errors)))
    ]
    return View(
        name="ahead",
        title="Errors by steps ahead",
        hint=_hint(found),
        alt="; ".join(
            f"{NAMES[who]} {percent(values[0])} to {percent(values[-1])}" for who, values in zip(WHO, found.ahead)
        ) + ".",
        figure=figure(style, data, layout, height=260, bottom=46),
        table=lambda: DataFrame({"steps ahead": steps} | {NAMES[who]: values for who, values in zip(WHO, found.ahead)}),
        keys=keys(config, style, truth=False),
    )  # fmt: skip


def _hint(found: Forecasts) -> str:
    if not found.known:
        return "The network's forecasts are not numbers."
    K = found.ahead.shape[1]
    near, far = found.best_at(1), found.best_at(K)
    first = f"{ahead_words(1)}, {found.name(near)} is off least"
    last = "" if K == 1 else f", and {ahead_words(K)} too" if near == far else f"; {ahead_words(K)}, {found.name(far)}"
    return f"{first}{last}. The dotted line is the spread: so far off is who always answers the part's own mean."
