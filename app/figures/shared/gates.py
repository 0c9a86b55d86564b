"""Gates and states of one probe sequence, unit × time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pandas import DataFrame

from app.figures.base import (
    Label,
    Layout,
    Scale,
    View,
    above,
    colorscale,
    event_labels,
    figure,
    time_axis,
)
from app.figures.theme import Style
from core.anatomy import Role
from core.config import RunConfig
from core.frames import Planes
from core.numbers import fixed, percent, plural

UNITS, COLUMNS = 64, 200
"""Larger planes are thinned: evenly spaced units, averages of neighbouring time steps."""

OPEN, SHUT = 0.9, 0.1
"""A gate above OPEN or below SHUT is saturated (docs/reference.md, "Memory")."""

ORDER: tuple[Role, ...] = ("lets in", "resets", "keeps", "hands out", "candidate")
"""Gates from the top down; the states follow, what is remembered before what is handed on."""


@dataclass(frozen=True)
class Plane:
    """One picture row: ``values`` (T, H), a gate on 0 … 1 or a state on −limit … limit."""

    name: str
    kind: Literal["gate", "state"]
    values: np.ndarray
    limit: float
    title: str


def gates(
    planes: Planes, probe: int, events: Sequence[tuple[int, str]], config: RunConfig, style: Style, *, step: int
) -> View:
    """Draw probe ``probe`` of ``planes``, taken at training step ``step``; ``events`` are the task's (step, label)."""
    T = config.task.length
    rows = _planes(planes, probe, config)
    labels = event_labels(events)
    notes, lanes = above(labels, T, style)
    units = min(UNITS, config.cell.hidden_size)
    each = int(np.clip(units * (6 if style.narrow else 8), 40, 64 if style.narrow else 72))
    gap, top, bottom = 24, 26 + 16 * lanes, 40
    total = len(rows) * each + (len(rows) - 1) * gap
    data: list[Layout] = []
    layout: Layout = {"meta": {"axis": "time"}, "shapes": _event_lines(labels, style)}
    for k, row in enumerate(rows):
        upper = 1 - k * (each + gap) / total
        axis = "" if k == 0 else str(k + 1)
        last = k == len(rows) - 1
        layout[f"yaxis{axis}"] = {"domain": [max(0.0, upper - each / total), upper], "range": [units - 0.5, -0.5],
                                  "showgrid": False, "tickvals": [0, units - 1] if units > 1 else [0],
                                  "ticktext": _unit_ticks(units, config.cell.hidden_size), "fixedrange": True,
                                  "tickfont": {"size": 11}}  # fmt: skip
        notes.append(_title(row, upper, style))
        data.append(_heat(row, axis, style))
        layout["xaxis"] = time_axis(style, T) | {"anchor": f"y{axis}" if last else "y"}
    for note in notes[: len(labels)]:
        note["yshift"] += 18
    layout["annotations"] = notes
    return View(
        name="gates",
        title=f"Inside the {config.cell.title}",
        hint=f"One sequence, every unit, at training step {step:,}; information enters at the marked steps.",
        alt=_alt(rows, labels, config, step),
        figure=figure(style, data, layout, height=total + top + bottom, top=top, bottom=bottom),
        table=lambda: _table(rows),
        scales=_scales(rows, style),
    )


def _planes(planes: Planes, probe: int, config: RunConfig) -> list[Plane]:
    """All planes in the order they are drawn: gates, candidate, then what is remembered.

    A gate that is 1 by definition is no picture.
    """
    rows = []
    for gate in sorted(config.cell.gates, key=lambda gate: ORDER.index(gate.role)):
        if not gate.constant and gate.symbol in planes.gates:
            title = f"{gate.name} = {gate.follows}" if gate.of else gate.name
            kind = "state" if gate.squashing == "tanh" else "gate"
            rows.append(Plane(gate.symbol, kind, planes.gates[gate.symbol][:, probe], 1.0, title))
    states = {"h": planes.h, "c": planes.c}
    for state in reversed(config.cell.states):
        values = states[state.symbol]
        if values is not None:
            rows.append(Plane(state.symbol, "state", values[1:, probe], _limit(values[1:, probe]), state.name))
    return rows


def _limit(values: np.ndarray) -> float:
    """The smallest of 1, 2, 5, 10, … that holds all finite values."""
    known = np.abs(values[np.isfinite(values)])
    size = float(known.max()) if known.size else 1.0
    if size <= 1:
        return 1.0
    power = 10.0 ** np.floor(np.log10(size))
    return float(next(m * power for m in (1, 2, 5, 10) if size <= m * power))


