"""What if a gate were open or shut? The gradient before and after, on the same weights."""

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
    asked_step,
    bands,
    boundary_lines,
    decades_axis,
    figure,
    hatched,
    kind_keys,
    reference_line,
    time_axis,
    truncation_keys,
)
from app.figures.inside_the_cell.looks import gate_name
from app.figures.theme import CELL_LOOKS, Style
from app.text.inside_the_cell.caption import looked_at
from core.anatomy import ANATOMIES, Anatomy, Gate
from core.config import RunConfig
from core.numbers import exact, fixed, plural, sig
from core.reading.horizon import KIND_NAMES, SHARE, Horizon, horizon_of, zeros

Arrays = Mapping[str, np.ndarray]
GATE, PEEPHOLES = "gate_", "peepholes"
GATES = dict.fromkeys(g.symbol for anatomy in ANATOMIES.values() for g in anatomy.model_validate({}).gates)
KNOBS = (*(GATE + symbol for symbol in GATES), PEEPHOLES)
FREE, KEPT = "free", "kept"
DECADES = 16
"""The axis shows at most so many decades."""


def forced(knobs: Mapping[str, str], cell: Anatomy) -> dict[str, str]:
    """{gate: value, "peepholes": how} of what the knobs change; where none was touched, the gate that keeps is opened
    (or, where none does, that which lets in is shut), so that there is something to see."""
    wanted = {gate.symbol: knobs[GATE + gate.symbol] for gate in _own(cell)
              if knobs.get(GATE + gate.symbol) in dict(_values(gate))}  # fmt: skip
    how = knobs.get(PEEPHOLES, "")
    if cell.peepholes and how in ("kept", "removed", "cut"):
        wanted[PEEPHOLES] = how
    if not wanted:
        keeps, lets_in = cell.with_role("keeps"), cell.with_role("lets in")
        first = (keeps, "1") if keeps and keeps.own else (lets_in, "0")
        wanted = {first[0].symbol: first[1]} if first[0] else {}
    return {name: value for name, value in wanted.items() if value not in (FREE, KEPT)}


def _own(cell: Anatomy) -> list[Gate]:
    """The gates that can be forced."""
    return [gate for gate in cell.gates if gate.own]


def _values(gate: Gate) -> tuple[tuple[str, str], ...]:
    if gate.squashing == "tanh":
        return ((FREE, "as it is"), ("-1", "−1"), ("0", "0"), ("1", "1"))
    return ((FREE, "as it is"), ("0", "0, shut"), ("1", "1, open"))


def knobs(wanted: Mapping[str, str], cell: Anatomy) -> tuple[Knob, ...]:
    """One select a gate, and one for the peepholes."""
    found = [Knob(GATE + g.symbol, g.symbol, wanted.get(g.symbol, FREE), options=_values(g)) for g in _own(cell)]
    if cell.peepholes:
        options = ((KEPT, "as they are"), ("removed", "removed"), ("cut", "no gradient through them"))
        found.append(Knob(PEEPHOLES, "peepholes", wanted.get(PEEPHOLES, KEPT), options=options))
    return tuple(found)


def probe(
    arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style, *, wanted: Mapping[str, str]
) -> View:  # fmt: skip
    """From the answer to "probe" about what is ``wanted``."""
    before, after = (_measured(arrays[name], config) for name in ("before", "after"))
    hint = looked_at(meta), _hint(before, after, meta, wanted, config), _coupled(wanted, config)
    lines = {"as it is": before} | ({words(wanted): after} if wanted else {})
    shares = {name: _shares(arrays[key], config) for name, key in zip(lines, ("before", "after"))}
    low, high = _range(shares)
    changed = arrays["after"] if wanted else arrays["before"]
    kinds = zeros(changed, asked=asked_step(config), cuts=config.cuts)
    return View(
        name="probe",
        title="What if?" if not wanted else f"What if {words(wanted)}?",
        hint=" ".join(filter(None, hint)),
        alt=_alt({name: arrays[key] for name, key in zip(lines, ("before", "after"))}, shares, config),
        figure=figure(style, [*hatched(kinds, style, 10.0 ** (low - 1), 10.0 ** (high + 1), opacity=0.45),
                              *boundary_lines(config, style, 10.0 ** (low - 1), 10.0 ** (high + 1)),
                              *_lines(shares, config, style)],
                      _layout(config, style, low, high), height=300, top=10, bottom=44),
        table=lambda: DataFrame({"state": range(len(changed))} |
                                {f"{name}, ÷ last step": line for name, line in shares.items()}),
        keys=(*(Key(name, **_look(k, config, style)) for k, name in enumerate(shares)),
              *kind_keys(kinds, style), *truncation_keys(config, style)),
        knobs=knobs(wanted, config.cell),
    )  # fmt: skip


def words(wanted: Mapping[str, str]) -> str:
    """'f = 1 and i = 0', 'no peepholes'."""
    told = [f"{name} = {exact(float(value))}" for name, value in wanted.items() if name != PEEPHOLES]
    how = {"removed": "no peepholes", "cut": "no gradient through the peepholes"}
    told += [how[wanted[PEEPHOLES]]] if PEEPHOLES in wanted else []
    return " and ".join(told)


def _measured(flow: np.ndarray, config: RunConfig) -> Horizon:
    return horizon_of(flow, asked=asked_step(config), cuts=config.cuts)


