"""The gradient of every time step over the whole training, as a heatmap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.figures.base import (
    Table,
    View,
    asked_step,
    colorscale,
    cut_lines,
    figure,
    hatched,
    kind_keys,
    time_axis,
)
from app.figures.theme import Style
from app.text.numbers import portion
from core.config import RunConfig
from core.diagnostics.horizon import CUT, FLOOR, NOT_FINITE, zeros

ROWS, COLUMNS = 100, 200
"""The picture has at most so many bins of training steps and of time steps."""
LIMIT = 6.0


@dataclass(frozen=True)
class Binned:
    """Mean log10(flow_t ÷ flow_T) per bin.

    values   (R, C) float32, NaN where nothing is recorded yet or nothing can be measured
    edges    (R + 1,) training steps at which bins begin
    columns  (C,) time step at the middle of each column
    """

    values: np.ndarray
    edges: np.ndarray
    columns: np.ndarray


def over_training(steps: np.ndarray, flow: np.ndarray, cursor: int, config: RunConfig, style: Style) -> View:
    """Draw the recorded profiles ``flow`` (S, T+1) of training steps ``steps`` (S,), marked at ``cursor``.

    Each row is measured by its own last step, so that a loss which goes to zero does not fade the picture. The axis
    spans the whole planned training, so nothing rescales while it fills.
    """
    T = config.task.length
    binned = bins(steps, flow, config.steps, asked_step(config), max(config.cuts, default=0))
    middles = (binned.edges[:-1] + binned.edges[1:] - 1) / 2
    heat = {"type": "heatmap", "x": binned.columns, "y": middles.astype(np.float32), "z": binned.values,
            "zmin": -LIMIT, "zmax": LIMIT, "colorscale": colorscale(style.theme.flow), "showscale": False,
            "hoverongaps": False,
            "hovertemplate": "step %{x:.0f}, training step %{y:.0f}: 10<sup>%{z:.1f}</sup> of the last step"
                             "<extra></extra>"}  # fmt: skip
    kinds = zeros(flow[-1], asked=asked_step(config), cuts=config.cuts) if len(flow) else np.zeros(T + 1, np.uint8)
    low, high = -0.5, config.steps + 0.5
    layout = {
        "xaxis": time_axis(style, T, title=False),
        "yaxis": {"range": [low, high], "showgrid": False, "nticks": 5,
                  "title": {"text": "" if style.narrow else "training step"}},
        "shapes": [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": cursor, "y1": cursor,
                    "line": {"color": style.theme.ink, "width": 1.5}}],
        "meta": {"axis": "time"},
    }  # fmt: skip
    cut = np.where(kinds == CUT, kinds, 0)
    data = [heat, *hatched(cut, style, low, high), *cut_lines(config.cuts, style, low, high)]
    return View(
        name="training",
        title="The same strip over the whole training",
        hint="One row per training step, in the colours above, each against its own last step.",
        alt=_alt(steps, flow, config),
        figure=figure(style, data, layout, height=200 if style.narrow else 240, top=8, bottom=28),
        table=_table(steps, flow, config),
        keys=kind_keys(cut, style),
    )


def bins(steps: np.ndarray, flow: np.ndarray, total: int, asked: int, cut: int = 0) -> Binned:
    """Average log ratios into at most ROWS bins of the ``total`` planned steps and COLUMNS of the T time steps.

    Underflow counts as the float32 floor; zeros at or before the last ``cut`` are nothing to average.
    """
    T = flow.shape[1] - 1
    rows, columns = min(ROWS, total + 1), min(COLUMNS, T)
    with np.errstate(all="ignore"):
        ratio = np.log10(np.maximum(flow[:, 1:], FLOOR)) - np.log10(flow[:, asked, None])
    ratio[~np.isfinite(ratio)] = np.nan
    ratio[:, :cut][flow[:, 1 : cut + 1] == 0] = np.nan
    ratio = _average(ratio, np.arange(T) * columns // T, columns, axis=1)
    values = _average(ratio, np.asarray(steps) * rows // (total + 1), rows, axis=0)
    edges = np.ceil(np.arange(rows + 1) * (total + 1) / rows)
    middles = (np.arange(columns) + 0.5) * T / columns + 0.5
    return Binned(values.astype(np.float32), edges, middles.astype(np.float32))


def _average(values: np.ndarray, group: np.ndarray, groups: int, axis: int) -> np.ndarray:
    """Mean of what is a number, by ascending ``group`` along ``axis``; NaN where there is none."""
    moved = np.moveaxis(values, axis, 0)
    known = np.isfinite(moved)
    sums, counts = np.zeros((2, groups, *moved.shape[1:]))
    if len(group):
        present, starts = np.unique(group, return_index=True)
        sums[present] = np.add.reduceat(np.where(known, moved, 0.0), starts, axis=0)
        counts[present] = np.add.reduceat(known, starts, axis=0, dtype=float)
    with np.errstate(all="ignore"):
        return np.moveaxis(np.where(counts > 0, sums / counts, np.nan), 0, axis)


def _arrives(profile: np.ndarray, t: int, asked: int) -> float:
    with np.errstate(all="ignore"):
        return float(profile[t]) / float(profile[asked]) if profile[asked] else float("nan")


def _alt(steps: np.ndarray, flow: np.ndarray, config: RunConfig) -> str:
    if not len(steps):
        return "No training step is recorded yet."
    asked, first = asked_step(config), config.task.marks()[0].first
    then, now = (portion(_arrives(profile, first, asked)) for profile in (flow[0], flow[-1]))
    broken = int(np.count_nonzero(zeros(flow[-1], asked=asked) == NOT_FINITE))
    return (
        f"Heatmap of gradient size, time step across, training step upwards to {config.steps:,}. Where the information "
        f"enters, at step {first}, the gradient was {then} of its last step at training step {int(steps[0])} and "
        f"{now} at training step {int(steps[-1])}." + (" The last gradient is not finite." if broken else "")
    )


def _table(steps: np.ndarray, flow: np.ndarray, config: RunConfig) -> Table:
    """Some forty recorded steps, first and last among them, at some ten time steps: ratios to the last step."""
    asked = asked_step(config)
    rows = np.unique(np.linspace(0, len(steps) - 1, min(40, len(steps))).astype(int)) if len(steps) else []
    columns = np.unique(np.linspace(1, config.task.length, min(10, config.task.length)).astype(int))
    return Table(
        ("training step", *(f"step {t}" for t in columns)),
        [(int(steps[k]), *(_arrives(flow[k], t, asked) for t in columns)) for k in rows],
    )
