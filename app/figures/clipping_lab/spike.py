"""Where one step's gradient came from: every sequence's own gradient over time, and the shares of both."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    PATTERNS,
    Key,
    Label,
    Layout,
    Scale,
    View,
    above,
    asked_step,
    brackets,
    colorscale,
    cut_lines,
    figure,
    flow_scale,
    hatching,
    kind_keys,
    log_ratio,
    percent_axis,
    reference,
    runs,
    time_axis,
)
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import percent, plural
from core.reading.horizon import CUT, KIND_NAMES, zeros

ROWS, COLUMNS = 32, 200
"""Shown are at most so many sequences, those with the largest shares, and so many columns of time."""
LIMIT = 6.0
BELOW, BETWEEN = 74, 24
"""Pixels of the bars under the heatmap, and between the two."""

Arrays = Mapping[str, np.ndarray]


def spike(arrays: Arrays, measured: int, shown: int, config: RunConfig, style: Style) -> View:
    """Draw ``flow`` (N, T+1), ``share`` (N,) and ``step_share`` (T,) of the question "sequences".

    They are of the weights and the batch of training step ``measured``; ``shown`` is the step on screen. Colours are
    log10(flow ÷ batch mean at the asked step); rows are sorted by their share of the batch gradient, largest on top.
    """
    T, order = config.task.length, ranked(arrays["share"])[:ROWS]
    flow = np.asarray(arrays["flow"])[order]
    marks = config.task.marks()
    notes, lanes = above([Label(mark.label, mark.first, mark.last) for mark in marks], T, style)
    top, height = 12 + 16 * lanes, _height(len(order))
    total = height + BETWEEN + BELOW
    fold = (BELOW + BETWEEN) / total
    layout: Layout = {
        "xaxis": time_axis(style, T) | {"anchor": "y2"},
        "yaxis": {"domain": [fold, 1], "range": [len(order) - 0.5, -0.5], "showgrid": False, "showticklabels": False,
                  "tickvals": np.arange(len(order)), "ticktext": _names(order, arrays["share"]), "fixedrange": True},
        "yaxis2": _share_axis(arrays["step_share"]) | {"domain": [0, BELOW / total], "anchor": "x"},
        "shapes": [*brackets(marks, style), *_margin(arrays["share"][order], style)],
        "annotations": [*notes, *_words(fold, BELOW / total, style)],
        "bargap": 0.15 if style.plot_width / T > 4 else 0,
        "meta": {"axis": "time"},
    }  # fmt: skip
    kinds = _kinds(flow, config)
    data = [_heat(flow, kinds, _mean(arrays, config), T, style), *_marked(kinds, style),
            *cut_lines(config.cuts, style, -0.5, len(order) - 0.5), _bars(arrays["step_share"], style)]  # fmt: skip
    return View(
        name="spike",
        title="Where this gradient came from",
        hint=_hint(arrays, measured, shown, config),
        alt=_alt(arrays, measured, config),
        figure=figure(style, data, layout, height=total + top + 44, top=top, bottom=44),
        table=lambda: _table(arrays),
        keys=(Key("share of the batch's gradient", style.theme.ink, width=4), *kind_keys(_columns(kinds), style)),
        scales=(_scale(style),),
    )


def ranked(share: np.ndarray) -> np.ndarray:
    """Indices by share, largest first; what is no number last."""
    return np.argsort(-np.where(np.isfinite(share), share, -np.inf), kind="stable")


def half(share: np.ndarray) -> int:
    """The fewest entries that together make at least half of the whole; 0 where nothing is a number."""
    known = np.sort(share[np.isfinite(share)])[::-1]
    reached = np.flatnonzero(np.cumsum(known) >= 0.5)
    return int(reached[0]) + 1 if reached.size else 0


def _height(rows: int) -> int:
    return int(np.clip(rows * 9, 54, 260))


def _names(order: np.ndarray, share: np.ndarray) -> list[str]:
    return [f"sequence {k + 1}, {percent(float(share[k]))} of the batch's gradient" for k in order]


def _mean(arrays: Arrays, config: RunConfig) -> float:
    """What 'kept' is measured by: the batch mean at the asked step."""
    with np.errstate(all="ignore"):
        return reference(np.asarray(arrays["flow"], np.float64).mean(axis=0), asked_step(config))


def _kinds(flow: np.ndarray, config: RunConfig) -> np.ndarray:
    """(rows, T+1) the kind of every cell."""
    asked = asked_step(config)
    return np.stack([zeros(row, asked=asked, cuts=config.cuts) for row in flow])


def _columns(kinds: np.ndarray) -> np.ndarray:
    """Each kind that occurs anywhere in steps 1 … T, after a zero, for the legend."""
    return np.concatenate([[0], np.unique(kinds[:, 1:])])


def _heat(flow: np.ndarray, kinds: np.ndarray, to: float, T: int, style: Style) -> Layout:
    ratio = np.where(kinds == 0, log_ratio(flow, to), np.nan)[:, 1:]
    z, x = _reduced(ratio)
    return {"type": "heatmap", "x": x, "y": np.arange(len(z)), "z": z, "zmin": -LIMIT, "zmax": LIMIT,
            "colorscale": colorscale(style.theme.flow), "showscale": False, "hoverongaps": False,
            "ygap": 1, "xgap": 1 if style.plot_width / T > 8 else 0,
            "hovertemplate": "%{y}<br>step %{x:.0f}: 10<sup>%{z:.1f}</sup> of the batch mean at the last step"
                             "<extra></extra>"}  # fmt: skip


def _reduced(ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(values, middle time step per column) with at most COLUMNS columns: the largest of each, a spike must not go."""
    T = ratio.shape[1]
    starts = np.ceil(np.arange(min(COLUMNS, T)) * T / min(COLUMNS, T)).astype(int)
    ends = np.append(starts[1:], T)
    largest = np.fmax.reduceat(ratio, starts, axis=1)
    return largest.astype(np.float32), ((starts + ends + 1) / 2).astype(np.float32)


