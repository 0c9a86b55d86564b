"""Influence balancing: a gradient whose truncation points the wrong way, and the descent that follows it."""

from __future__ import annotations

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Knob, Layout, View, figure, reference_line
from app.figures.theme import Style
from core.numbers import fixed, sig
from core.theory.influence import POSITIVE, UNITS, derivative, descent, first_right, full

MOST = 80
"""The largest K that is drawn."""
UPDATES, LR = 30, 0.005
LOSSES, TICKS = (1e-7, 1e11), (-4, 0, 4, 8)


def influence(style: Style, *, k: int) -> View:
    """Draw the truncated derivative against K with ``k`` marked, and the loss while descending along it or in full.

    ``k`` beyond 1 … MOST counts as the nearest end.
    """
    k = int(np.clip(k, 1, MOST))
    slopes = np.array([derivative(each) for each in range(1, MOST + 1)])
    losses = _losses(None), _losses(k)
    return View(
        name="influence",
        toy=True,
        title="Influence balancing: truncated, the gradient points the wrong way",
        hint=_hint(k),
        alt=_alt(k, losses),
        figure=figure(style, [*_curve(slopes, k, style), *_descents(losses, k, style)], _layout(k, style),
                      height=470 if style.narrow else 430, top=14, bottom=42),
        table=lambda: DataFrame({"K": range(1, MOST + 1), "derivative truncated at K": slopes,
                                 "points": list(map(_way, slopes))}),
        keys=(Key("truncated at K", _color(k, style), width=3), Key("in full", style.theme.ink, dash="dash"),
              Key("points the wrong way", style.theme.grown, "pattern", pattern="/")),
        knobs=(Knob("influence_k", "window K", f"{k}", 1, MOST, 1, unit="inputs"),),
    )  # fmt: skip


def _losses(k: int | None) -> np.ndarray:
    """½ (s¹ − 1)² over the updates, from θ = 0; s¹ = full · θ once the system has settled."""
    return 0.5 * (full() * descent(k, LR, UPDATES) - 1) ** 2


def _wrong(slope: float) -> bool:
    return slope * full() <= 0


def _way(slope: float) -> str:
    return "the wrong way" if _wrong(slope) else "downhill"


def _color(k: int, style: Style) -> str:
    return style.theme.grown if _wrong(derivative(k)) else style.theme.faded


def _curve(slopes: np.ndarray, k: int, style: Style) -> list[Layout]:
    """The derivative at every K, and a ring at ``k``."""
    axis = np.arange(1, MOST + 1)
    ring = {"size": 13, "color": style.theme.surface, "line": {"color": _color(k, style), "width": 3}}
    return [{"type": "scatter", "mode": "lines", "x": axis, "y": slopes.astype(np.float32), "name": "derivative",
             "line": {"color": style.theme.muted, "width": 2},
             "hovertemplate": "K = %{x}: derivative %{y:.3f}<extra></extra>"},
            {"type": "scatter", "mode": "markers", "x": [k], "y": [derivative(k)], "marker": ring, "name": "K",
             "hovertemplate": "K = %{x}: derivative %{y:.3f}<extra></extra>"}]  # fmt: skip


def _descents(losses: tuple[np.ndarray, np.ndarray], k: int, style: Style) -> list[Layout]:
    """Loss over the updates, in the second panel: along the full gradient, and along the truncated one."""
    looks = ((style.theme.ink, "dash", 2, "in full"), (_color(k, style), "solid", 3, f"K = {k}"))
    return [
        {"type": "scatter", "mode": "lines", "x": np.arange(UPDATES + 1), "y": values.astype(np.float32),
         "xaxis": "x2", "yaxis": "y2", "name": name, "line": {"color": color, "dash": dash, "width": width},
         "hovertemplate": f"update %{{x}}, {name}: loss %{{y}}<extra></extra>"}
        for values, (color, dash, width, name) in zip(losses, looks)
    ]  # fmt: skip


def _layout(k: int, style: Style) -> Layout:
    """Two panels: side by side, or one below the other on a phone."""
    upper, lower = ([0.6, 1], [0, 0.36]) if style.narrow else ([0, 1], [0, 1])
    left, right = ([0, 1], [0, 1]) if style.narrow else ([0, 0.56], [0.66, 1])
    turn = first_right()
    title = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "xanchor": "left", "yshift": 2}
    return {
        "xaxis": {"domain": left, "anchor": "y", "range": [0, MOST + 1], "title": {"text": "window K (inputs)"},
                  "showgrid": False, "nticks": 9},
        "yaxis": {"domain": upper, "anchor": "x", "range": [-9, 18.5], "tickvals": [-6, 0, 10], "zeroline": True,
                  "zerolinecolor": style.theme.faint},
        "xaxis2": {"domain": right, "anchor": "y2", "range": [0, UPDATES], "title": {"text": "update"},
                   "showgrid": False, "nticks": 4},
        "yaxis2": {"domain": lower, "anchor": "x2", "type": "log", "range": list(np.log10(LOSSES)),
                   "tickvals": [10.0**power for power in TICKS], "ticktext": ["10⁻⁴", "1", "10⁴", "10⁸"]},
        "shapes": [_band(turn, style), {**reference_line(full(), style, dash="dash"), "xref": "x", "x1": MOST + 1}],
        "annotations": [
            {"text": "∂s/∂θ seen through a window of K", "x": left[0], "y": upper[1], **title},
            {"text": "loss, descending along it", "x": right[0], "y": lower[1], **title},
            {"text": f"the wrong way<br>up to K = {turn - 1}", "x": turn / 2, "y": 1.2, "yanchor": "bottom",
             "font": {"color": style.theme.grown, "size": 12}},
            {"text": "the whole influence: −6", "x": MOST, "xanchor": "right", "y": full(), "yanchor": "top"},
        ],
        "margin": {"l": style.left, "r": style.right, "t": 26, "b": 42, "pad": 0},
    }  # fmt: skip


def _band(turn: int, style: Style) -> Layout:
    """The windows through which the derivative has the wrong sign, hatched by a tint of red."""
    return {"type": "rect", "x0": 0.5, "x1": turn - 0.5, "y0": 0, "y1": 18.5, "fillcolor": style.theme.grown,
            "opacity": 0.12, "line": {"width": 0}, "layer": "below"}  # fmt: skip


def _hint(k: int) -> str:
    slope, turn = derivative(k), first_right()
    if _wrong(slope):
        return (
            f"Through a window of {k} the derivative is +{sig(slope, 4)} where the truth is −6: descent walks uphill. "
            f"No window shorter than {turn} points downhill."
        )
    return f"A window of {k} sees {fixed(slope, 3)} of −6. Every window of {turn - 1} or fewer points the wrong way."


def _alt(k: int, losses: tuple[np.ndarray, np.ndarray]) -> str:
    whole, cut = (sig(float(values[-1])) for values in losses)
    return (
        f"A linear system of {UNITS} units, of which a parameter pushes the first {POSITIVE} up and the others down. "
        f"The derivative seen through a window of K inputs rises to 16.476 at K = 19 and 20, is above zero up to "
        f"K = {first_right() - 1} and ends at −6. At K = {k} it is {fixed(derivative(k), 3)}. After {UPDATES} updates "
        f"the loss is {cut} along the truncated derivative and {whole} along the full one; it began at 0.5."
    )
