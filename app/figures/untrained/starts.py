"""Every initialisation of every cell as a strip by lag: what it lets through before any training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pandas import DataFrame

from app.figures.base import Layout, View, colorscale, figure, flow_scale, share_words
from app.figures.theme import CELL_LOOKS, Style
from app.figures.untrained.begun import Begun
from core.config import RunConfig
from core.need import surely
from core.numbers import fixed, percent, plural, portion
from core.reading.horizon import SHARE

LIMIT = 6.0
"""The colour scale ends at 10^±LIMIT."""
ROW, GAP = 22, 1.5
"""Pixels of a row, and the rows of space in which a cell's name stands."""


def starts(rows: Sequence[Begun], config: RunConfig, style: Style, *, seeds: int) -> View:
    """A row a start, grouped by cell; the lag that the task needs is marked."""
    lags, places, notes = np.arange(len(rows[0].ratios)), [], []
    y = 0.0
    for k, row in enumerate(rows):
        if k == 0 or row.config.cell.name != rows[k - 1].config.cell.name:
            y += GAP
            notes.append(_heading(row.config, y - 1.0, style))
        places.append(y)
        notes += _names(row, y, style)
        y += 1
    data = [_strip(row, place, lags, style) for row, place in zip(rows, places)]
    lag = min(config.task.lag, len(lags) - 1)
    layout: Layout = {
        "xaxis": {"range": [-0.5, lags[-1] + 0.5], "nticks": style.ticks, "showgrid": False, "domain": _domain(style),
                  "title": {"text": "steps back" if style.narrow else "steps back from the last loss"}},
        "yaxis": {"visible": False, "range": [y - 0.4, -0.1], "fixedrange": True},
        "annotations": notes,
        "shapes": [{"type": "line", "x0": lag, "x1": lag, "yref": "paper", "y0": 0, "y1": 1, "layer": "above",
                    "line": {"color": style.theme.ink, "width": 1, "dash": "dot"}}],
        "meta": {"axis": "lag"},
    }  # fmt: skip
    return View(
        name="starts",
        title="Every start of every cell",
        hint=_hint(rows, lag, seeds),
        alt="; ".join(f"{row.config.cell.word}, {_init(row.config)}: {_pace(row)}" for row in rows) + ".",
        figure=figure(style, data, layout, height=round(ROW * (y + 0.5)) + 52, bottom=44),
        table=lambda: _table(rows, lags),
        scales=(flow_scale(style),),
    )


def _domain(style: Style) -> list[float]:
    return [0.31, 0.8] if style.narrow else [0.2, 0.9]


def _strip(row: Begun, y: float, lags: np.ndarray, style: Style) -> Layout:
    text = [f"{row.config.cell.word}, {_init(row.config)}, {plural(int(k), 'step')} back: {share_words(value)}"
            for k, value in zip(lags, row.ratios.tolist())]  # fmt: skip
    return {"type": "heatmap", "x": lags, "y": [y], "z": row.ratios[None].astype(np.float32), "dy": 1, "zmin": -LIMIT,
            "zmax": LIMIT, "colorscale": colorscale(style.theme.flow), "showscale": False, "ygap": 3,
            "hoverongaps": True, "text": [text], "hovertemplate": "%{text}<extra></extra>"}  # fmt: skip


def _init(config: RunConfig) -> str:
    return config.cell.init_words or "torch’s default"


def _heading(config: RunConfig, y: float, style: Style) -> Layout:
    name = f'<span style="color:{CELL_LOOKS[config.cell.name].color}">■</span> <b>{config.cell.title}</b>'
    return {"text": name, "x": 0, "y": y, "xref": "paper", "yref": "y", "xanchor": "left", "yanchor": "middle",
            "showarrow": False, "font": {"color": style.theme.ink, "size": 13}}  # fmt: skip


def _names(row: Begun, y: float, style: Style) -> list[Layout]:
    place = {"y": y, "xref": "paper", "yref": "y", "yanchor": "middle", "showarrow": False}
    muted, ink = ({"color": color, "size": 12} for color in (style.theme.muted, style.theme.ink))
    pace = f"× {fixed(row.factor)}" if row.factor is not None else "–"
    return [
        place | {"text": _init(row.config), "x": 0, "xanchor": "left", "font": muted},
        place | {"text": pace, "x": 1, "xanchor": "right", "font": ink},
    ]


def _pace(row: Begun) -> str:
    factors = "no single factor per step" if row.factor is None else f"× {fixed(row.factor)} per step"
    return f"{factors}, {portion(row.arrives)} where the task {surely(row.config.task, 'needs')} it"


def _hint(rows: Sequence[Begun], lag: int, seeds: int) -> str:
    reach = sum(row.reaches for row in rows)
    return (
        f"Median of {plural(seeds, 'seed')}, nothing cut. Blue has faded, white is kept, red has grown; on the right "
        f"the factor per step. At the dotted line, {plural(lag, 'step')} back, {percent(SHARE)} or more arrives in "
        f"{reach} of {len(rows)}."
    )


def _table(rows: Sequence[Begun], lags: np.ndarray) -> DataFrame:
    columns = {f"{row.config.cell.word}, {_init(row.config)}": 10.0 ** row.ratios.astype(np.float64) for row in rows}
    return DataFrame({"steps back": lags} | columns)