def _shares(flow: np.ndarray, config: RunConfig) -> np.ndarray:
    """÷ the last step, NaN where a log axis has no place for it."""
    with np.errstate(all="ignore"):
        share = flow / flow[asked_step(config)]
    return np.where(np.isfinite(share) & (share > 0), share, np.nan)


def _range(shares: Mapping[str, np.ndarray]) -> tuple[int, int]:
    logs = [np.log10(line[1:][np.isfinite(line[1:])]) for line in shares.values()]
    low = min((float(values.min()) for values in logs if values.size), default=-2)
    high = max((float(values.max()) for values in logs if values.size), default=0)
    top = int(np.ceil(max(high, 0.3)))
    return max(int(np.floor(min(low, -2.2))), top - DECADES), top


def _look(k: int, config: RunConfig, style: Style) -> dict[str, Any]:
    """Of the curve before (0) and after (1)."""
    if k == 0:
        return {"color": CELL_LOOKS[config.cell.name].color, "dash": "solid", "width": 3}
    return {"color": style.theme.ink, "dash": "dash", "width": 2.5}


def _lines(shares: Mapping[str, np.ndarray], config: RunConfig, style: Style) -> list[Layout]:
    return [
        {"type": "scatter", "mode": "lines", "x": np.arange(len(line)), "y": line, "name": name,
         "line": _look(k, config, style), "hovertemplate": f"{name}: %{{y}}<extra></extra>"}
        for k, (name, line) in enumerate(shares.items())
    ]  # fmt: skip


def _layout(config: RunConfig, style: Style, low: int, high: int) -> Layout:
    return {
        "xaxis": time_axis(style, config.task.length),
        "yaxis": decades_axis(low, high, "" if style.narrow else "gradient ÷ last step"),
        "shapes": [*bands(config.task.marks(), style), reference_line(SHARE, style)],
        "annotations": [{"text": "1 % of the last step", "xref": "paper", "x": 1, "xanchor": "right", "xshift": -4,
                         "y": -2, "yanchor": "top"}],
        "hovermode": "x",
        "meta": {"axis": "time"},
    }  # fmt: skip


def _hint(
    before: Horizon, after: Horizon, meta: Mapping[str, Any], wanted: Mapping[str, str], config: RunConfig
) -> str:
    if not config.cell.gates:
        return f"It has no gate to force. Its gradient {_way(before)}."
    if not wanted:
        return f"Force a gate to see what becomes of the gradient, which now {_way(before)}."
    start = f"With {words(wanted)} and not a weight changed, the gradient "
    if after.reach is None:
        return f"{start}is {KIND_NAMES[after.source]} at the last step already. {_loss(meta)}"
    return f"{start}{_factors(before, after)}, and {_reaches(before, after)}. {_loss(meta)}"


def _coupled(wanted: Mapping[str, str], config: RunConfig) -> str:
    """What forcing a gate does besides, where it decides another: i, where f is 1 − i."""
    gate = next((gate for gate in config.cell.gates if gate.of in wanted), None)
    if gate is None:
        return ""
    return f"In this cell {gate.symbol} = {gate.follows}, so {gate.symbol} is {1 - int(wanted[gate.of])}."


def _way(horizon: Horizon) -> str:
    if horizon.reach is None:
        return f"is {KIND_NAMES[horizon.source]} at the last step already"
    reach = f"reaches {_far(horizon.reach)} back"
    return reach if horizon.factor is None else f"goes × {fixed(horizon.factor)} a step and {reach}"


def _factors(before: Horizon, after: Horizon) -> str:
    then, now = (
        "no single factor" if horizon.factor is None else f"× {fixed(horizon.factor)}" for horizon in (before, after)
    )
    if then == now:
        return "follows no single factor, as before" if before.factor is None else f"goes {now} a step as before"
    if after.factor is None:
        return f"follows no single factor (it was {then} a step)"
    return (
        f"goes {now} a step instead of {then}"
        if before.factor is not None
        else f"goes {now} a step (before, it followed no single factor)"
    )


def _reaches(before: Horizon, after: Horizon) -> str:
    if before.reach is None:
        return f"now reaches {_far(after.reach or 0)} back"
    if before.reach == after.reach:
        return f"still reaches {_far(before.reach)} back"
    return f"reaches {_far(after.reach or 0)} back instead of {before.reach:,}"


def _far(steps: int) -> str:
    return plural(steps, "step") if steps else "no step"


def _loss(meta: Mapping[str, Any]) -> str:
    then, now = (meta[f"loss_{when}"] for when in ("before", "after"))
    if not np.isfinite([then, now]).all():
        return "The loss is not finite."
    if sig(then) == sig(now):
        return f"The loss stays at {sig(now)}."
    return f"The loss becomes {sig(now)} instead of {sig(then)}."


def _alt(flows: Mapping[str, np.ndarray], shares: Mapping[str, np.ndarray], config: RunConfig) -> str:
    asked = asked_step(config)
    back = max(0, asked - config.task.lag)
    kinds = {name: KIND_NAMES[zeros(flow, asked=asked, cuts=config.cuts)[back]] for name, flow in flows.items()}
    there = "; ".join(f"{name}: {kinds[name] or sig(float(line[back]))}" for name, line in shares.items())
    lag = plural(config.task.lag, "step")
    return f"Gradient of the last loss against the time step, on a log scale; {lag} back, {there}."


def probe_name(name: str, config: RunConfig) -> str:
    """'forget gate f = 1' of "f=1", 'peepholes removed'."""
    gate, _, value = name.partition("=")
    return f"peepholes {value}" if gate == PEEPHOLES else f"{gate_name(gate, config)} = {value}"
