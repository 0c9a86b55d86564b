"""One leaky unit, h = a h + u: its capacity in closed form, and measured on random inputs."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Knob, Layout, View, figure
from app.figures.theme import Style
from core.numbers import fixed, percent
from core.reading.fading import capacity_of_a_leak, measured_capacity

LEAK, DEFAULT, MOST = "memory_leak", 0.8, 0.99
LAGS, SAMPLES = 20, 1 << 17


def leak(style: Style, *, a: float) -> View:
    """Draw it for the leak ``a``, 0 … MOST."""
    closed, measured = capacity_of_a_leak(a, LAGS), _measured(a)
    lags = np.arange(LAGS + 1)
    ink, muted = style.theme.ink, style.theme.muted
    layout: Layout = {
        "xaxis": {"range": [-0.7, LAGS + 0.7], "nticks": 5, "showgrid": False, "title": {"text": "lag k"}},
        "yaxis": {"range": [-0.02, 1.05], "nticks": 6},
        "hovermode": "x",
        "meta": {"axis": "lag"},
    }
    data = [
        {"type": "bar", "x": lags, "y": closed, "name": "closed form", "marker": {"color": muted, "opacity": 0.45},
         "hovertemplate": "(1 − a²) a²ᵏ = %{y:.3f}<extra></extra>"},
        {"type": "scatter", "mode": "markers", "x": lags, "y": measured, "name": "measured",
         "marker": {"color": ink, "size": 6, "symbol": "circle-open", "line": {"width": 1.5}},
         "hovertemplate": "measured %{y:.3f}<extra></extra>"},
    ]  # fmt: skip
    return View(
        name="leak",
        toy=True,
        title="One leaky unit: h = a h + u",
        hint=_hint(a, closed),
        alt=f"Capacity by lag for a = {a:g}: {fixed(closed[0], 3)} at lag 0, {fixed(closed[10], 3)} at lag 10; "
            f"measured {fixed(measured[0], 3)} and {fixed(measured[10], 3)}.",
        figure=figure(style, data, layout, height=250, bottom=44),
        table=lambda: DataFrame({"lag": lags, "(1 − a²) a²ᵏ": closed, "measured": measured}),
        keys=(Key("(1 − a²) a²ᵏ", muted, "area"), Key("measured", ink, "marker", marker="circle-open")),
        knobs=(Knob(LEAK, "leak a", f"{a:g}", 0, MOST, 0.01),),
    )  # fmt: skip


@lru_cache(maxsize=128)
def _measured(a: float) -> np.ndarray:
    return measured_capacity(a, LAGS, SAMPLES)


def _hint(a: float, closed: np.ndarray) -> str:
    if a == 0:
        return "a = 0: it holds the newest input whole, and nothing else. All lags together are worth 1, whatever a is."
    beyond = float(a ** (2 * len(closed)))
    rest = f"; {percent(beyond)} of it lies beyond lag {LAGS}" if beyond >= 0.01 else ""
    return (
        f"a = {a:g}: {percent(float(closed[0]))} of the newest input can be read, {percent(float(closed[10]))} "
        f"of the one 10 steps back. All lags together are worth 1, one input for one unit{rest}: a only says how it is "
        "spread."
    )
