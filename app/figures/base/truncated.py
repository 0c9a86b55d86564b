"""How truncation shows on a time axis: what it cut, and where there is one boundary for all losses."""

from __future__ import annotations

import numpy as np

from app.figures.base.marks import cut_lines
from app.figures.base.records import Key, Layout
from app.figures.base.values import asked_step
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import plural
from core.reach import reach_of
from core.reading.horizon import zeros


def unseen(config: RunConfig) -> list[int]:
    """[b] where truncation keeps every loss from every state up to b, [] where some loss sees the first step."""
    last = int(reach_of(config).first.min()) - 1
    return [last] if last > 0 else []


def kinds_of(flow: np.ndarray, config: RunConfig) -> np.ndarray:
    """The kind of zero of every step of ``flow`` (T+1,), all losses together: cut is what no loss sees."""
    return zeros(flow, asked=asked_step(config), cuts=unseen(config))


def boundaries(config: RunConfig) -> list[int]:
    """Where a line may say 'cut here': the boundaries that hold for every loss. With one loss that is where its
    gradient ends; sliding and overlapping streams of many losses have none."""
    known = reach_of(config)
    return unseen(config) if len(known.losses) == 1 and not known.boundaries else list(known.boundaries)


def boundary_lines(config: RunConfig, style: Style, low: float, high: float) -> list[Layout]:
    """Dotted where the gradient alone is cut, drawn through where the state is set to zero as well."""
    return cut_lines(boundaries(config), style, low, high, reset=config.truncation == "reset")


def truncation_keys(config: RunConfig, style: Style) -> tuple[Key, ...]:
    """The legend entry of those lines; none where there is no line."""
    K, drawn = config.truncation_length, boundaries(config)
    if not drawn:
        return ()
    if config.truncation == "reset":
        return (Key(f"cut, and the state set to zero, every {plural(K, 'step')}", style.theme.ink, width=1.5),)
    often = "after" if drawn == unseen(config) and config.truncation != "windows" else "every"
    return (Key(f"truncated {often} {plural(K, 'step')}", style.theme.muted, dash="dot", width=1.5),)
