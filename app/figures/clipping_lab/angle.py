"""The angle between the raw and the clipped gradient, over training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Layout, View, cursor_line, figure, spread, training_axis
from app.figures.base.course import span
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import sig
from core.reading.spikes import TURNED, turned

POINTS = 400
LEAST = 10.0
"""The axis reaches at least so many degrees: an angle of a thousandth should look like none."""


def clip_angle(scalars: Mapping[str, np.ndarray], cursor: int, config: RunConfig, style: Style) -> View:
    """Draw ``clip_angle`` (degrees) of every training step; long runs by the largest angle of each interval."""
    steps, angle = scalars["step"], turned(scalars)
    chosen = spread(angle, POINTS)
    known = angle[np.isfinite(angle)]
    top = max(LEAST, float(known.max(initial=0)) * 1.15)
    layout = {
        "xaxis": training_axis(span(scalars, config.steps), style),
        "yaxis": {"range": [-0.03 * top, top], "nticks": 5, "ticksuffix": "°"},
        "shapes": cursor_line(cursor, style),
        "meta": {"axis": "training"},
    }
    return View(
        name="angle",
        title="Angle",
        hint=_hint(known, config),
        alt=_alt(steps, angle),
        figure=figure(style, _points(steps, angle, chosen, style), layout, height=210, bottom=40),
        table=lambda: _table(steps, angle),
        keys=(Key("between raw and clipped", style.theme.ink, "marker"),),
    )


def _table(steps: np.ndarray, angle: np.ndarray) -> DataFrame:
    chosen = spread(angle, 100)
    return DataFrame({"training step": steps[chosen], "degrees": angle[chosen]})


def _points(steps: np.ndarray, angle: np.ndarray, chosen: np.ndarray, style: Style) -> list[Layout]:
    return [{"type": "scatter", "mode": "markers", "x": steps[chosen], "y": angle[chosen].astype(np.float32),
             "marker": {"color": style.theme.ink, "size": 4}, "name": "angle",
             "hovertemplate": "training step %{x:,}: %{y}°<extra></extra>"}]  # fmt: skip


def _hint(known: np.ndarray, config: RunConfig) -> str:
    if not known.size:
        return "not recorded"
    if known.max() <= TURNED:
        return "0°: the direction is kept" if config.clip == "norm" else "0°: nothing is cut"
    return f"mean {sig(float(known.mean()))}°, largest {sig(float(known.max()))}°"


def _alt(steps: np.ndarray, angle: np.ndarray) -> str:
    known = np.isfinite(angle)
    if not known.any():
        return "No angle was recorded."
    k = int(np.where(known, angle, -1).argmax())
    if angle[k] <= TURNED:
        return "Zero degrees between raw and clipped gradient at every training step."
    return (
        f"Degrees between raw and clipped gradient: {sig(float(angle[known].mean()))} on average, at most "
        f"{sig(float(angle[k]))} at training step {int(steps[k])}."
    )
