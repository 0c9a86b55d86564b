"""How often clipping stepped in, over training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    Key,
    Layout,
    View,
    cursor_line,
    figure,
    percent_axis,
    reference_line,
    training_axis,
)
from app.figures.base.course import span, words_of_clip
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import percent
from core.reading.spikes import was_clipped

BINS = 40
"""The planned training is cut into at most so many intervals."""


def clipped_share(scalars: Mapping[str, np.ndarray], cursor: int, config: RunConfig, style: Style) -> View:
    """Draw the share of clipped steps of every interval of the training, and of all steps so far as a line."""
    planned = span(scalars, config.steps)
    starts, shares = binned(scalars["step"], was_clipped(scalars), planned)
    total = float(was_clipped(scalars).mean()) if len(scalars["step"]) else float("nan")
    layout = {
        "xaxis": training_axis(planned, style),
        "yaxis": percent_axis(-0.03, 1.05),
        "shapes": [*([reference_line(total, style)] if total > 0 else []), *cursor_line(cursor, style)],
        "bargap": 0.12,
        "meta": {"axis": "training"},
    }  # fmt: skip
    return View(
        name="share",
        title="Share clipped",
        hint=_hint(total, config),
        alt=_alt(shares, total, config),
        figure=figure(style, _bars(starts, shares, _size(planned), style), layout, height=210, bottom=40),
        table=lambda: DataFrame({"from training step": starts, "share clipped": shares}),
        keys=_keys(total, style),
    )


def _keys(total: float, style: Style) -> tuple[Key, ...]:
    keys = (Key("steps clipped", style.theme.grown, "area"),)
    if not np.isfinite(total):
        return keys
    return (*keys, Key(f"all so far: {percent(total)}", style.theme.muted, dash="dot", width=1.5))


def binned(steps: np.ndarray, cut: np.ndarray, total: int) -> tuple[np.ndarray, np.ndarray]:
    """(first step, share of True) of every interval of the ``total`` + 1 planned steps that has begun."""
    size = _size(total)
    groups, counts = np.unique(np.asarray(steps, int) // size, return_counts=True)
    shares = np.array([cut[np.asarray(steps) // size == group].sum() for group in groups]) / np.maximum(counts, 1)
    return groups * size, shares.astype(np.float32)


def _size(total: int) -> int:
    return max(1, int(np.ceil((total + 1) / BINS)))


def _bars(starts: np.ndarray, shares: np.ndarray, size: int, style: Style) -> list[Layout]:
    words = [f"training steps {a:,} to {a + size - 1:,}: {percent(float(b))} clipped" for a, b in zip(starts, shares)]
    if size == 1:
        words = [f"training step {a:,}: {'clipped' if b else 'not clipped'}" for a, b in zip(starts, shares)]
    return [{"type": "bar", "x": starts + (size - 1) / 2, "y": shares, "width": np.full(len(starts), 0.9 * size),
             "marker": {"color": style.theme.grown, "line": {"width": 0}}, "text": words, "textposition": "none",
             "hovertemplate": "%{text}<extra></extra>", "name": "clipped"}]  # fmt: skip


def _hint(total: float, config: RunConfig) -> str:
    if not np.isfinite(total):
        return "nothing trained yet"
    if total == 0:
        return "the threshold is never reached"
    return (
        "at every step: all are of the same length" if total == 1 and config.clip == "norm" else "of steps, all so far"
    )


def _alt(shares: np.ndarray, total: float, config: RunConfig) -> str:
    if not len(shares):
        return "No step is clipped."
    return (
        f"Clipped {words_of_clip(config)}: {percent(total)} of all steps so far, {percent(float(shares[0]))} in the "
        f"first interval and {percent(float(shares[-1]))} in the last."
    )
