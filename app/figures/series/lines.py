"""How the series, the network and those who need none are drawn on this page, in the series' own unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.figures.base import Key, Layout
from app.figures.theme import CELL_LOOKS, Style
from app.text.series.forecasts import LAST, LINEAR, NETWORK, SEASON, WHO
from core.config import RunConfig
from core.tasks.series import Series

TRUTH = "the series"
NAMES = {NETWORK: "this network", LINEAR: "linear autoregression", SEASON: "one season before", LAST: "last value"}
PLAIN = 5
"""Numbers have an exponent from 10⁵ on, as everywhere (core.numbers)."""
DASHES = {LINEAR: "dash", SEASON: "dot", LAST: "dashdot"}


def own_unit(values: np.ndarray, task: Series) -> np.ndarray:
    """Standard deviations as what was measured; NaN where it is no number."""
    known = task.known
    shown = np.asarray(values, np.float64) * known.deviation + known.mean
    return np.where(np.isfinite(shown), shown, np.nan)


def along(steps: np.ndarray, task: Series) -> list[str] | list[int]:
    """Where ``steps`` of the series, from 1, stand on its axis: at their dates where they have some."""
    if task.dates is None:
        return steps.tolist()
    dates = task.dates[steps - 1]
    return np.datetime_as_string(dates, unit="D" if (dates == dates.astype("datetime64[D]")).all() else "m").tolist()


def dated(steps: np.ndarray, task: Series) -> dict[str, list[Any]]:
    """A table's column of their dates, where they have some."""
    return {} if task.dates is None else {"date": [*along(steps, task)]}


def between(step: int, task: Series) -> str | float:
    """The middle between ``step`` and the one before it on the same axis."""
    if task.dates is None:
        return step - 0.5
    return str(task.dates[step - 2] + (task.dates[step - 1] - task.dates[step - 2]) // 2)


def series_axis(task: Series, style: Style) -> Layout:
    """The layout's part for it."""
    axis = {"nticks": style.ticks, "showgrid": False}
    if task.dates is None:
        return {"xaxis": axis | {"title": {"text": "step of the series"}}, "meta": {"axis": "series"}}
    return {"xaxis": axis | {"type": "date"}}


def line(x: Any, y: Any, who: str, config: RunConfig, style: Style, hover: str = "%{y}", **more: Any) -> Layout:
    """One of WHO."""
    look = {"color": CELL_LOOKS[config.cell.name].color, "width": 2.5} if who == NETWORK else {
        "color": style.theme.muted, "width": 1.5, "dash": DASHES[who]}  # fmt: skip
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "name": NAMES[who], "line": look,
            "hovertemplate": f"{NAMES[who]}: {hover}<extra></extra>", **more}  # fmt: skip


def truth_line(x: Any, y: Any, style: Style) -> Layout:
    """What there was."""
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "name": TRUTH,
            "line": {"color": style.theme.ink, "width": 1.5},
            "hovertemplate": f"{TRUTH}: %{{y}}<extra></extra>"}  # fmt: skip


def keys(config: RunConfig, style: Style, *, truth: bool = True, who: tuple[str, ...] = WHO) -> tuple[Key, ...]:
    """The legend."""
    own = Key(NAMES[NETWORK], CELL_LOOKS[config.cell.name].color, width=2.5)
    others = (Key(NAMES[one], style.theme.muted, dash=DASHES[one], width=1.5) for one in who if one != NETWORK)
    return (*((Key(TRUTH, style.theme.ink, width=1.5),) if truth else ()), own, *others)