def _marked(kinds: np.ndarray, style: Style) -> list[Layout]:
    """Hatching over the cells that hold no ordinary number; one trace a kind."""
    traces: list[Layout] = []
    for kind in PATTERNS:
        x: list[float | None] = []
        y: list[float | None] = []
        for row, flags in enumerate(kinds[:, 1:] == kind):
            for first, last in runs(flags):
                left, right = first + 0.5, last + 1.5
                x += [left, right, right, left, left, None]
                y += [row - 0.5, row - 0.5, row + 0.5, row + 0.5, row - 0.5, None]
        if x:
            traces.append({"type": "scatter", "mode": "lines", "line": {"width": 0}, "fill": "toself", "x": x, "y": y,
                           "fillpattern": hatching(kind, style), "hoverinfo": "skip",
                           "name": KIND_NAMES[kind]})  # fmt: skip
    return traces


def _margin(share: np.ndarray, style: Style) -> list[Layout]:
    """A bar a row in the left margin, growing away from the picture; what works against the batch grows towards it."""
    values = np.where(np.isfinite(share), share, 0.0)
    most, least = max(float(values.max(initial=0)), 0.0), max(float(-values.min(initial=0)), 0.0)
    scale = (style.left - 10) / (most + least) if most + least > 0 else 0.0
    zero = -5 - least * scale
    place = {"type": "rect", "xref": "paper", "xsizemode": "pixel", "xanchor": 0, "yref": "y", "line": {"width": 0}}
    return [place | {"x0": zero, "x1": zero - float(value) * scale, "y0": row - 0.38, "y1": row + 0.38,
                     "fillcolor": style.theme.ink if value > 0 else style.theme.faint}
            for row, value in enumerate(values)]  # fmt: skip


def _share_axis(share: np.ndarray) -> Layout:
    known = share[np.isfinite(share)]
    low, high = min(float(known.min(initial=0)), 0.0), max(float(known.max(initial=0)), 0.01)
    return percent_axis(low * 1.1, high * 1.1, 3) | {"fixedrange": True, "zeroline": low < 0}


