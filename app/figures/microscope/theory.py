"""The measured gradient of one sequence's last loss under what theory says it may at most be."""

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
    decades_axis,
    figure,
    time_axis,
    truncation_keys,
)
from app.figures.microscope.thinning import kept
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.numbers import fixed, plural, sig

Arrays = Mapping[str, np.ndarray]
DECADES_ABOVE, DECADES = 6, 20
"""The axis shows at most so many decades above the loss's own gradient, and so many in all."""
TIGHT = 0.99
"""A gradient that comes as near to its bound lies in the worst direction, the only one of a single unit."""


def theory(
    arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style, *, knob: Knob, measured: int
) -> View:
    """From the answer to "theory" at training step ``measured``, everything as a share of the asked state's."""
    asked, flow = int(meta["asked"]), arrays["flow"]
    share = flow / flow[asked] if flow[asked] > 0 else np.full_like(flow, np.nan)
    lines = {"measured": share, "product": arrays["bound"], **_powers(meta, asked, config)}
    low, high = _range(lines)
    return View(
        name="theory",
        title="Theory over the measurement",
        hint=_hint(lines, meta, config, asked),
        alt=_alt(lines, config, asked, measured),
        figure=_figure(lines, config, style, low, high),
        table=lambda: _table(lines, asked, config),
        keys=(*(Key(_name(name, meta, config), **_look(name, config, style)) for name in lines),
              *truncation_keys(config, style)),
        knobs=(knob,),
    )  # fmt: skip


def _powers(meta: Mapping[str, Any], asked: int, config: RunConfig) -> dict[str, np.ndarray]:
    """(γ σ_max)ᵏ and (γ ρ)ᵏ of a cell without gates; no such line bounds a gated one, one that is normalised, or
    several layers."""
    phi = config.cell.phi
    if phi is None or config.cell.normalised or config.cell.layers > 1:
        return {}
    lags = (asked - np.arange(config.task.length + 1)).astype(float)
    lags[lags < 0] = np.nan
    with np.errstate(over="ignore"):
        return {name: (phi.largest * float(meta[f"{name}.recurrent"])) ** lags for name in ("sigma_max", "rho")}


def _name(line: str, meta: Mapping[str, Any], config: RunConfig) -> str:
    if line == "measured":
        return "measured gradient"
    if line == "product":
        return "product of the steps' norms"
    value = float(meta[f"{line}.recurrent"])
    letter = "σ_max" if line == "sigma_max" else "ρ"
    return f"{_power(line, config)}, {letter} = {fixed(value)}"


def _power(line: str, config: RunConfig) -> str:
    """γ is said where it is not 1, and in the bound, as everybody writes it."""
    if line == "sigma_max":
        return "(γ σ_max)ᵏ"
    return "ρᵏ" if config.cell.phi is None or config.cell.phi.largest == 1 else "(γ ρ)ᵏ"


def _look(line: str, config: RunConfig, style: Style) -> dict[str, Any]:
    looks = {
        "measured": (CELL_LOOKS[config.cell.name].color, "solid", 3),
        "product": (style.theme.ink, "dash", 1.5),
        "sigma_max": (style.theme.muted, "dot", 2),
        "rho": (style.theme.muted, "dashdot", 1.5),
    }
    color, dash, width = looks[line]
    return {"color": color, "dash": dash, "width": width}


def _range(lines: Mapping[str, np.ndarray]) -> tuple[int, int]:
    with np.errstate(all="ignore"):
        logs = {name: np.log10(line[np.isfinite(line) & (line > 0)]) for name, line in lines.items()}
    top = max((float(values.max()) for values in logs.values() if values.size), default=0)
    own = max((float(values.max()) for name, values in logs.items() if name == "measured" and values.size), default=0)
    high = int(np.ceil(max(min(top, own + DECADES_ABOVE), 0.3)))
    low = min((float(values.min()) for values in logs.values() if values.size), default=-2)
    return max(int(np.floor(min(low, -1))), high - DECADES), high


