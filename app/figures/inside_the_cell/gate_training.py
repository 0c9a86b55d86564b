"""The mean of every gate over training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Layout, View, cursor_line, figure, training_axis
from app.figures.inside_the_cell.looks import gate_name, look
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import fixed

Arrays = Mapping[str, np.ndarray]


def gate_training(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style, *, shown: int) -> View:
    """From the answer to "gates": means over units, time steps and the fixed sequences."""
    at, names = arrays["step"], meta["names"]
    means = {q: arrays[f"{q}.mean"] for q in names}
    low = min(0.0, *(float(np.nanmin(mean, initial=0)) for mean in means.values())) * 1.1
    data = [{"type": "scatter", "mode": "lines+markers", "x": at, "y": mean.astype(np.float32), "name": q,
             "line": {"color": look(q, config).color, "dash": look(q, config).dash, "width": 2},
             "marker": {"size": 4}, "hovertemplate": f"{q} %{{y:.2f}}<extra></extra>"}
            for q, mean in means.items()]  # fmt: skip
    layout: Layout = {
        "xaxis": training_axis(config.steps, style),
        "yaxis": {"range": [low, 1.03], "nticks": 5},
        "shapes": cursor_line(shown, style),
        "hovermode": "x",
        "meta": {"axis": "training"},
    }
    return View(
        name="gate_training",
        title="Means over training",
        hint=_hint(means, at, meta["sequences"], config),
        alt=_alt(means, at, config),
        figure=figure(style, data, layout, height=260, top=12, bottom=44),
        table=lambda: DataFrame({"training step": at} | {
            f"{q} {words}": arrays[f"{q}.{what}"] for q in names
            for what, words in (("mean", "mean"), ("shut", "< .1"), ("open", "> .9"))}),
        keys=tuple(Key(q if q != "slope" else "φ′", look(q, config).color, dash=look(q, config).dash) for q in names),
    )  # fmt: skip


def _alt(means: Mapping[str, np.ndarray], at: np.ndarray, config: RunConfig) -> str:
    if len(at) < 2:
        now = "; ".join(f"{gate_name(q, config)}: {fixed(mean[0])}" for q, mean in means.items())
        return f"Means of the gates at training step {int(at[0])}: {now}."
    moves = (f"{gate_name(q, config)} from {fixed(mean[0])} to {fixed(mean[-1])}" for q, mean in means.items())
    return f"Means of the gates over training: {'; '.join(moves)}."


def _hint(means: Mapping[str, np.ndarray], at: np.ndarray, sequences: int, config: RunConfig) -> str:
    over = f"Over all units and the {sequences} fixed sequences."
    if len(at) < 2:
        return f"{over} Train to see them move."
    moves = {q: float(mean[-1] - mean[0]) for q, mean in means.items()}
    if np.isnan(list(moves.values())).any():
        return f"{over} By now the weights are not all numbers."
    q = max(moves, key=lambda name: abs(moves[name]))
    name = "φ′" if q == "slope" else f"Most: {gate_name(q, config)}"
    return f"{over} {name} goes from {fixed(means[q][0])} to {fixed(means[q][-1])}."
