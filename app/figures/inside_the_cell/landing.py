"""The share of credit that lands on the steps that matter, over training; the rest goes to distractors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    Key,
    Layout,
    View,
    cursor_line,
    figure,
    percent_axis,
    percents,
    reference_line,
    training_axis,
)
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.numbers import percent

Arrays = Mapping[str, np.ndarray]
LINES = (("gates", "what the weights learn from", "solid", 3), ("state", "what states get", "dash", 1.5))


def landing(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style, *, shown: int) -> View:
    """From the answer to "landing"."""
    at, color, even = arrays["step"], CELL_LOOKS[config.cell.name].color, float(arrays["expected"][-1])
    known = np.concatenate([arrays[name][np.isfinite(arrays[name])] for name, *_ in LINES])
    high = min(1.04, 1.25 * max(2 * even, float(known.max(initial=0))))
    data = [{"type": "scatter", "mode": "lines+markers", "x": at, "y": arrays[name].astype(np.float32), "name": words,
             "line": {"color": color, "dash": dash, "width": width}, "marker": {"size": 4},
             "hovertemplate": f"{words}: %{{text}}<extra></extra>",
             "text": percents(arrays[name])} for name, words, dash, width in LINES]  # fmt: skip
    layout: Layout = {
        "xaxis": training_axis(config.steps, style),
        "yaxis": percent_axis(0, high),
        "shapes": [reference_line(even, style), *cursor_line(shown, style)],
        "annotations": [{"text": f"even spread, {percent(even)}", "xref": "paper", "x": 1, "xanchor": "right",
                         "xshift": -4, "y": even, "yanchor": "bottom"}],
        "meta": {"axis": "training"},
    }  # fmt: skip
    return View(
        name="landing",
        title="Credit where it matters",
        hint=_hint(arrays, meta, even),
        alt=_alt(arrays, even),
        figure=figure(style, data, layout, height=260, top=12, bottom=44),
        table=lambda: DataFrame({
            "training step": at, "gates": arrays["gates"], "distractors": 1 - arrays["gates"],
            "states": arrays["state"], "even spread": arrays["expected"]}),
        keys=tuple(Key(words, color, dash=dash, width=width) for _, words, dash, width in LINES),
    )  # fmt: skip


def _alt(arrays: Arrays, even: float) -> str:
    at, (first, *_, last) = (
        arrays["step"],
        [percent(float(share)) for share in (arrays["gates"][0], arrays["gates"][-1])],
    )
    what, spread = "Share of credit at the steps that matter", f"an even spread gives {percent(even)}."
    if len(at) == 1:
        return f"{what}: {first} at training step {int(at[0])}; {spread}"
    return f"{what} over training: {first} at step {int(at[0])}, {last} at step {int(at[-1])}; {spread}"


def _hint(arrays: Arrays, meta: Mapping[str, Any], even: float) -> str:
    share = float(arrays["gates"][-1])
    alone = " of the last loss" if meta["alone"] else ""
    if not np.isfinite(share):
        return "Not every sequence gets a gradient that is a number, so there are no shares of it."
    if even >= 1:
        return f"{percent(share)} of the credit{alone} lands on the steps that matter; here these are all there are."
    return (
        f"{percent(share)} of the credit{alone} lands on the steps that matter, where an even spread would put "
        f"{percent(even)}; {percent(1 - share)} goes to distractors."
    )
