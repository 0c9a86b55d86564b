"""Layers × time: the gradient of every layer at every step, and which of its two ways back it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    Key,
    Layout,
    View,
    asked_step,
    bands,
    boundary_lines,
    colorscale,
    figure,
    flow_scale,
    hatched,
    kind_keys,
    kinds_of,
    log_ratio,
    measured_by,
    percent_axis,
    reference,
    time_axis,
    truncation_keys,
)
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.frames import Frame
from core.numbers import percent, plural, portion, sig
from core.reach import loss_steps
from core.reading.horizon import KIND_NAMES, LIVE

LIMIT = 6.0
"""The colour scale ends at 10^±LIMIT, as the strip's."""
ROW, GAP, CURVE = 34, 34, 110
"""Pixels of a layer's row, between the rows and the curve, and of the curve."""
DASHES = ("solid", "dash", "dot")
FEW = 0.01
"""A way that brings less than this, of one or the other sign, brings nothing worth a word."""


@dataclass(frozen=True)
class Ways:
    """The answer to "layer-paths": flow and down (L, T+1), from the bottom up, its facts and its training step."""

    flow: np.ndarray
    down: np.ndarray
    facts: Mapping[str, Any]
    step: int

    def share(self, layer: int) -> np.ndarray:
        """(T+1,), of that layer's gradient at each step, what came down to it there; NaN where there is none."""
        with np.errstate(all="ignore"):
            return self.down[layer] / np.where(self.flow[layer] > 0, self.flow[layer], np.nan)


def layers(frame: Frame, ways: Ways | None, config: RunConfig, style: Style) -> View | None:
    """Draw ``frame.flow_layers``; None where the cell has one layer."""
    flows = frame.flow_layers
    if flows is None:
        return None
    count, T, asked = len(flows), config.task.length, asked_step(config)
    to = reference(frame.flow, asked)
    kinds = [kinds_of(flow, config) for flow in flows]
    inner = ROW * count + GAP + CURVE
    data = [_heat(flows, to, style)]
    for k, own in enumerate(kinds):
        data += hatched(own, style, k - 0.5, k + 0.5)
    data += [*boundary_lines(config, style, -0.5, count - 0.5), *_lines(ways, count, config)]
    layout: Layout = {
        "xaxis": time_axis(style, T) | {"anchor": "y2"},
        "yaxis": {"domain": [1 - ROW * count / inner, 1], "range": [-0.5, count - 0.5], "fixedrange": True,
                  "showgrid": False, "tickvals": list(range(count)), "ticktext": _names(count, style)},
        "yaxis2": _share_axis(ways, count) | {"domain": [0, CURVE / inner], "fixedrange": True,
                                              "title": {"text": "" if style.narrow else "came down"}},
        "shapes": [*bands(config.task.marks(), style), *_rows(count, T, style)],
        "annotations": _arrows(style),
        "meta": {"axis": "time"},
    }  # fmt: skip
    return View(
        name="layers",
        title="Layers × time",
        hint=" ".join(filter(None, (_took(ways, count, config), _enters(config)))),
        alt=_alt(flows, kinds, to, frame, config),
        figure=figure(style, data, layout, height=30 + inner + 44, top=30, bottom=44),
        table=lambda: _table(flows, ways, to),
        keys=(*_line_keys(ways, count, config), *kind_keys(np.concatenate(kinds), style),
              *truncation_keys(config, style)),
        scales=(flow_scale(style),),
    )  # fmt: skip


def _heat(flows: np.ndarray, to: float, style: Style) -> Layout:
    T = flows.shape[1] - 1
    cell = style.plot_width / T
    return {"type": "heatmap", "x": np.arange(1, T + 1), "y": np.arange(len(flows)), "z": log_ratio(flows, to)[:, 1:],
            "zmin": -LIMIT, "zmax": LIMIT, "colorscale": colorscale(style.theme.flow), "showscale": False,
            "xgap": 2 if cell > 8 else cell > 4, "ygap": 2, "hoverongaps": False,
            "hovertemplate": "%{y}, step %{x}: 10<sup>%{z:.1f}</sup> of the last step<extra></extra>"}  # fmt: skip


def _names(count: int, style: Style) -> list[str]:
    return [str(k) if style.narrow else f"layer {k}" for k in range(1, count + 1)]


def _rows(count: int, T: int, style: Style) -> list[Layout]:
    return [
        {"type": "rect", "x0": 0.5, "x1": T + 0.5, "y0": k - 0.47, "y1": k + 0.47, "layer": "above",
         "line": {"color": style.theme.faint, "width": 1}}
        for k in range(count)
    ]  # fmt: skip


