"""The flow strip: the unrolled network as one row of T cells, coloured by how much of the gradient arrives."""

from __future__ import annotations

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    Label,
    View,
    above,
    asked_step,
    boundary_lines,
    brackets,
    colorscale,
    figure,
    flow_scale,
    hatched,
    kind_keys,
    kinds_of,
    log_ratio,
    measured_by,
    outline,
    reference,
    step_words,
    time_axis,
    truncation_keys,
)
from app.figures.theme import Style
from core.config import RunConfig
from core.frames import Frame
from core.numbers import plural, portion
from core.reach import loss_steps
from core.reading.horizon import KIND_NAMES, SHARE

LIMIT = 6.0
"""The colour scale ends at 10^±LIMIT."""


def flow_strip(frame: Frame, config: RunConfig, style: Style) -> View:
    """Draw ``frame.flow``: log10(flow_t ÷ flow_T) for states 1 … T, right where it is asked, left where it began."""
    T, asked = config.task.length, asked_step(config)
    kinds = kinds_of(frame.flow, config)
    to = reference(frame.flow, asked)
    ratio = log_ratio(frame.flow, to)
    words = step_words(frame.flow, kinds, to, asked)
    marks = config.task.marks()
    notes, rows = above([Label(mark.label, mark.first, mark.last) for mark in marks], T, style)
    cell = style.plot_width / T
    heat = {"type": "heatmap", "x": np.arange(1, T + 1), "y": [0], "z": ratio[None, 1:], "zmin": -LIMIT, "zmax": LIMIT,
            "colorscale": colorscale(style.theme.flow), "showscale": False, "xgap": 2 if cell > 8 else cell > 4,
            "text": [words[1:]], "hovertemplate": "%{text}<extra></extra>", "hoverongaps": True}  # fmt: skip
    layout = {
        "xaxis": time_axis(style, T, labels=False),
        "yaxis": {"visible": False, "range": [-0.62, 0.62], "fixedrange": True},
        "annotations": notes,
        "shapes": [*brackets(marks, style), outline(style, (0.5, T + 0.5), (-0.5, 0.5))],
        "meta": {"axis": "time"},
    }
    data = [heat, *hatched(kinds, style, -0.5, 0.5), *boundary_lines(config, style, -0.62, 0.62)]
    height = 48 if style.narrow else 64
    return View(
        name="strip",
        title="How much of the gradient arrives at each time step",
        hint=_hint(config),
        alt=_alt(frame, kinds, to, config),
        figure=figure(style, data, layout, height=height + 12 + 16 * rows, top=10 + 16 * rows, bottom=2),
        table=lambda: _table(frame, kinds, to),
        keys=(*kind_keys(kinds, style), *truncation_keys(config, style)),
        scales=(flow_scale(style),),
    )


def _hint(config: RunConfig) -> str:
    whence = "from the answer" if len(loss_steps(config.task)) == 1 else "from every answer, measured by the last step"
    return f"It travels left {whence}: blue has faded, white is kept, red has grown."


def _alt(frame: Frame, kinds: np.ndarray, to: float, config: RunConfig) -> str:
    T, of = config.task.length, measured_by(frame.flow, asked_step(config))
    first, middle = (
        KIND_NAMES[kinds[t]] if kinds[t] else portion(float(frame.flow[t]) / to) for t in (1, (T + 1) // 2)
    )
    above_share = int(np.count_nonzero((kinds[1:] == 0) & (frame.flow[1:] >= SHARE * to)))
    zero = ", ".join(
        f"{plural(int(np.count_nonzero(kinds[1:] == kind)), 'step')} {name}"
        for kind, name in enumerate(KIND_NAMES)
        if kind and (kinds[1:] == kind).any()
    )
    return (
        f"A row of {T} cells, one per time step. Measured by {of} the gradient is {middle} at step "
        f"{(T + 1) // 2} and {first} at step 1; {above_share} of {T} steps get at least 1 %."
        + (f" {zero}." if zero else "")
    )


def _table(frame: Frame, kinds: np.ndarray, to: float) -> DataFrame:
    flow = np.asarray(frame.flow, np.float64)
    return DataFrame({"time step": range(len(flow)), "gradient (flow)": flow, "÷ last step": flow / to,
                      "remark": [KIND_NAMES[kind] for kind in kinds]})  # fmt: skip