def _heat(row: Plane, axis: str, style: Style) -> Layout:
    values, x, units = _reduced(row.values)
    gate = row.kind == "gate"
    return {"type": "heatmap", "z": values.T, "x": x, "y": np.arange(len(units)), "yaxis": f"y{axis}",
            "zmin": 0 if gate else -row.limit, "zmax": 1 if gate else row.limit, "showscale": False,
            "colorscale": colorscale(style.theme.gate if gate else style.theme.state), "name": row.name,
            "ygap": 1 if len(units) <= 16 else 0, "hoverongaps": False,
            "hovertemplate": f"{row.title}, unit %{{y}}, step %{{x:.0f}}: %{{z:.2f}}<extra></extra>"}  # fmt: skip


def _reduced(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(values, middle time step per column, chosen units) with at most COLUMNS columns and UNITS units."""
    T, H = values.shape
    units = np.arange(H) if H <= UNITS else np.linspace(0, H - 1, UNITS).round().astype(int)
    columns = min(COLUMNS, T)
    starts = np.ceil(np.arange(columns) * T / columns).astype(int)
    counts = np.diff([*starts, T])
    with np.errstate(invalid="ignore"):
        means = np.add.reduceat(values[:, units].astype(np.float64), starts, axis=0) / counts[:, None]
    return means.astype(np.float32), (starts + (counts - 1) / 2 + 1).astype(np.float32), units


def _unit_ticks(units: int, hidden: int) -> list[str]:
    return ["1"] if units == 1 else ["1", str(hidden)]


def _title(row: Plane, upper: float, style: Style) -> Layout:
    span = f"  (−{row.limit:g} … {row.limit:g})" if row.kind == "state" and row.limit != 1 else ""
    return {"text": row.title + span, "xref": "paper", "x": 0, "xanchor": "left", "y": upper, "yref": "paper",
            "yanchor": "bottom", "yshift": 2, "font": {"size": 12, "color": style.theme.ink}}  # fmt: skip


def _event_lines(labels: Sequence[Label], style: Style) -> list[Layout]:
    """A hairline on either side of every marked place, through all rows."""
    return [
        {"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1,
         "line": {"color": style.theme.muted, "width": 1, "dash": "dot"}}
        for label in labels for x in (label.first - 0.5, label.last + 0.5)
    ]  # fmt: skip


def _scales(rows: Sequence[Plane], style: Style) -> tuple[Scale, ...]:
    gate = Scale("gates", style.theme.gate, ((0.0, "0 shut"), (0.5, "½"), (1.0, "1 open")))
    state = Scale("candidate, states", style.theme.state, ((0.0, "−1"), (0.5, "0"), (1.0, "1")))
    if any(row.kind == "gate" for row in rows):
        return (gate, state)
    return (Scale("state", state.stops, state.ticks),)


def _alt(rows: Sequence[Plane], labels: Sequence[Label], config: RunConfig, step: int) -> str:
    parts = []
    for row in rows:
        mean = float(row.values.mean())
        if row.kind == "gate":
            wide, shut = (percent(float(share.mean())) for share in (row.values > OPEN, row.values < SHUT))
            parts.append(f"{row.title} mean {fixed(mean)}, {wide} of it above {OPEN} and {shut} below {SHUT}")
        else:
            parts.append(f"{row.title} mean size {fixed(float(np.abs(row.values).mean()))}")
    seen = ", ".join(f"{label.text} at step {label.first}" for label in labels) or "no marked step"
    units = plural(config.cell.hidden_size, "unit")
    return (
        f"Heatmaps, unit by time step, of {units} at training step {step}: {'; '.join(parts)}. "
        f"In this sequence: {seen}."
    )


def _table(rows: Sequence[Plane]) -> DataFrame:
    """Mean over the units at every time step (long sequences: at a hundred of them)."""
    T = len(rows[0].values)
    chosen = np.unique(np.linspace(0, T - 1, min(100, T)).astype(int))
    means = {f"mean {row.name}" if row.kind == "gate" else f"mean |{row.name}|": np.abs(row.values[chosen]).mean(axis=1)
             for row in rows}  # fmt: skip
    return DataFrame({"time step": chosen + 1} | means)
