"""What truncation buys: time and memory of one training step against K, measured here and now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Layout, View, figure, percent_axis, percents, reference_line, round_ticks
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import percent, sig

TOP = 2.1
"""Very short windows cost several times as much: their lines leave the picture upwards, the table has the numbers."""


@dataclass(frozen=True)
class Cost:
    """One training step, forward and backward, window by window: K (n,) ascending, the last full BPTT."""

    K: np.ndarray
    seconds: np.ndarray
    bytes: np.ndarray

    def nearest(self, K: int) -> int:
        """Index of the measured K nearest to ``K``."""
        return int(np.abs(self.K - K).argmin())


def truncation_cost(cost: Cost | None, K: int, config: RunConfig, style: Style) -> View:
    """Draw ``cost`` ÷ that of full BPTT, with ``K`` marked; None while it is being measured."""
    T = config.task.length
    known = [np.ones(1)] if cost is None else [values[np.isfinite(values)] for values in _relative(cost)]
    most = max(float(values.max(initial=1)) for values in known)
    layout = {
        "xaxis": {"range": [0.5, T + 0.5], "tickvals": round_ticks(T, 5), "showgrid": False, "title": {"text": "K"}},
        "yaxis": percent_axis(0, min(max(1.1, 1.05 * most), TOP), 6),
        "shapes": [reference_line(1, style), _mark(K, style)],
        "meta": {"axis": "K"},
    }
    return View(
        name="cost",
        title="What truncation buys",
        hint=_hint(cost, K),
        alt=_alt(cost, K),
        figure=figure(style, [] if cost is None else _data(cost, style), layout, height=210, bottom=40),
        table=lambda: _table(cost),
        keys=(Key("time", style.theme.ink), Key("memory", style.theme.muted, dash="dash"),
              Key("full = 100\u00a0%", style.theme.muted, dash="dot", width=1.5)),
    )  # fmt: skip


def _relative(cost: Cost) -> tuple[np.ndarray, np.ndarray]:
    return cost.seconds / cost.seconds[-1], cost.bytes / cost.bytes[-1]


def _data(cost: Cost, style: Style) -> list[Layout]:
    looks = ((style.theme.ink, "solid", "time"), (style.theme.muted, "dash", "memory"))
    return [
        {"type": "scatter", "mode": "lines+markers", "x": cost.K, "y": values.astype(np.float32), "name": word,
         "line": {"color": color, "width": 2, "dash": dash}, "marker": {"size": 5},
         "hovertemplate": f"K = %{{x}}: %{{text}} of the {word} of full BPTT<extra></extra>", "text": percents(values)}
        for values, (color, dash, word) in zip(_relative(cost), looks)
    ]  # fmt: skip


def _mark(K: int, style: Style) -> Layout:
    return {"type": "line", "x0": K, "x1": K, "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
            "line": {"color": style.theme.ink, "width": 1}}  # fmt: skip


def size(count: float) -> str:
    """Bytes as people read them; NaN is what was not counted."""
    if not np.isfinite(count):
        return "memory that was not counted"
    for unit in ("B", "kB", "MB"):
        if count < 999.5:
            return f"{sig(count, 3 if count >= 100 else 2)}\u00a0{unit}"
        count /= 1000
    return f"{sig(count)}\u00a0GB"


def _hint(cost: Cost | None, K: int) -> str:
    if cost is None:
        return "being measured"
    k = cost.nearest(K)
    time, memory = (float(values[k]) for values in _relative(cost))
    name = f"K = {K}" if cost.K[k] == K else f"K = {int(cost.K[k])} (nearest measured)"
    return f"{name}: {percent(time)} of the time" + (
        f", {percent(memory)} of the memory" if np.isfinite(memory) else "; memory is not counted for sequences so long"
    )


def _alt(cost: Cost | None, K: int) -> str:
    if cost is None:
        return "Time and memory of one training step against K; being measured."
    k = cost.nearest(K)
    return (
        f"Time and memory of one training step against K. Full BPTT takes {sig(1000 * float(cost.seconds[-1]))} ms and "
        f"{size(float(cost.bytes[-1]))}, K = {int(cost.K[k])} takes {sig(1000 * float(cost.seconds[k]))} ms and "
        f"{size(float(cost.bytes[k]))}."
    )


def _table(cost: Cost | None) -> DataFrame:
    if cost is None:
        return DataFrame(columns=["K", "milliseconds per step", "megabytes"])
    return DataFrame({"K": cost.K, "milliseconds per step": 1000 * cost.seconds, "megabytes": cost.bytes / 1e6})
