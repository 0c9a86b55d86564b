"""A run's gradient as a strip the size of a word."""

from __future__ import annotations

from urllib.parse import quote

import numpy as np

from app.figures.base import asked_step, log_ratio, reference
from app.figures.theme import FLOW, LIGHT
from core.config import RunConfig
from core.frames import Frame

CELLS, WIDTH, HEIGHT = 48, 144, 16
LIMIT = 6.0
"""As in the flow strip: 10^±LIMIT ends the scale."""


def thumbnail(frame: Frame, config: RunConfig) -> str:
    """The flow strip of ``frame`` as an SVG image's address, each cell the middle of its steps; grey where there is
    nothing to draw."""
    ratio = log_ratio(frame.flow, reference(frame.flow, asked_step(config)))[1:]
    places = np.unique(np.linspace(0, len(ratio) - 1, min(CELLS, len(ratio))).round().astype(int))
    wide = WIDTH / len(places)
    cells = "".join(
        f'<rect x="{k * wide:.2f}" width="{wide:.2f}" height="{HEIGHT}" fill="{_color(float(ratio[place]))}"/>'
        for k, place in enumerate(places)
    )
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} shape-rendering="crispEdges">{cells}</svg>'
    return f"data:image/svg+xml,{quote(svg)}"


def _color(value: float) -> str:
    """The scale's colour of a log10 ratio."""
    if np.isnan(value):
        return LIGHT.faint
    at = (min(max(value, -LIMIT), LIMIT) + LIMIT) / (2 * LIMIT)
    places, colors = [place for place, _ in FLOW], [color for _, color in FLOW]
    parts = [np.interp(at, places, [int(color[k : k + 2], 16) for color in colors]) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(part):02x}" for part in parts)
