"""Singular values of ∂state[T]/∂state[t] against the lag: by how much each direction is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Knob, Layout, View, bands, decades_axis, figure, time_axis
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.numbers import plural, sig

Arrays = Mapping[str, np.ndarray]
DASHES = ("solid", "dash", "dot", "dashdot")
PART = "micro_part"


def singular(
    arrays: Arrays, meta: Mapping[str, Any], config: RunConfig, style: Style, *, part: str, knob: Knob
) -> View:
    """From the answer to "theory"; ``part`` "h" takes the block ∂h/∂h alone, "state" h and c where there is a c."""
    asked, at, values = int(meta["asked"]), arrays["at"], arrays["singular_h" if part == "h" else "singular"]
    both = arrays["singular"].shape[1] > arrays["singular_h"].shape[1]
    ranks = _ranks(values.shape[1])
    several = config.cell.layers > 1
    whole = f"({config.cell.state_words if several else ', '.join(config.cell.state_names)})"
    parts = ("state", whole), ("h", "h of the top layer" if several else "h alone")
    of = "h" if part == "h" or not both else whole
    return View(
        name="singular",
        title=f"Singular values of ∂{of} at step {asked} by ∂{of} at step t",
        hint=_hint(values, at, asked, arrays["flow"], config),
        alt=_alt(values, at, asked),
        figure=_figure(values, at, ranks, config, style),
        table=lambda: DataFrame({"time step": at, "lag": asked - at} |
                                {f"σ{rank}": values[:, rank - 1] for rank in ranks}),
        keys=tuple(Key(_named(rank, values.shape[1]), **_look(k, config, style)) for k, rank in enumerate(ranks)),
        knobs=(knob, Knob(PART, "of", part, options=parts)) if both else (knob,),
    )  # fmt: skip


def _ranks(S: int) -> list[int]:
    """The first, and each twice the one before, to the last."""
    return sorted({min(2**k, S) for k in range(12)})


def _named(rank: int, S: int) -> str:
    return "largest" if rank == 1 else f"last of {S}" if rank == S else f"number {rank}"


def _look(k: int, config: RunConfig, style: Style) -> dict[str, Any]:
    """The largest in the cell's colour, the others in grey with a dash each."""
    if k == 0:
        return {"color": CELL_LOOKS[config.cell.name].color, "dash": "solid", "width": 3}
    return {"color": style.theme.ink if k < 4 else style.theme.muted, "dash": DASHES[k % len(DASHES)], "width": 1.5}


def _figure(values: np.ndarray, at: np.ndarray, ranks: list[int], config: RunConfig, style: Style) -> Any:
    known = values[np.isfinite(values) & (values > 0)]
    high = int(np.ceil(np.log10(max(known.max(), 1.5)))) if known.size else 1
    low = max(int(np.floor(np.log10(known.min()))), high - 20) if known.size else -3
    low = min(low, high - 2)
    layout: Layout = {
        "xaxis": time_axis(style, config.task.length),
        "yaxis": decades_axis(low, high, "" if style.narrow else "singular value"),
        "shapes": bands(config.task.marks(), style),
        "hovermode": "x",
        "meta": {"axis": "time"},
    }  # fmt: skip
    data = [_line(at, values[:, rank - 1], _named(rank, values.shape[1]), _look(k, config, style))
            for k, rank in enumerate(ranks)]  # fmt: skip
    return figure(style, data, layout, height=260, top=10, bottom=44)


def _line(at: np.ndarray, values: np.ndarray, name: str, look: dict[str, Any]) -> Layout:
    y = np.where(values > 0, values, np.nan)
    return {"type": "scatter", "mode": "lines", "x": at, "y": y, "name": name, "line": look,
            "hovertemplate": f"{name} %{{y}}<extra></extra>"}  # fmt: skip


def _there(values: np.ndarray, at: np.ndarray, asked: int, lag: int) -> tuple[int, float, int]:
    """The shown lag next to ``lag``, the largest value there, and how many directions keep a hundredth."""
    k = int(np.abs(at - (asked - lag)).argmin())
    return asked - int(at[k]), float(values[k, 0]), int((values[k] >= 0.01).sum())


def _hint(values: np.ndarray, at: np.ndarray, asked: int, flow: np.ndarray, config: RunConfig) -> str:
    lag, largest, kept = _there(values, at, asked, min(config.task.lag, asked))
    if not np.isfinite(largest):
        return "The Jacobians are no numbers here."
    own = float(flow[asked - lag] / flow[asked]) if flow[asked] > 0 else float("nan")
    measured = (
        f" The measured gradient keeps {sig(own)}{': it starts in a direction of its own' * (values.shape[1] > 1)}."
        if np.isfinite(own) else ""
    )  # fmt: skip
    return (
        f"{plural(lag, 'step')} back the best-kept direction is multiplied by {sig(largest)}; of "
        f"{plural(values.shape[1], 'direction')} {kept or 'none'} {'keep' if kept > 1 else 'keeps'} a hundredth or "
        f"more.{measured}"
    )


def _alt(values: np.ndarray, at: np.ndarray, asked: int) -> str:
    return (
        f"Singular values on a log scale at {len(at)} time steps: the largest is {sig(float(values[0, 0]))} at lag "
        f"{asked - int(at[0])} and 1 at lag 0. Values too small to resolve beside the largest are left out."
    )
