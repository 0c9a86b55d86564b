"""Itemised credit: how much gradient each loss sends to each state, and the light that one loss throws back in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    Key,
    Knob,
    Layout,
    View,
    asked_step,
    bands,
    colorscale,
    decades_axis,
    figure,
    flow_scale,
    hatch,
    log_ratio,
    reference,
    time_axis,
)
from app.figures.inside_the_cell.light import light
from app.figures.theme import CELL_LOOKS, Style
from app.text.inside_the_cell.caption import looked_at
from core.config import RunConfig
from core.numbers import plural, portion, sig
from core.reading.horizon import CUT

Arrays = Mapping[str, np.ndarray]
PART, LOSS = "credit_part", "credit_s"
KNOBS = (PART, LOSS)
LIMIT, DECADES = 6.0, 12
CURVE, GAP = 150, 30
"""Pixels of the curve below the matrix, and between them."""


def credit(
    arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style, *, step: int, part: str, loss: int | None
) -> View:
    """From the answer to "credit" at training step ``step``; ``loss`` is the step of the one whose light is shown."""
    t, steps, rows, total = arrays["t"], arrays["step"], arrays[part], arrays[f"total_{part}"]
    asked = int(np.searchsorted(t, min(asked_step(config), int(t[-1]))))
    to = reference(total, asked)
    ratio, whole = log_ratio(rows, to), log_ratio(total, to)
    at = len(steps) - 1 if loss is None else int(np.abs(steps - loss).argmin())
    low, high = _range(ratio, whole)
    matrix = int(np.clip(8 * len(steps), 26, 200 if style.narrow else 280))
    height = 14 + matrix + GAP + CURVE + 44
    shares = ((matrix + GAP + CURVE) - matrix) / (matrix + GAP + CURVE), CURVE / (matrix + GAP + CURVE)
    said = [_words(rows[k], t, int(steps[k]), int(arrays["reach"][k]), config) for k in range(len(steps))]
    data, traces = _traces(t, steps, ratio, whole, arrays["reach"], at, config, style)
    layout: Layout = {
        "xaxis": time_axis(style, config.task.length) | {"anchor": "y2"},
        "yaxis": _loss_axis(steps, style) | {"domain": [shares[0], 1]},
        "yaxis2": decades_axis(low, high, "" if style.narrow else "÷ last step")
        | {"domain": [0, shares[1]], "fixedrange": True},
        "shapes": bands(config.task.marks(), style),
        "meta": {"axis": "time", "light": light(ratio, t, steps, said, low, high, at, traces, LOSS)},
    }
    return View(
        name="credit",
        title="Itemised credit",
        hint=_hint(arrays, meta, config),
        alt=_alt(t, said, step),
        figure=figure(style, data, layout, height=height, top=14, bottom=44),
        table=lambda: _table(rows, total, t, steps),
        keys=(Key("the chosen loss" if len(steps) > 1 else "the loss", CELL_LOOKS[config.cell.name].color, width=3),
              *((Key("all losses together", style.theme.muted, dash="dash"),) if len(steps) > 1 else ()),
              *_cut_key(arrays["reach"], config, style)),
        scales=(flow_scale(style),),
        knobs=_knobs(config, part, int(steps[at])),
    )  # fmt: skip


def _knobs(config: RunConfig, part: str, loss: int) -> tuple[Knob, ...]:
    hidden = Knob(LOSS, "loss at step", str(loss), 1, config.task.length, 1, hidden=True)
    layers = config.cell.layers
    if len(config.cell.states) * layers == 1:
        return (hidden,)
    whole = f"the whole state ({', '.join(config.cell.state_names)}{'' if layers == 1 else ' of all layers'})"
    alone = "h alone" if layers == 1 else "h of the top layer alone"
    return Knob(PART, "at", part, options=(("state", whole), ("h", alone))), hidden


def _range(ratio: np.ndarray, whole: np.ndarray) -> tuple[int, int]:
    known = np.concatenate([ratio[np.isfinite(ratio)], whole[np.isfinite(whole)]])
    if not known.size:
        return -2, 0
    high = int(np.ceil(max(float(known.max()), 0.3)))
    return max(int(np.floor(min(float(known.min()), -1.2))), high - DECADES), high


def _loss_axis(steps: np.ndarray, style: Style) -> Layout:
    """The last loss at the bottom, beside the curve; of a single one just its step."""
    half = 0.5 if len(steps) < 2 else float(steps[-1] - steps[0]) / (len(steps) - 1) / 2
    axis: Layout = {"range": [float(steps[-1]) + half, float(steps[0]) - half], "fixedrange": True, "showgrid": False,
                    "title": {"text": "" if style.narrow or len(steps) < 4 else "loss at step s"}}  # fmt: skip
    ticks = steps if len(steps) < 4 else steps[np.linspace(0, len(steps) - 1, 5).round().astype(int)]
    return axis | {"tickvals": ticks.tolist(), "ticktext": [str(tick) for tick in ticks]}


def _traces(
    t: np.ndarray, steps: np.ndarray, ratio: np.ndarray, whole: np.ndarray, reach: np.ndarray, at: int,
    config: RunConfig, style: Style,
) -> tuple[list[Layout], dict[str, int]]:  # fmt: skip
    """The pictures, and which of them are the chosen loss: its line across the matrix, and its curve."""
    color, theme = CELL_LOOKS[config.cell.name].color, style.theme
    heat = {"type": "heatmap", "x": t, "y": steps, "z": ratio, "zmin": -LIMIT, "zmax": LIMIT, "showscale": False,
            "colorscale": colorscale(theme.flow), "hoverongaps": False,
            "hovertemplate": "loss %{y}, state %{x}: 10<sup>%{z:.1f}</sup> of the last step"
                             "<extra></extra>"}  # fmt: skip
    lowest = np.where(reach > 1, reach, 0)
    half = 0.5 if len(steps) < 2 else float(steps[-1] - steps[0]) / (len(steps) - 1) / 2
    cut = hatch(CUT, [(0.5, first - 0.5, float(s) - half, float(s) + half) for s, first in zip(steps, lowest) if first],
                style) if config.truncation != "full" else []  # fmt: skip
    pointer = {"type": "scatter", "mode": "lines", "x": [0.5, float(steps[at]) + 0.5], "y": [int(steps[at])] * 2,
               "line": {"color": theme.ink, "width": 1.5 if len(steps) > 1 else 0}, "hoverinfo": "skip"}  # fmt: skip
    curves = [
        {"type": "scatter", "mode": "lines", "x": t, "y": _power(row), "yaxis": "y2", "name": name,
         "line": {"color": ink, "width": width, "dash": dash}, "connectgaps": False,
         "hovertemplate": f"{name}, state %{{x}}: %{{y}}<extra></extra>"}
        for row, name, ink, width, dash in ((whole, "all losses", theme.muted, 1.5, "dash"),
                                            (ratio[at], "this loss", color, 3, "solid"))
    ]  # fmt: skip
    data = [heat, *cut, pointer, *curves]
    return data, {"pointer": len(data) - 3, "curve": len(data) - 1}


def _power(ratio: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(ratio), 10.0 ** ratio.astype(np.float64), np.nan)


def _cut_key(reach: np.ndarray, config: RunConfig, style: Style) -> tuple[Key, ...]:
    if config.truncation == "full" or not (reach > 1).any():
        return ()
    return (Key("cut by truncation", style.theme.muted, "pattern", pattern="/"),)


def _words(row: np.ndarray, t: np.ndarray, s: int, reach: int, config: RunConfig) -> str:
    """What the light of one loss does, which truncation lets back to step ``reach``, in a sentence."""
    own = float(row[np.searchsorted(t, s, side="right") - 1])
    if not (np.isfinite(own) and own > 0):
        return f"The loss at step {s} sends no gradient back."
    with np.errstate(all="ignore"):
        below = t[(t < s) & (t >= 1) & (row < 0.5 * own)]
    half = f"falls below half {plural(int(s - below[-1]), 'step')} back" if below.size else "never falls below half"
    first = config.task.entry.first
    if s <= first:
        return f"Loss at step {s}: its light {half}."
    there, where = float(row[np.abs(t - first).argmin()]) / own, f"at step {first}, where information enters"
    arrives = f"{portion(there) if there else 'nothing'} arrives {where}"
    return f"Loss at step {s}: its light {half}; {arrives if first >= reach else f'{where}, it is cut by truncation'}."


def _hint(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig) -> str:
    counted, losses = meta["counted"], meta["losses"]
    if losses == 1:
        told = ["This task asks once, so there is one row: its only loss."]
    else:
        told = ["A row a loss, a column a state. Point at a row to throw the loss's light back through time."]
    if counted < losses:
        told.append(f"Of {losses:,} losses {counted:,} are worked out here.")
    if len(arrays["step"]) < counted:
        told.append(f"Shown are {len(arrays['step'])} rows.")
    if not np.isnan(meta["error"]) and losses > 1:
        exact = "exactly" if meta["error"] == 0 else f"to {sig(meta['error'])} of it"
        what = "them all together" if counted < losses else "the whole loss"
        told.append(f"As vectors the rows sum to the gradient of {what} {exact}.")
    told.append(looked_at(meta))
    if config.clip == "backprop":
        told.append("Taken before the clamp inside backpropagation.")
    return " ".join(told)


def _alt(t: np.ndarray, said: Sequence[str], step: int) -> str:
    return (
        f"Matrix of gradient size, {_losses(len(said))} by {plural(len(t), 'state')}, at training step {step}, and "
        f"the row of one loss as a curve. {said[-1]}"
    )


def _losses(count: int) -> str:
    return "1 loss" if count == 1 else f"{count} losses"


def _table(rows: np.ndarray, total: np.ndarray, t: np.ndarray, steps: np.ndarray) -> DataFrame:
    """All states (long sequences: some) by some ten losses."""
    chosen = np.unique(np.linspace(0, len(steps) - 1, min(10, len(steps))).round().astype(int))
    return DataFrame({"state": t, "all losses": total} | {f"loss at {steps[k]}": rows[k] for k in chosen})