def _figure(lines: Mapping[str, np.ndarray], config: RunConfig, style: Style, low: int, high: int) -> Any:
    steps = kept(config.task.length + 1)
    layout: Layout = {
        "xaxis": time_axis(style, config.task.length),
        "yaxis": decades_axis(low, high, "" if style.narrow else "÷ the loss's own step"),
        "shapes": bands(config.task.marks(), style),
        "hovermode": "x",
        "meta": {"axis": "time"},
    }  # fmt: skip
    data = boundary_lines(config, style, 10.0 ** (low - 1), 10.0 ** (high + 1))
    for name, line in lines.items():
        look = _look(name, config, style)
        with np.errstate(invalid="ignore"):
            y = np.where(np.isfinite(line) & (line > 0), line, np.nan)
        data.append({"type": "scatter", "mode": "lines", "x": steps, "y": y[steps], "name": name, "line": look,
                     "hovertemplate": "%{y}<extra></extra>"})  # fmt: skip
    return figure(style, data, layout, height=300, top=10, bottom=44)


def _at(lines: Mapping[str, np.ndarray], config: RunConfig, asked: int) -> tuple[int, dict[str, float]]:
    """The lag that the task needs (or all there is), and every line there."""
    lag = min(config.task.lag, asked)
    return lag, {name: float(line[asked - lag]) for name, line in lines.items()}


def _hint(lines: Mapping[str, np.ndarray], meta: Mapping[str, Any], config: RunConfig, asked: int) -> str:
    lag, there = _at(lines, config, asked)
    if not np.isfinite(there["measured"]):
        return "The loss has no gradient that is a number here, so there is nothing to compare."
    start = f"{plural(lag, 'step')} back the gradient is {sig(there['measured'])} of what it was; "
    start += f"the product of the steps' norms allows {sig(there['product'])}"
    if there["measured"] < TIGHT * there["product"]:
        start += ", since it takes every step's worst direction, and no gradient lies in all"
    start += "."
    if config.cell.layers > 1:
        return f"{start} (γ σ_max)ᵏ bounds no stack of layers: its gradient goes through the W and U of each."
    if config.cell.gates:
        return f"{start} (γ σ_max)ᵏ bounds no gated cell: its steps hang on the gates as much as on U."
    if config.cell.normalised:
        return (
            f"{start} (γ σ_max)ᵏ bounds no normalised cell: it divides by the size of U h₋, which U alone does not set."
        )
    sigma, phi = float(meta["sigma_max.recurrent"]), config.cell.phi
    gamma = 1.0 if phi is None else phi.largest
    base = fixed(sigma) if gamma == 1 else f"{gamma:g} × {fixed(sigma)}"
    leaves_out = "" if phi is None or phi.bends == "nowhere" else ": it leaves out φ′ as well"
    bound = f" (γ σ_max)ᵏ, {base} to the power {lag}, allows {sig(there['sigma_max'])}{leaves_out}."
    if sigma > 1 and 0 < there["measured"] < 0.5:
        bound += " σ_max > 1 does not mean that gradients explode: these vanish."
    return start + bound


def _alt(lines: Mapping[str, np.ndarray], config: RunConfig, asked: int, measured: int) -> str:
    lag, there = _at(lines, config, asked)
    words = ", ".join(f"{name} {sig(value)}" for name, value in there.items())
    back = plural(lag, "step")
    return f"Measured gradient and its bounds at training step {measured}, on a log scale; {back} back: {words}."


def _table(lines: Mapping[str, np.ndarray], asked: int, config: RunConfig) -> DataFrame:
    columns = {"measured": "measured", "product": "product of norms"}
    columns |= {line: _power(line, config) for line in ("sigma_max", "rho")}
    steps = kept(asked + 1)
    drawn = {columns[name]: line[steps] for name, line in lines.items()}
    return DataFrame({"time step": steps, "lag": asked - steps} | drawn)