def _arrows(style: Style) -> list[Layout]:
    """Which way is which, over the top right corner, where the gradient comes in."""
    text = {"xref": "paper", "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": 4, "showarrow": False}
    said = "← time   ↓ layers" if style.narrow else "← back through time   ↓ down through the layers"
    return [text | {"text": said, "x": 1, "xanchor": "right", "font": {"size": 12, "color": style.theme.muted}}]


def _lines(ways: Ways | None, count: int, config: RunConfig) -> list[Layout]:
    """What came down to each layer that has one above it."""
    if ways is None:
        return []
    color, found = CELL_LOOKS[config.cell.name].color, []
    for k, dash in zip(range(count - 1), DASHES):
        share = ways.share(k)
        found.append({"type": "scatter", "mode": "lines", "x": np.arange(len(share)), "y": share.astype(np.float32),
                      "yaxis": "y2", "name": f"layer {k + 1}", "line": {"color": color, "width": 2, "dash": dash},
                      "hovertemplate": f"%{{y:.0%}} of layer {k + 1}'s came down<extra></extra>"})  # fmt: skip
    return found


def _line_keys(ways: Ways | None, count: int, config: RunConfig) -> tuple[Key, ...]:
    if ways is None:
        return ()
    color = CELL_LOOKS[config.cell.name].color
    return tuple(Key(f"of layer {k + 1}'s gradient, what came down from layer {k + 2} at that step", color, dash=dash)
                 for k, dash in zip(range(count - 1), DASHES))  # fmt: skip


def _share_axis(ways: Ways | None, count: int) -> Layout:
    """From 0 to 1, and as far beyond as a way against the gradient takes the other."""
    known = np.concatenate([ways.share(k)[1:] for k in range(count - 1)]) if ways else np.zeros(0)
    known = known[np.isfinite(known)]
    low, high = min(0.0, float(known.min(initial=0))), max(1.0, float(known.max(initial=1)))
    return percent_axis(max(low, -2.0) - 0.04, min(high, 3.0) + 0.04, 4)


def _enters(config: RunConfig) -> str:
    where = "at the top right" if len(loss_steps(config.task)) == 1 else "at the top wherever it is asked"
    return f"The gradient comes in {where} and has two ways back: left through time, and down through the layers."


def _took(ways: Ways | None, count: int, config: RunConfig) -> str:
    """What the two ways brought to the layers below the top one, where the first information enters."""
    if ways is None:
        return ""
    lag = min(config.task.lag, asked_step(config) - 1)
    shares = {k: float(ways.share(k)[asked_step(config) - lag]) for k in range(count - 1)}
    known = {k: share for k, share in shares.items() if np.isfinite(share)}
    if not known:
        return f"No gradient arrives in the layers below {plural(lag, 'step')} back."
    told = "; ".join(_said(k, share) for k, share in sorted(known.items(), reverse=True))
    some, of = ways.facts["sequences"], ways.facts["of"]
    whose = f"of {some} of the {of} sequences" if some < of else "of this step's sequences"
    return f"{plural(lag, 'step').capitalize()} back, where the first information enters, {told} ({whose})."


def _said(k: int, share: float) -> str:
    whose, above = f"layer {k + 1}", f"layer {k + 2}"
    if abs(share) < FEW:
        return f"{whose} got next to nothing from {above} in that step, and its gradient came back through time"
    if share < 0 or share > 1 + FEW:
        return f"what came down to {whose} and what came back through time there work against each other"
    if share > 1 - FEW:
        return f"{whose} got its gradient from {above} in that step, and next to nothing through time"
    return f"{percent(share)} of what {whose} got came down from {above} in that step, the rest back through time"


def _alt(flows: np.ndarray, kinds: Sequence[np.ndarray], to: float, frame: Frame, config: RunConfig) -> str:
    asked = asked_step(config)
    first = max(1, asked - config.task.lag)
    told = []
    for k, (flow, own) in enumerate(zip(flows, kinds), 1):
        there = KIND_NAMES[own[first]] if own[first] != LIVE else portion(float(flow[first]) / to)
        told.append(f"layer {k} {there}")
    of = measured_by(frame.flow, asked)
    return (
        f"Heatmap of {len(flows)} layers by {config.task.length} time steps at training step {frame.step}, measured by "
        f"{of} of the whole. At step {first}: {', '.join(told)}. The whole there: {sig(float(frame.flow[first]))}."
    )


def _table(flows: np.ndarray, ways: Ways | None, to: float) -> DataFrame:
    columns = {f"layer {k}, ÷ last step": flow / to for k, flow in enumerate(flows, 1)}
    if ways is not None:
        columns |= {f"came down to layer {k + 1}": ways.share(k) for k in range(len(flows) - 1)}
    return DataFrame({"time step": range(flows.shape[1])} | columns)
