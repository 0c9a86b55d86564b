"""Colours, type and margins of every picture. One meaning per colour, in light and in dark.

Blue: the gradient has faded. White: it is kept. Red: it has grown too large. Grey hatching: truncation cut it.
Cells have a hue, a dash and a marker each (Okabe & Ito's colour-blind-safe palette).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from typing import Any, Literal

from core.anatomy import ANATOMIES

Stops = tuple[tuple[float, str], ...]
"""Positions 0 … 1 and their colours."""

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'


@dataclass(frozen=True)
class Look:
    """How one cell is drawn everywhere."""

    color: str
    dash: str
    marker: str


PALETTE = (
    Look("#E69F00", "dot", "circle"),
    Look("#009E73", "solid", "square"),
    Look("#56B4E9", "dashdot", "diamond"),
    Look("#CC79A7", "dash", "triangle-up"),
    Look("#D55E00", "longdash", "cross"),
    Look("#0072B2", "longdashdot", "x"),
)
CELL_LOOKS = dict(zip(ANATOMIES, cycle(PALETTE)))
"""Each cell's, in the order in which they are offered."""


_LEVELS = ((-6, "#061a3a"), (-4, "#14418a"), (-2, "#4f8fcb"), (-1, "#8fb9de"), (0, "#f3f1ed"),
           (1, "#fbc9ae"), (2, "#f39a75"), (4, "#dd4f42"), (6, "#a01226"))  # fmt: skip
FLOW: Stops = tuple(((level + 6) / 12, color) for level, color in _LEVELS)
"""log10 of (gradient ÷ gradient at the last step), −6 … 6. What has grown is lighter than what has faded as much, so
that a print without colour tells them apart."""
GATE: Stops = ((0, "#eff3f3"), (0.5, "#74a9b4"), (1, "#0c3542"))
STATE: Stops = ((0, "#6f2a83"), (0.25, "#b592c4"), (0.5, "#f4f3f1"), (0.75, "#8cc295"), (1, "#1b7837"))

MEASURE: Stops = ((0, "#00224e"), (0.25, "#414d6b"), (0.5, "#7c7b78"), (0.75, "#bcaf6f"), (1, "#fee838"))
"""Any other measured number, from dark to bright (cividis, which colour-blind people read alike)."""


@dataclass(frozen=True)
class Theme:
    """The colours of one theme. ``flow``, ``gate`` and ``state`` are the three scales of the project, the same in both:
    what is open is dark in a light theme and in a dark one."""

    name: Literal["light", "dark"]
    ink: str
    muted: str
    faint: str
    grid: str
    surface: str
    ground: str
    band: str
    faded: str
    grown: str
    broken: str
    flow: Stops = FLOW
    gate: Stops = GATE
    state: Stops = STATE


LIGHT = Theme(
    name="light",
    ink="#1f2430",
    muted="#646b7a",
    faint="#b9bec8",
    grid="#edeff2",
    surface="#ffffff",
    ground="rgba(255,255,255,0.85)",
    band="rgba(31,36,48,0.05)",
    faded="#1d5aa6",
    grown="#b8202f",
    broken="#8a5a00",
)
DARK = Theme(
    name="dark",
    ink="#eceef2",
    muted="#9aa1ae",
    faint="#565d6a",
    grid="#23272f",
    surface="#101114",
    ground="rgba(16,17,20,0.85)",
    band="rgba(236,238,242,0.07)",
    faded="#5fa3d3",
    grown="#f0735c",
    broken="#f2c14e",
)
THEMES = {"light": LIGHT, "dark": DARK}


@dataclass(frozen=True)
class Style:
    """Theme and width class of one drawing: ``narrow`` is a phone, else anything from 640 px up."""

    theme: Theme = LIGHT
    narrow: bool = False

    @property
    def left(self) -> int:
        """Left margin in pixels, the same for everything with a time axis."""
        return 46 if self.narrow else 64

    @property
    def right(self) -> int:
        """Right margin in pixels, likewise."""
        return 8 if self.narrow else 14

    @property
    def plot_width(self) -> int:
        """The least width in pixels a full-width plot area has in this class; labels are laid out for it."""
        return 290 if self.narrow else 560

    @property
    def ticks(self) -> int:
        """How many tick labels a full-width axis may have."""
        return 5 if self.narrow else 11


def template(style: Style) -> dict[str, Any]:
    """Our plotly template. The paper is transparent: the page's own background shows."""
    theme = style.theme
    axis = {
        "gridcolor": theme.grid,
        "gridwidth": 1,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "tickfont": {"color": theme.muted, "size": 12},
        "title": {"font": {"color": theme.muted, "size": 12}, "standoff": 8},
        "automargin": False,
        "tickangle": 0,
        "exponentformat": "power",  # as core.numbers writes them
        "separatethousands": True,  # likewise
        "fixedrange": style.narrow,  # on a phone a drag scrolls the page
    }
    return {
        "layout": {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT, "size": 13, "color": theme.ink},
            "colorway": [look.color for look in CELL_LOOKS.values()],
            "xaxis": axis,
            "yaxis": axis,
            "showlegend": False,
            "hovermode": "closest",
            "dragmode": False if style.narrow else "zoom",
            "hoverlabel": {
                "bgcolor": theme.ink,
                "bordercolor": theme.ink,
                "font": {"color": theme.surface, "size": 13, "family": FONT},
                "align": "left",
            },
            # On a ground of their own: a curve goes behind a word, not through it.
            "annotationdefaults": {
                "showarrow": False,
                "font": {"color": theme.muted, "size": 12},
                "bgcolor": theme.ground,
            },
        }
    }
