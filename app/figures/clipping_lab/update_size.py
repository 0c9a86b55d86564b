"""How far the weights move at every training step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    Key,
    Layout,
    View,
    area,
    cursor_line,
    figure,
    plain_log_axis,
    reference_line,
    spread,
    thinned,
    training_axis,
)
from app.figures.base.course import span
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.numbers import sig
from core.reach import reach_of

OWN_SCALE = ("adagrad", "rmsprop", "adam", "adamw")
"""Optimisers that divide by a running size of the gradient, so that clipping changes their updates little."""


def update_size(scalars: Mapping[str, np.ndarray], cursor: int, config: RunConfig, style: Style) -> View:
    """Draw ``update_size``, the norm of each update; long runs as means with their extremes behind.

    With plain SGD, clipped by norm, no update is larger than lr · θ: that bound is drawn, times the updates that a
    stream makes of one training step.
    """
    steps, size = scalars["step"], scalars["update_size"]
    updates = len(reach_of(config).updates)
    bounded = config.optimizer == "sgd" and config.clip == "norm"
    bound = updates * config.lr * config.clip_threshold if bounded else None
    low, high = _limits(size, bound)
    layout = {
        "xaxis": training_axis(span(scalars, config.steps), style),
        "yaxis": plain_log_axis(low, high),
        "shapes": [*([] if bound is None else [reference_line(bound, style)]), *cursor_line(cursor, style)],
        "meta": {"axis": "training"},
    }
    color = CELL_LOOKS[config.cell.name].color
    return View(
        name="update",
        title="Update size",
        hint=_hint(config),
        alt=_alt(steps, size),
        figure=figure(style, _lines(steps, size, color), layout, height=210, bottom=40),
        table=lambda: _table(steps, size),
        keys=(
            Key("norm of the update", color),
            *(
                []
                if bound is None
                else [Key(f"{_bound(updates)} = {sig(bound)}", style.theme.muted, dash="dot", width=1.5)]
            ),
        ),
    )


def _table(steps: np.ndarray, size: np.ndarray) -> DataFrame:
    chosen = spread(size, 100)
    return DataFrame({"training step": steps[chosen], "update size": size[chosen]})


def _bound(updates: int) -> str:
    return "lr × θ" if updates == 1 else f"{updates} updates × lr × θ"


def _lines(steps: np.ndarray, size: np.ndarray, color: str) -> list[Layout]:
    thin = thinned(steps, np.where(size > 0, size, np.nan))
    line = {"type": "scatter", "mode": "lines", "x": thin.steps, "y": thin.mean, "line": {"color": color, "width": 2},
            "name": "update", "hovertemplate": "training step %{x:,}: %{y}<extra></extra>"}  # fmt: skip
    return [*area(thin.steps, thin.low, thin.high, color, 0.25), line]


def _limits(size: np.ndarray, bound: float | None) -> tuple[float, float]:
    known = size[np.isfinite(size) & (size > 0)]
    values = [*(known.min(initial=np.inf), known.max(initial=0)), *([] if bound is None else [bound])]
    usable = [float(value) for value in values if np.isfinite(value) and value > 0] or [1.0]
    return min(usable) / 1.5, max(usable) * 1.5


def _hint(config: RunConfig) -> str:
    if config.optimizer in OWN_SCALE:
        how = "scaled by the optimiser itself"
    else:
        how = "lr × gradient" if config.optimizer == "sgd" else "with momentum"
    rates = {"warm-up": f", lr grows over {config.warmup_steps:,} steps", "cosine": ", lr falls along a cosine"}
    return how + rates.get(config.lr_schedule, "")


def _alt(steps: np.ndarray, size: np.ndarray) -> str:
    known = np.isfinite(size)
    if not known.any():
        return "No update has been made yet."
    k = int(np.where(known, size, -1).argmax())
    return (
        f"Norm of the update over training: {sig(float(size[known][-1]))} at last, at most {sig(float(size[k]))} at "
        f"training step {int(steps[k])}."
    )
