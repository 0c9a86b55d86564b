"""One flow strip a member under one time axis: how much of the gradient arrives, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    Label,
    Layout,
    View,
    above,
    bands,
    boundary_lines,
    brackets,
    colorscale,
    figure,
    flow_scale,
    hatched,
    kind_keys,
    kinds_of,
    outline,
    share_words,
    time_axis,
    truncation_keys,
    with_gaps,
)
from app.figures.compare.band import over_seeds
from app.figures.compare.side import Side, count_words, moment_start
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import fixed
from core.reading.horizon import KIND_NAMES

LIMIT = 6.0
"""The colour scale ends at 10^±LIMIT."""
ROW, CELLS = 46, 22
"""Pixels: from one strip to the next, and of its cells; the rest is for its name."""


def strips(sides: Sequence[Side], config: RunConfig, style: Style) -> View:
    """Draw the median over seeds of log10(flow ÷ flow at the asked step), a row a member."""
    T, marks = config.task.length, config.task.marks()
    values = np.stack([over_seeds(side.ratios)[1] for side in sides])
    kinds = [_kinds(side) for side in sides]
    notes, rows = above([Label(mark.label, mark.first, mark.last) for mark in marks], T, style)
    cell, half = style.plot_width / T, CELLS / ROW / 2
    heat = {"type": "heatmap", "x": np.arange(1, T + 1), "y": np.arange(len(sides)), "z": np.float32(values[:, 1:]),
            "zmin": -LIMIT, "zmax": LIMIT, "colorscale": colorscale(style.theme.flow), "showscale": False,
            "xgap": 2 if cell > 8 else cell > 4, "ygap": ROW - CELLS, "hoverongaps": True,
            "text": [_words(side, row, kind)[1:] for side, row, kind in zip(sides, values, kinds)],
            "hovertemplate": "%{text}<extra></extra>"}  # fmt: skip
    data = [heat]
    for y, (side, kind) in enumerate(zip(sides, kinds)):
        data += hatched(kind, style, y - half, y + half)
        data += boundary_lines(side.config, style, y - half, y + half)
    layout: Layout = {
        "xaxis": time_axis(style, T),
        "yaxis": {"visible": False, "range": [len(sides) - 0.7, -0.78], "fixedrange": True},
        "annotations": [*notes, *(note for y, side in enumerate(sides) for note in _names(side, y, half, style))],
        "shapes": [
            *brackets(marks, style),
            *bands(marks, style),
            *(outline(style, (0.5, T + 0.5), (y - half, y + half)) for y in range(len(sides))),
        ],
        "meta": {"axis": "time"},
    }  # fmt: skip
    top, bottom = 10 + 16 * rows, 44
    together = np.concatenate(kinds)
    cut = next((side.config for side in sides if side.config.truncation != "full"), config)
    return View(
        name="strips",
        title="How much of the gradient arrives at each time step",
        hint=f"{moment_start(sides)}, {_of(sides)}: blue has faded, white is kept, red has grown.",
        alt=_alt(sides, values),
        figure=figure(style, data, layout, height=round(ROW * (len(sides) + 0.08)) + top + bottom, top=top,
                      bottom=bottom),
        table=lambda: _table(sides, values),
        keys=(*kind_keys(together, style), *truncation_keys(cut, style)),
        scales=(flow_scale(style),),
    )  # fmt: skip


def _of(sides: Sequence[Side]) -> str:
    words = count_words(len(side.there) for side in sides)
    return words if words == "one seed each" else f"median of {words}"


def _kinds(side: Side) -> np.ndarray:
    """(T+1,) the kind of zero where no seed has an ordinary number, that of the first seed."""
    each = [kinds_of(run.flow, side.config) for run in side.there if run.flow is not None]
    if not each:
        return np.zeros(side.config.task.length + 1, np.uint8)
    return np.where(np.all(each, axis=0), each[0], 0).astype(np.uint8)


def _words(side: Side, ratio: np.ndarray, kinds: np.ndarray) -> list[str]:
    return [
        f"{side.label}, step {t}: {KIND_NAMES[kind]}" if kind else
        f"{side.label}, step {t}: {share_words(value)} of the last step"
        for t, (value, kind) in enumerate(zip(ratio.tolist(), kinds))
    ]  # fmt: skip


def _names(side: Side, y: int, half: float, style: Style) -> list[Layout]:
    """The member's name over its strip, and at the right end how fast the gradient goes back."""
    place = {"yref": "y", "y": y - half, "yanchor": "bottom", "xref": "paper", "showarrow": False}
    name = f'<span style="color:{side.look.color}">■</span> {side.label}'
    notes = [place | {"text": name, "x": 0, "xanchor": "left", "font": {"color": style.theme.ink, "size": 13}}]
    pace = _pace(side)
    if not pace or (style.narrow and len(side.label) + len(pace) > 40):
        return notes
    return [
        *notes,
        place | {"text": pace, "x": 1, "xanchor": "right", "font": {"color": style.theme.muted, "size": 12}},
    ]


def _pace(side: Side) -> str:
    factors = side.numbers(lambda run: run.horizon and run.horizon.factor)
    if not factors:
        return (
            "no single factor per step" if side.there else "not that far yet" if side.begun else "waiting for its turn"
        )
    return f"× {fixed(float(np.median(factors)))} per step"


def _alt(sides: Sequence[Side], values: np.ndarray) -> str:
    parts = [f"{side.label}: {share_words(float(row[1]))} of the last step's gradient at step 1, {_pace(side)}"
             for side, row in zip(sides, values)]  # fmt: skip
    return f"One row of {values.shape[1] - 1} cells a member. " + "; ".join(parts) + "."


def _table(sides: Sequence[Side], values: np.ndarray) -> DataFrame:
    ratios = 10.0 ** values.astype(np.float64)
    columns = {f"{side.label}, ÷ last step": with_gaps(row, np.isfinite(row)) for side, row in zip(sides, ratios)}
    return DataFrame({"time step": range(values.shape[1])} | columns)
