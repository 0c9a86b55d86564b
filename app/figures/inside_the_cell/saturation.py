"""How often each unit's gates are shut or open: a small panel for every gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Layout, View, figure, percent_axis, percents
from app.figures.inside_the_cell.looks import always, gate_name, in_both_directions, look
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import percent
from core.reading.gate_use import OPEN, SHUT

Arrays = Mapping[str, np.ndarray]
GAP_X, GAP_Y = 0.12, 0.2
WHOLE = 0.97
"""The panels leave room for the last number of an axis, which stands under its end."""


def saturation(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style, *, step: int) -> View:
    """From the answer to "gates" at training step ``step``: a dot a unit, share of time shut across, open upwards."""
    names = meta["names"]
    wide, high = (1, 1) if len(names) == 1 else (2, -(-len(names) // 2))
    data: list[Layout] = []
    layout: Layout = {"shapes": [], "annotations": [], "meta": {"axis": "saturation"}}
    for k, q in enumerate(names):
        column, row = k % wide, k // wide
        axis = "" if k == 0 else str(k + 1)
        x, y = _domain(column, wide, GAP_X), _domain(high - 1 - row, high, GAP_Y)
        share = percent_axis(-0.06, 1.06, 3) | {"fixedrange": True}
        # Numbers at the two outer sides alone, and few of them: the panels are small.
        across = {"tickvals": [0, 0.5, 1], "ticktext": ["0", "50\u00a0%", "100\u00a0%"]}
        layout[f"xaxis{axis}"] = share | across | {"domain": x, "anchor": f"y{axis}", "showticklabels": row == high - 1,
                                          "title": {"text": f"< {SHUT:g}" if row == high - 1 else ""}}  # fmt: skip
        layout[f"yaxis{axis}"] = share | {"domain": y, "anchor": f"x{axis}", "showticklabels": column == 0,
                                          "title": {"text": "" if column else f"> {OPEN:g}"}}  # fmt: skip
        layout["shapes"].append({"type": "line", "x0": 0, "y0": 1, "x1": 1, "y1": 0, "xref": f"x{axis}",
                                 "yref": f"y{axis}", "layer": "below",
                                 "line": {"color": style.theme.faint, "width": 1, "dash": "dot"}})  # fmt: skip
        layout["annotations"].append({"text": _title(q, meta, config), "xref": "paper", "x": x[0],
                                      "yref": "paper", "y": y[1],
                                      "xanchor": "left", "yanchor": "bottom",
                                      "font": {"color": style.theme.ink, "size": 12}})  # fmt: skip
        data.append(_dots(arrays, q, axis, config))
    return View(
        name="saturation",
        title="Saturation",
        hint=_hint(arrays, meta, config, step),
        alt=f"A dot a unit: share of time below {SHUT:g} against share above {OPEN:g}. "
            f"{_means(arrays, names, config)}.",
        figure=figure(style, data, layout, height=336 if high > 1 else 260, top=24, bottom=44),
        table=lambda: _table(arrays, names),
    )  # fmt: skip


def _table(arrays: Arrays, names: Sequence[str]) -> DataFrame:
    shares = {f"{q} {words}": arrays[f"{q}.{what}"] for q in names
              for what, words in (("shut_unit", f"< {SHUT:g}"), ("open_unit", f"> {OPEN:g}"))}  # fmt: skip
    return DataFrame({"unit": range(1, 1 + len(next(iter(shares.values()))))} | shares)


def _domain(place: int, count: int, gap: float) -> list[float]:
    width = (WHOLE - gap * (count - 1)) / count
    return [place * (width + gap), place * (width + gap) + width]


def _title(q: str, meta: Mapping[str, Any], config: RunConfig) -> str:
    name = "φ′" if q == "slope" else f"|{q}|" if in_both_directions(q, config) else q
    return f"{name}{always(abs(meta['constant'][q]))}" if q in meta["constant"] else name


def _dots(arrays: Arrays, q: str, axis: str, config: RunConfig) -> Layout:
    seen, shut, wide = look(q, config), arrays[f"{q}.shut_unit"], arrays[f"{q}.open_unit"]
    return {"type": "scatter", "mode": "markers", "x": shut.astype(np.float32), "y": wide.astype(np.float32),
            "xaxis": f"x{axis}", "yaxis": f"y{axis}", "name": q, "text": _said(shut, wide),
            "marker": {"color": seen.color, "symbol": seen.marker, "size": 7 if len(shut) <= 64 else 5,
                       "opacity": 0.75}, "cliponaxis": False,
            "hovertemplate": f"{q}, %{{text}}<extra></extra>"}  # fmt: skip


def _said(shut: np.ndarray, wide: np.ndarray) -> list[str]:
    return [f"unit {k + 1}: {below} of the time < {SHUT:g}, {above} > {OPEN:g}"
            for k, (below, above) in enumerate(zip(percents(shut), percents(wide)))]  # fmt: skip


def _means(arrays: Arrays, names: list[str], config: RunConfig) -> str:
    return "; ".join(f"{gate_name(q, config)} {percent(float(arrays[f'{q}.shut_unit'].mean()))} below, "
                     f"{percent(float(arrays[f'{q}.open_unit'].mean()))} above" for q in names)  # fmt: skip


def _through_phi(config: RunConfig, shut: str, wide: str) -> str:
    """What the activation of a cell without gates lets through; ``shut`` and ``wide`` are shares of the time."""
    phi = config.cell.phi
    if phi is None or phi.bends == "nowhere":
        return "φ bends nowhere: all of the gradient passes it, always."
    if phi.bends == "at 0":
        below = "dead (slope 0)" if phi.dies else "on its flat side"
        return f"{phi.name} is {below} {shut} of the time, and lets all through {wide}."
    saturated = f"{phi.name} is saturated (φ′ < {SHUT:g}) {shut} of the time"
    if phi.largest < OPEN:
        return f"{saturated}, and lets at most {phi.largest:g} of a gradient through."
    return f"{saturated}, and all but linear (> {OPEN:g}) {wide}."


def _hint(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, step: int) -> str:
    if np.isnan([arrays[f"{q}.shut_unit"].sum() for q in meta["names"]]).any():
        return "The weights are not all numbers, and neither is this."
    if meta["names"] == ["slope"]:
        shut, wide = (percent(float(arrays[f"slope.{what}_unit"].mean())) for what in ("shut", "open"))
        return f"No gates. {_through_phi(config, shut, wide)}"
    moving = [q for q in meta["names"] if q not in meta["constant"]]
    stuck = {q: float((arrays[f"{q}.shut_unit"] + arrays[f"{q}.open_unit"]).mean()) for q in moving}
    if not stuck:
        return "No gate of this cell ever moves."
    q = max(stuck, key=lambda name: stuck[name])
    return (
        f"At an end most: {gate_name(q, config)}, {percent(stuck[q])} of the time. A dot is a unit: its share of time "
        f"below {SHUT:g} across, above {OPEN:g} upwards; on the line it is always at an end."
    )