def _words(fold: float, upper: float, style: Style) -> list[Layout]:
    """What the margin's bars and the bars below are."""
    small = {"xref": "paper", "yref": "paper", "font": {"size": 11, "color": style.theme.muted}, "yanchor": "bottom"}
    below = "share of the input steps" if style.narrow else "share of each input step in the cell's gradient"
    return [
        small | {"text": "share", "x": 0, "xanchor": "right", "xshift": -5, "y": 1, "yshift": 2},
        small | {"text": below, "x": 0, "xanchor": "left", "y": upper, "yshift": 2},
    ]


def _bars(share: np.ndarray, style: Style) -> Layout:
    T = len(share)
    starts = np.ceil(np.arange(min(COLUMNS, T)) * T / min(COLUMNS, T)).astype(int)
    ends = np.append(starts[1:], T)
    summed = np.add.reduceat(np.asarray(share, np.float64), starts)
    color = np.where(summed < 0, style.theme.faint, style.theme.ink)
    words = [f"{_step_name(a, b)}: {percent(float(value))}" for a, b, value in zip(starts, ends, summed)]
    return {"type": "bar", "x": ((starts + ends + 1) / 2).astype(np.float32), "y": summed.astype(np.float32),
            "width": (ends - starts).astype(np.float32) * (0.85 if style.plot_width / T > 4 else 1.0), "yaxis": "y2",
            "marker": {"color": color.tolist(), "line": {"width": 0}}, "text": words, "textposition": "none",
            "hovertemplate": "input %{text} of the cell's gradient<extra></extra>", "name": "share"}  # fmt: skip


def _step_name(start: int, end: int) -> str:
    return f"step {start + 1}" if end == start + 1 else f"steps {start + 1}–{end}"


def _scale(style: Style) -> Scale:
    scale = flow_scale(style)
    return Scale("gradient ÷ batch mean at the last step", scale.stops, scale.ticks)


def _hint(arrays: Arrays, measured: int, shown: int, config: RunConfig) -> str:
    parts = [_who(arrays, config)]
    if measured != shown:
        parts.append(f"Measured on the weights of training step {measured:,}, the nearest stored before {shown:,}.")
    return " ".join(parts)


def _who(arrays: Arrays, config: RunConfig) -> str:
    """Which sequences, which steps, in one sentence."""
    share, steps = arrays["share"], arrays["step_share"]
    if not np.isfinite(share).any():
        return "This gradient is zero or not finite: there are no shares of it."
    first, N, needed = int(ranked(share)[0]), len(share), half(share)
    whole = "the batch's gradient" if config.batch_size == N else f"the gradient of the batch's first {N} sequences"
    who = f"Sequence {first + 1} alone makes {percent(float(share[first]))} of {whole}"
    if N == 1:
        who = "The batch is one sequence"
    elif needed > 1:
        who = f"{needed} of {N} sequences make half of {whole} or more"
    when = half(steps)
    if not when:
        return f"{who}; all of it is the readout's, for nothing reaches the cell."
    places = np.sort(ranked(steps)[:when]) + 1
    which = f"input step {places[0]}" if when == 1 else f"{when} of {len(steps)} input steps ({places[0]}–{places[-1]})"
    return f"{who}; {which} {'makes' if when == 1 else 'make'} half of the cell's or more."


def _alt(arrays: Arrays, measured: int, config: RunConfig) -> str:
    cut = (
        int(np.count_nonzero(zeros(np.nanmean(arrays["flow"], axis=0), cuts=config.cuts) == CUT)) if config.cuts else 0
    )
    some = plural(len(arrays["share"]), "sequence")
    return (
        f"Heatmap of gradient size, {some} by {config.task.length} time steps, at training step {measured}. "
        f"{_who(arrays, config)}" + (f" Truncation cuts {plural(cut, 'step')}." if cut else "")
    )


def _table(arrays: Arrays) -> DataFrame:
    order = ranked(arrays["share"])[:100]
    titles = {"share": "share of the batch's gradient", "loss": "loss", "grad_norm": "norm of its own gradient"}
    measured = {words: arrays[name][order] for name, words in titles.items() if name in arrays}
    return DataFrame({"sequence": order + 1} | measured)
