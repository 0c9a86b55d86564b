"""The figure all pictures are made of, and the axes they share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.figures.base.records import Layout, Scale
from app.figures.theme import Stops, Style, template
from core.numbers import exact


def figure(style: Style, data: list[Any], layout: Layout, *, height: int, top: int = 8, bottom: int = 34) -> go.Figure:
    """A Figure in our template with the common margins; zoom and hover survive updates (``uirevision``)."""
    own: Layout = {
        "template": template(style),
        "height": height,
        "margin": {"l": style.left, "r": style.right, "t": top, "b": bottom, "pad": 0},
        "uirevision": "keep",
        **layout,
    }
    # Validation would triple the time of a figure that is drawn ten times a second; the tests validate each one.
    return go.Figure(data=data, layout=own, _validate=False)


def time_axis(style: Style, T: int, *, labels: bool = True, title: bool = True) -> Layout:
    """The time axis: steps 1 … T from edge to edge, the same pixels in every picture of a page."""
    axis: Layout = {"range": [0.5, T + 0.5], "showgrid": False, "showticklabels": labels}
    if labels:
        ticks = round_ticks(T, style.ticks)
        axis |= {"tickvals": ticks, "ticktext": [str(tick) for tick in ticks]}
    if labels and title:
        axis["title"] = {"text": "time step" if style.narrow else "time step t of the sequence"}
    return axis


def round_ticks(T: int, count: int) -> list[int]:
    """Step 1, round steps and step T, at most about ``count``, none so close that labels touch."""
    stride = next(s for s in _strides() if T / s <= count - 1)
    inner = [t for t in range(stride, T + 1, stride) if t - 1 >= stride / 2 and T - t >= stride / 2]
    return sorted({1, *inner, T}) if stride > 1 else list(range(1, T + 1))


def _strides() -> Iterator[int]:
    scale = 1
    while True:
        yield from (scale, 2 * scale, 5 * scale)
        scale *= 10


def training_axis(total: int, style: Style) -> Layout:
    """Training steps 0 … ``total``, whether they have happened or not."""
    margin = max(total * 0.02, 0.5)
    return {"range": [-margin, total + margin], "nticks": 5, "showgrid": False, "title": {"text": "training step"}}


def plain_log_axis(low: float, high: float) -> Layout:
    """A log axis from ``low`` to ``high`` with few, plainly written ticks, and whole decades where there are many."""
    start, stop = np.log10(low), np.log10(high)
    stride = max(1, int(np.ceil((stop - start) / 5)))
    ticks = [10.0**k for k in range(int(np.ceil(start)), int(np.floor(stop)) + 1) if k % stride == 0]
    if len(ticks) < 2:
        ticks = [m * 10.0**k for k in range(int(np.floor(start)), int(np.ceil(stop)) + 1) for m in (1, 2, 5)]
        ticks = [tick for tick in ticks if low <= tick <= high]
    text = [exact(tick) for tick in ticks]
    return {"type": "log", "range": [float(start), float(stop)], "tickvals": ticks, "ticktext": text}


def percent_axis(low: float, high: float, most: int = 5) -> Layout:
    """An axis of shares from ``low`` to ``high`` with at most about ``most`` ticks at round percentages."""
    size = (high - low) / most
    stride = next(s for k in range(-6, 7) for s in (1 * 10.0**k, 2.5 * 10.0**k, 5 * 10.0**k) if s >= size * 0.999)
    ticks = [stride * k for k in range(math.ceil(low / stride - 1e-9), math.floor(high / stride + 1e-9) + 1)]
    text = [f"{exact(round(100 * tick, 9))}\u00a0%" for tick in ticks]
    return {"range": [low, high], "tickvals": ticks, "ticktext": text}


def decades_axis(low: int, high: int, title: str) -> Layout:
    """A log axis from 10^``low`` to 10^``high`` with about six ticks at whole decades, one among them."""
    stride = max(1, round((high - low) / 6))
    ticks = [k for k in range(low, high + 1) if k % stride == 0]
    return {"type": "log", "range": [low, high], "tickvals": [10.0**k for k in ticks],
            "ticktext": [exact(10.0**k) for k in ticks],
            "title": {"text": title}}  # fmt: skip


FLOW_SCALE_TICKS = ((0.0, "10⁻⁶"), (0.25, "0.001"), (0.5, "kept"), (0.75, "1,000"), (1.0, "10⁶"))


def flow_scale(style: Style) -> Scale:
    """The project's scale of gradient size: log10 of gradient ÷ gradient at the last step, −6 … 6."""
    return Scale("gradient ÷ last step", style.theme.flow, FLOW_SCALE_TICKS)


def colorscale(stops: Stops) -> list[list[Any]]:
    """``stops`` as plotly wants them."""
    return [list(stop) for stop in stops]
