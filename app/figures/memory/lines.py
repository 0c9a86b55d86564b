"""How the network on screen, the same one untrained, and chance are drawn on this page."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.figures.base import Key, Knob, Layout, percents
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig

STATE = "memory_state"
NOW, START, CHANCE = "this network", "untrained", "chance"


def now_line(x: Any, y: Any, config: RunConfig, hover: str, **more: Any) -> Layout:
    """The network on screen."""
    look = CELL_LOOKS[config.cell.name]
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "name": NOW, "line": {"color": look.color, "width": 3},
            "hovertemplate": f"{NOW}: {hover}<extra></extra>", **_said(y, hover), **more}  # fmt: skip


def start_line(x: Any, y: Any, style: Style, hover: str, **more: Any) -> Layout:
    """The same network before any training."""
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "name": START,
            "line": {"color": style.theme.muted, "width": 1.5, "dash": "dash"},
            "hovertemplate": f"{START}: {hover}<extra></extra>", **_said(y, hover), **more}  # fmt: skip


def _said(y: Any, hover: str) -> Layout:
    """What ``%{text}`` of a hover is: shares as percentages."""
    return {"text": percents(y)} if "%{text}" in hover else {}


def chance_line(x: Any, y: Any, style: Style) -> Layout:
    """What needs no network."""
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "name": CHANCE, "hoverinfo": "skip",
            "line": {"color": style.theme.muted, "width": 1, "dash": "dot"}}  # fmt: skip


def keys(config: RunConfig, style: Style, chance: str = "") -> tuple[Key, ...]:
    """The legend; ``chance`` names the dotted line, where there is one."""
    known = (
        Key(NOW, CELL_LOOKS[config.cell.name].color, width=3),
        Key(START, style.theme.muted, dash="dash", width=1.5),
    )
    return known + ((Key(chance, style.theme.muted, dash="dot", width=1.5),) if chance else ())


def state_knob(config: RunConfig, part: str) -> tuple[Knob, ...]:
    """What is read, for the cells whose state is more than one h."""
    parts = ("h", "h" if config.cell.layers == 1 else "h of the top layer"), ("state", config.cell.state_words)
    return (Knob(STATE, "read from", part, options=parts),) if has_more(config) else ()


def has_more(config: RunConfig) -> bool:
    """Whether the state is more than the h that is read out: a cell state, or layers below."""
    return len(config.cell.states) * config.cell.layers > 1


def finite(values: np.ndarray) -> np.ndarray:
    """NaN for what is not finite: nothing is drawn there."""
    return np.where(np.isfinite(values), values, np.nan)
