"""The gradient of every time step over the whole training, as a heatmap."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    PATTERNS,
    Layout,
    View,
    asked_step,
    boundary_lines,
    colorscale,
    figure,
    hatch,
    kind_keys,
    kinds_of,
    outline,
    runs,
    time_axis,
    truncation_keys,
    unseen,
)
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import portion
from core.reading.horizon import BROKEN, CUT, FLOOR, KIND_NAMES, LIVE, zeros

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


def over_training(
    steps: np.ndarray, flow: np.ndarray, cursor: int, config: RunConfig, style: Style, *, total: int | None = None
) -> View:
    """Draw the recorded profiles ``flow`` (S, T+1) of training steps ``steps`` (S,), marked at ``cursor``.

    Each row is measured by its own last step, so that a loss which goes to zero does not fade the picture. The axis
    spans the whole planned training, so nothing rescales while it fills, or ``total`` steps.
    """
    T, total = config.task.length, config.steps if total is None else total
    binned = bins(steps, flow, total, asked_step(config), max(unseen(config), default=0))
    kinds = kinds_by_bin(steps, flow, config, total)
    middles = (binned.edges[:-1] + binned.edges[1:] - 1) / 2
    heat = {"type": "heatmap", "x": binned.columns, "y": middles.astype(np.float32), "z": binned.values,
            "zmin": -LIMIT, "zmax": LIMIT, "colorscale": colorscale(style.theme.flow), "showscale": False,
            "hoverongaps": False,
            "hovertemplate": "step %{x:.0f}, training step %{y:.0f}: 10<sup>%{z:.1f}</sup> of the last step"
                             "<extra></extra>"}  # fmt: skip
    low, high = -0.5, total + 0.5
    layout = {
        "xaxis": time_axis(style, T, title=False),
        "yaxis": {"range": [low, high], "showgrid": False, "nticks": 5,
                  "title": {"text": "" if style.narrow else "training step"}},
        "shapes": [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": cursor, "y1": cursor,
                    "line": {"color": style.theme.ink, "width": 1.5}},
                   outline(style, (0.5, T + 0.5), (low, high))],
        "meta": {"axis": "time"},
    }  # fmt: skip
    data = [heat, *_zeros(kinds, binned, T, style), *boundary_lines(config, style, low, high)]
    return View(
        name="training",
        title="The same strip over the whole training",
        hint="One row per training step, in the colours above, each against its own last step.",
        alt=_alt(steps, flow, config, total),
        figure=figure(style, data, layout, height=200 if style.narrow else 240, top=8, bottom=28),
        table=lambda: _table(steps, flow, config),
        keys=(*kind_keys(np.append(0, kinds), style), *truncation_keys(config, style)),
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


def kinds_by_bin(steps: np.ndarray, flow: np.ndarray, config: RunConfig, total: int) -> np.ndarray:
    """(R, C) uint8: the kind of zero of each bin, as its last recorded profile has it; LIVE unless it fills the bin.

    What truncation cut is cut in every row, recorded or not.
    """
    T = config.task.length
    rows, columns = min(ROWS, total + 1), min(COLUMNS, T)
    cut, bin_of = max(unseen(config), default=0), np.asarray(steps) * rows // (total + 1)
    starts = np.unique(np.arange(T) * columns // T, return_index=True)[1]
    by_bin = np.full((rows, columns), LIVE, np.uint8)
    for k in np.flatnonzero(np.diff(bin_of, append=rows)):  # the last profile of each bin
        seen = flow[k, cut + 1 :]
        if not (np.isfinite(seen) & (seen >= FLOOR)).all():
            kinds = kinds_of(flow[k], config)[1:]
            least, most = np.minimum.reduceat(kinds, starts), np.maximum.reduceat(kinds, starts)
            by_bin[bin_of[k]] = np.where(least == most, most, LIVE)
    by_bin[:, : np.searchsorted(np.append(starts[1:], T), cut, side="right")] = CUT
    return by_bin


def _zeros(kinds: np.ndarray, binned: Binned, T: int, style: Style) -> list[Layout]:
    """Hatching over the bins that hold no ordinary number, one trace per kind; equal rows are drawn as one."""
    below, width = binned.edges - 0.5, T / len(binned.columns)
    traces = []
    for kind in PATTERNS:
        boxes = [
            (0.5 + width * first, 0.5 + width * (last + 1), float(below[start]), float(below[stop + 1]))
            for start, stop in _equal_rows(kinds == kind)
            for first, last in runs(kinds[start] == kind)
        ]
        traces += hatch(kind, boxes, style)
    return traces


def _equal_rows(flags: np.ndarray) -> list[tuple[int, int]]:
    """First and last of each stretch of rows that are alike."""
    changes = np.flatnonzero((flags[1:] != flags[:-1]).any(axis=1)) + 1
    edges = [0, *changes.tolist(), len(flags)]
    return [(a, b - 1) for a, b in pairwise(edges) if flags[a].any()]


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


def _alt(steps: np.ndarray, flow: np.ndarray, config: RunConfig, total: int) -> str:
    if not len(steps):
        return "No training step is recorded yet."
    asked, first = asked_step(config), config.task.entry.first
    then, now = (_said(profile, first, config) for profile in (flow[0], flow[-1]))
    broken = bool(np.isin(zeros(flow[-1], asked=asked), BROKEN).any())
    later = "" if len(steps) == 1 else f" and {now} at training step {int(steps[-1])}"
    return (
        f"Heatmap of gradient size, time step across, training step upwards to {total:,}. Where the information "
        f"enters, at step {first}, the gradient was {then} at training step {int(steps[0])}{later}."
        + (" The last gradient is not finite." if broken else "")
    )


def _said(profile: np.ndarray, t: int, config: RunConfig) -> str:
    """How large it is at step t, or why that is no ordinary number."""
    asked = asked_step(config)
    kind, share = zeros(profile, asked=asked, cuts=config.cuts)[t], _arrives(profile, t, asked)
    if kind != LIVE:
        return KIND_NAMES[kind]
    return f"{portion(share)} of its last step" if np.isfinite(share) else "nothing that its last step measures"


def _table(steps: np.ndarray, flow: np.ndarray, config: RunConfig) -> DataFrame:
    """Some forty recorded steps, first and last among them, at some ten time steps: ratios to the last step."""
    asked = asked_step(config)
    rows = np.unique(np.linspace(0, len(steps) - 1, min(40, len(steps))).astype(int))
    columns = np.unique(np.linspace(1, config.task.length, min(10, config.task.length)).astype(int))
    arriving = {f"step {t}": [_arrives(flow[k], t, asked) for k in rows] for t in columns}
    return DataFrame({"training step": steps[rows]} | arriving)
