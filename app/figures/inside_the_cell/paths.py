"""Where the gradient travels: what came down the carousel or the leak, and what through which gate, at every step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    Key,
    Knob,
    Layout,
    View,
    bands,
    boundary_lines,
    figure,
    hatched,
    kind_keys,
    percent_axis,
    percents,
    reference_line,
    time_axis,
    truncation_keys,
)
from app.figures.inside_the_cell.looks import look, path_name
from app.figures.theme import Style
from app.text.inside_the_cell.caption import carried_words, looked_at
from core.config import RunConfig
from core.numbers import fixed, percent, sig
from core.reading.horizon import zeros

Arrays = Mapping[str, np.ndarray]
LOSS, SHARE = "paths_loss", "paths_share"
KNOBS = (LOSS, SHARE)
COLUMNS = 200
"""Longer sequences are drawn in columns of several steps."""
LOWEST, HIGHEST = -1.0, 2.0
"""The axis ends there, however large the parts are that cancel."""


def paths(
    arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style, *, step: int, losses: str, share: str
) -> View:
    """From the answer to "paths" at training step ``step``; ``losses`` and ``share`` are where the knobs stand."""
    if "slope" in arrays:
        return _one_way(arrays, meta, config, style, step)
    columns = _columns(arrays, meta["paths"], share)
    low, high = _range(columns)
    return View(
        name="paths",
        title="Where the gradient travels",
        hint=_hint(arrays, meta, config, share),
        alt=_alt(arrays, meta, config, step),
        figure=figure(style, [*_bars(columns, config), *_ground(arrays, config, style, low, high)],
                      _layout(columns, config, style, low, high), height=300, top=10, bottom=44),
        table=lambda: _table(arrays, meta["paths"]),
        keys=(*(Key(path_name(name, config), look(name, config).color, "area") for name in columns if name != "t"),
              *kind_keys(_kinds(arrays, config), style), *truncation_keys(config, style)),
        knobs=_knobs(meta, config, losses, share),
    )  # fmt: skip


def _columns(arrays: Arrays, names: list[str], share: str) -> dict[str, np.ndarray]:
    """t, the middle of each column, and the share of every path that there is: Σ part ÷ Σ gradient over its steps."""
    t = arrays["t"]
    group = np.arange(len(t)) * min(COLUMNS, len(t)) // len(t)
    starts = np.unique(group, return_index=True)[1]
    rows = {name: arrays[f"{'part' if share == 'signed' else 'norm'}.{name}"] for name in names}
    sums = {name: np.add.reduceat(row, starts) for name, row in rows.items() if np.nan_to_num(row).any()}
    whole = np.add.reduceat(arrays["flow"], starts) if share == "signed" else sum(sums.values(), np.zeros(len(starts)))
    middle = np.add.reduceat(t.astype(float), starts) / np.diff([*starts, len(t)])
    with np.errstate(all="ignore"):
        shares = {name: np.where(whole > 0, row / whole, np.nan) for name, row in sums.items()}
    return {"t": middle} | shares


def _bars(columns: Mapping[str, np.ndarray], config: RunConfig) -> list[Layout]:
    t = columns["t"]
    wide = float(t[1] - t[0]) if len(t) > 1 else 1.0
    return [
        {"type": "bar", "x": t, "y": np.nan_to_num(row).astype(np.float32), "width": wide,
         "name": path_name(name, config),
         "marker": {"color": look(name, config).color, "line": {"width": 0}},
         "hovertemplate": f"{path_name(name, config)} %{{text}}<extra></extra>", "text": percents(row),
         "textposition": "none"}
        for name, row in columns.items() if name != "t"
    ]  # fmt: skip


def _range(columns: Mapping[str, np.ndarray]) -> tuple[float, float]:
    rows = np.array([np.nan_to_num(row) for name, row in columns.items() if name != "t"] or [[0.0]])
    low, high = np.minimum(rows, 0).sum(axis=0).min(), np.maximum(rows, 0).sum(axis=0).max()
    return max(LOWEST, 1.05 * float(low)), min(HIGHEST, max(1.0, float(high)) * 1.04)


def _layout(
    columns: Mapping[str, np.ndarray], config: RunConfig, style: Style, low: float, high: float
) -> Layout:  # fmt: skip
    return {
        "barmode": "relative",
        "bargap": 0,
        "xaxis": time_axis(style, config.task.length),
        "yaxis": percent_axis(low, high) | {"fixedrange": True,
                  "title": {"text": "" if style.narrow else "share of the gradient"}},
        "shapes": [*bands(config.task.marks(), style), reference_line(1, style, "solid"),
                   *([reference_line(0, style, "solid")] if low < 0 else [])],
        "hovermode": "x",
        "meta": {"axis": "time"},
    }  # fmt: skip


def _kinds(arrays: Arrays, config: RunConfig) -> np.ndarray:
    """(T+1,) the kind of zero of each state."""
    flow = np.ones(config.task.length + 1)
    flow[: arrays["t"][0]] = 1  # not followed that far: nothing is said of these
    flow[arrays["t"]] = arrays["flow"]
    flow[arrays["t"][-1] + 1 :] = 1
    return zeros(flow, asked=int(arrays["t"][-1]), cuts=config.cuts)


def _ground(arrays: Arrays, config: RunConfig, style: Style, low: float, high: float) -> list[Layout]:
    return [*hatched(_kinds(arrays, config), style, low, high, opacity=0.5),
            *boundary_lines(config, style, low, high)]  # fmt: skip


def _knobs(meta: Mapping[str, Any], config: RunConfig, losses: str, share: str) -> tuple[Knob, ...]:
    knobs = [Knob(SHARE, "share by", share, options=(("signed", "part along the gradient"), ("length", "length")))]
    if many_losses(config):
        knobs.insert(0, Knob(LOSS, "of", losses, options=(("last", "the last loss"), ("all", "all losses"))))
    return tuple(knobs)


def many_losses(config: RunConfig) -> bool:
    """Whether losses are taken at more than one step."""
    from core.reach import loss_steps

    return len(loss_steps(config.task)) > 1


def _hint(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, share: str) -> str:
    told = [carried_words(arrays, meta, config, share)]
    largest = max(float(np.nanmax(np.abs(_share(arrays, name)), initial=0)) for name in meta["paths"])
    if share == "signed":
        told.append(
            "Measured along the gradient, so that shares sum to 1 and what works against it is negative; a gate counts "
            "for what passed it last."
        )
        if largest > 1.05:
            told.append(f"Parts cancel: one is up to {sig(largest)} times the gradient.")
    else:
        told.append("By length also those parts count that cancel each other.")
    told.append(f"{_sum(meta)} {looked_at(meta)}")
    if config.clip == "backprop":
        told.append("Taken before the clamp inside backpropagation, which is not linear and has no parts.")
    if meta["alone"] and many_losses(config):
        told.append("Of the last loss alone.")
    return " ".join(told)


def _sum(meta: Mapping[str, Any]) -> str:
    if np.isnan(meta["error"]):
        return "There is no gradient to share out."
    exact = "exactly" if meta["error"] == 0 else f"to {sig(meta['error'])} of it"
    return f"As vectors the parts sum to the gradient {exact}."


def _share(arrays: Arrays, name: str) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.where(arrays["flow"] > 0, arrays[f"part.{name}"] / arrays["flow"], np.nan)


def _alt(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, step: int) -> str:
    start = f"Stacked shares of the gradient by path at training step {step}, one column a time step."
    with np.errstate(invalid="ignore"):
        live = np.flatnonzero(np.isfinite(arrays["flow"]) & (arrays["flow"] > 0))
    if not live.size:
        return f"{start} No gradient arrives anywhere."
    k = live[0]
    first = ", ".join(f"{path_name(name, config)} {percent(float(_share(arrays, name)[k]))}" for name in meta["paths"])
    return f"{start} At step {int(arrays['t'][k])}: {first}."


def _table(arrays: Arrays, names: list[str]) -> DataFrame:
    along = {f"{name}, along": arrays[f"part.{name}"] for name in names}
    length = {f"{name}, length": arrays[f"norm.{name}"] for name in names}
    return DataFrame({"state": arrays["t"], "gradient": arrays["flow"]} | along | length)


# -- without gates ----------------------------------------------------------------------------------------------------


def _one_way(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style, step: int) -> View:
    """φ′ and U, one after the other: all that a step without gates does to the gradient."""
    t, muted = arrays["t"][1:], style.theme.muted
    lines = {
        "at φ": arrays["slope"][1:],
        "at U": arrays["matrix"][1:],
        "both": (arrays["slope"] * arrays["matrix"])[1:],
    }
    looks = {"at φ": (muted, "dot", 2), "at U": (muted, "dash", 2), "both": (look("", config).color, "solid", 3)}
    known = np.concatenate([line[np.isfinite(line)] for line in lines.values()])
    high = min(10.0, 1.08 * max(1.0, float(known.max()) if known.size else 1.0))
    data = [{"type": "scatter", "mode": "lines", "x": t, "y": line.astype(np.float32), "name": name,
             "line": {"color": looks[name][0], "dash": looks[name][1], "width": looks[name][2]},
             "hovertemplate": f"{name} × %{{y:.2f}}<extra></extra>"} for name, line in lines.items()]  # fmt: skip
    layout: Layout = {
        "xaxis": time_axis(style, config.task.length),
        "yaxis": {"range": [0, high], "nticks": 6, "fixedrange": True,
                  "title": {"text": "" if style.narrow else "factor of this step"}},
        "shapes": [*bands(config.task.marks(), style), reference_line(1, style)],
        "hovermode": "x",
        "meta": {"axis": "time"},
    }  # fmt: skip
    return View(
        name="paths",
        title="Where the gradient travels: one way",
        hint=f"{_factors(lines, config)} {looked_at(meta)}",
        alt=f"By how much each step multiplies the gradient at training step {step}. {_factors(lines, config)}",
        figure=figure(style, [*data, *_ground(arrays, config, style, 0, high)], layout, height=300, top=10, bottom=44),
        table=lambda: DataFrame({"state": t, "gradient": arrays["flow"][1:]} | lines),
        keys=(*(Key(name, color, dash=dash, width=width) for name, (color, dash, width) in looks.items()),
              *kind_keys(_kinds(arrays, config), style), *truncation_keys(config, style)),
        knobs=_knobs(meta, config, "last" if meta["alone"] else "all", "signed")[:-1],
    )  # fmt: skip


def _factors(lines: Mapping[str, np.ndarray], config: RunConfig) -> str:
    start = "It has no gates and no carousel: all of the gradient goes through φ and U at every step."
    typical = []
    for line in lines.values():
        known = line[np.isfinite(line) & (line > 0)]
        if not known.size:
            return f"{start} Here nothing arrives that could be multiplied."
        typical.append(float(np.exp(np.log(known).mean())))
    slope, matrix, both = typical
    name = config.cell.phi.name if config.cell.phi else "φ"
    at_u = "U and its normalisation" if config.cell.normalised else "U"
    return (
        f"{start} A typical step leaves × {fixed(slope)} at {name} (that is φ′) and × {fixed(matrix)} at {at_u}, "
        f"together × {fixed(both)}."
    )
