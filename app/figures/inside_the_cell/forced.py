"""Every gate forced, one at a time: which of them the gradient hangs on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Layout, View, asked_step, decades_axis, figure
from app.figures.inside_the_cell.looks import look
from app.figures.inside_the_cell.probe import probe_name
from app.figures.theme import CELL_LOOKS, Style
from app.text.inside_the_cell.caption import looked_at
from core.config import RunConfig
from core.numbers import plural, portion

Arrays = Mapping[str, np.ndarray]
PITCH, DECADES = 34, 14
EDGE = 0.6
"""Decades left of the axis, for what leaves nothing."""


def forced(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style) -> View:
    """From the answer to "probes": what of the last loss's gradient is left as far back as the task needs."""
    names, back = meta["names"], _back(config)
    own, left = _left(arrays["before"], back, config), [_left(row, back, config) for row in arrays["after"]]
    low, high = _range([own, *left])
    data = [_dot(k, name, value, low, config) for k, (name, value) in enumerate(zip(names, left))]
    return View(
        name="forced",
        title="Which gate does it hang on?",
        hint=_hint(names, left, own, config) + (f" {looked_at(meta)}" if names else ""),
        alt=_alt(names, left, config),
        figure=figure(style, data, _layout(names, own, low, high, config, style),
                      height=max(120, PITCH * len(names) + 64), top=10, bottom=44),
        table=lambda: DataFrame({
            "probe": ["as it is", *(probe_name(name, config) for name in names)],
            f"left {_lag(config)} steps back": [own, *left],
            "loss": [meta["loss_before"], *arrays["loss"][: len(names)]],
        }),
        keys=(Key("as it is", CELL_LOOKS[config.cell.name].color),
              *((Key("forced to 1", style.theme.muted, "marker"), Key("forced to 0", style.theme.muted, "marker",
                                                                     marker="circle-open")) if names else ())),
    )  # fmt: skip


def _back(config: RunConfig) -> int:
    """The state to look at: as far back as the task needs, or as truncation lets the last loss see."""
    asked = asked_step(config)
    return max(0, asked - config.task.lag, max((cut + 1 for cut in config.cuts if cut < asked), default=0))


def _lag(config: RunConfig) -> int:
    return asked_step(config) - _back(config)


def _left(flow: np.ndarray, back: int, config: RunConfig) -> float:
    last = float(flow[asked_step(config)])
    return float(flow[back]) / last if np.isfinite(last) and last > 0 else 0.0 if last == 0 else float("nan")


def _range(values: list[float]) -> tuple[int, int]:
    logs = [np.log10(value) for value in values if np.isfinite(value) and value > 0]
    high = int(np.ceil(max([*logs, 0.0]) + 0.15))
    return max(int(np.floor(min([*logs, -1.0]) - 0.15)), high - DECADES), high


def _dot(k: int, name: str, value: float, low: int, config: RunConfig) -> Layout:
    gate, _, forced_to = name.partition("=")
    seen = look(gate, config)
    there = np.isfinite(value) and value >= 10.0**low
    symbol = ("circle-open" if forced_to == "0" else "circle") if there else "triangle-left-open"
    said = (
        f"{probe_name(name, config)}: {portion(value)} left" if value else f"{probe_name(name, config)}: nothing left"
    )
    x = value if there else 10.0 ** (low - EDGE / 2)
    return {"type": "scatter", "mode": "markers", "x": [x], "y": [k], "name": name,
            "marker": {"color": seen.color, "size": 10, "symbol": symbol, "line": {"width": 2, "color": seen.color}},
            "cliponaxis": False, "hovertemplate": f"{said}<extra></extra>"}  # fmt: skip


def _layout(names: list[str], own: float, low: int, high: int, config: RunConfig, style: Style) -> Layout:
    lines = [{"type": "line", "x0": own, "x1": own, "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
              "line": {"color": CELL_LOOKS[config.cell.name].color, "width": 2}}] if own > 0 else []  # fmt: skip
    short = [_short(name) for name in names]
    title = f"gradient left {plural(_lag(config), 'step')} back"
    return {
        "xaxis": decades_axis(low, high, title) | {"range": [low - EDGE, high], "fixedrange": True},
        "yaxis": {"range": [len(names) - 0.4, -0.6], "tickvals": list(range(len(names))), "ticktext": short,
                  "fixedrange": True, "gridcolor": style.theme.grid},
        "shapes": lines,
        "annotations": [] if names else [{"text": "no gates", "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}],
        "meta": {"axis": "left"},
    }  # fmt: skip


def _short(name: str) -> str:
    """'f = 1'; p are the peepholes."""
    return {"peepholes=removed": "p = 0", "peepholes=cut": "p cut"}.get(name, name.replace("=", " = "))


def _hint(names: list[str], left: list[float], own: float, config: RunConfig) -> str:
    if not names:
        return "It has no gates: its gradient hangs on φ and U alone."
    known = [(value, probe_name(name, config)) for name, value in zip(names, left) if np.isfinite(value)]
    if not known or not np.isfinite(own):
        return "There is no gradient to lose."
    (least, worst), (most, best) = min(known), max(known)
    start = f"As it is, {_portion(own)} is left {plural(_lag(config), 'step')} back"
    if most <= 1.05 * own and least >= own / 1.05:
        return f"{start}, whichever gate is forced."
    return f"{start}; {best} leaves most, {_portion(most)}, and {worst} least, {_portion(least)}."


def _alt(names: list[str], left: list[float], config: RunConfig) -> str:
    if not names:
        return "There is no gate to force."
    each = ", ".join(f"{probe_name(name, config)} {portion(value)}" for name, value in zip(names, left))
    return f"Share of the gradient left {plural(_lag(config), 'step')} back with each gate forced in turn: {each}."


def _portion(value: float) -> str:
    return portion(value) if value else "nothing"
