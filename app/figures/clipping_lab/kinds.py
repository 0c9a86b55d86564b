"""What each kind of clipping would do to the shown step's raw gradient, for every threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Knob, Layout, View, figure, plain_log_axis
from app.figures.theme import Style
from core.numbers import exact, percent, plain, sig

Arrays = Mapping[str, np.ndarray]

KINDS = {"norm": ("by norm", "solid", 2.5), "value": ("by value", "dash", 2.0),
         "backprop": ("inside backpropagation", "dot", 2.0)}  # fmt: skip
"""Name, dash and width of each kind's lines."""
KNOB = "theta"
GAP = 0.09
"""Of the width or the height, between the two panels."""


@dataclass(frozen=True)
class ClipEffect:
    """What one kind does at one threshold: norm after ÷ before, degrees turned, share of what it limits."""

    ratio: float
    angle: float
    share: float


def clip_kinds(arrays: Arrays, theta: float, measured: int, shown: int, style: Style, *, part: str = "") -> View:
    """Draw norm ratio and angle against θ from the question "clip", with a line at the chosen ``theta``.

    ``part`` says of which sequences, where not of the whole batch. A moved θ is read off between the grid's points;
    nothing is computed anew.
    """
    grid, norm = arrays["theta"], float(arrays["norm"][0])
    low, high = float(grid[0]), float(grid[-1])
    theta = min(max(theta, low), high)
    effects = {kind: effect(arrays, kind, theta) for kind in KINDS}
    layout: Layout = {
        **_axes(arrays, low, high, style),
        "shapes": [_at(theta, axis, style) for axis in ("", "2")],
        "annotations": _titles(style),
        "meta": {"axis": "threshold"},
    }
    data = [*_lines(arrays, style), *_marks(effects, theta, style)]
    return View(
        name="kinds",
        title="Three ways to clip this gradient",
        hint=_hint(effects, norm, theta, part) + _when(measured, shown),
        alt=_alt(effects, norm, theta, measured),
        figure=figure(style, data, layout, height=400 if style.narrow else 250, top=24, bottom=44),
        table=lambda: _table(arrays, norm),
        keys=tuple(_key(kind, effect, style) for kind, effect in effects.items()),
        knobs=(
            Knob(KNOB, "threshold θ", f"{theta:.4g}", float(f"{low:.3g}"), float(f"{high:.3g}"), 0.05, log=True),
        ),
    )  # fmt: skip


def effect(arrays: Arrays, kind: str, theta: float) -> ClipEffect:
    """Ratio, angle and share of ``kind`` at ``theta``: between the grid's points evenly in log θ, the ratio evenly in
    its own logarithm too, for it grows with θ; by norm it is known, torch's min(1, θ ÷ (‖g‖ + 1e-6))."""
    at, grid = np.log(theta), np.log(arrays["theta"])
    angle, share = (float(np.interp(at, grid, arrays[f"{kind}.{what}"])) for what in ("angle", "share"))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(np.exp(np.interp(at, grid, np.log(arrays[f"{kind}.ratio"]))))
    if kind == "norm" and np.isfinite(ratio):
        ratio = min(1.0, theta / (float(arrays["norm"][0]) + 1e-6))
    return ClipEffect(ratio, angle, share)


def _axes(arrays: Arrays, low: float, high: float, style: Style) -> Layout:
    ratios = np.concatenate([arrays[f"{kind}.ratio"] for kind in KINDS])
    angles = np.concatenate([arrays[f"{kind}.angle"] for kind in KINDS])
    top, turn = (max(floor, float(np.nanmax(values, initial=0)) * 1.08)
                 for floor, values in ((1.05, ratios), (20.0, angles)))  # fmt: skip
    x = _theta_axis(low, high)
    first, second = [0, (1 - GAP) / 2], [(1 + GAP) / 2, 1]
    ratio = {"range": [-0.03 * top, top], "nticks": 5, "fixedrange": True}
    angle = {"range": [-0.03 * turn, turn], "nticks": 5, "ticksuffix": "°", "fixedrange": True, "anchor": "x2"}
    if style.narrow:
        first, second = [(1 + 2 * GAP) / 2, 1], [0, (1 - 2 * GAP) / 2]
        return {"xaxis": x, "xaxis2": x | {"anchor": "y2"}, "yaxis": ratio | {"domain": first},
                "yaxis2": angle | {"domain": second}}  # fmt: skip
    return {"xaxis": x | {"domain": first}, "xaxis2": x | {"domain": second, "anchor": "y2"}, "yaxis": ratio,
            "yaxis2": angle}  # fmt: skip


def _theta_axis(low: float, high: float) -> Layout:
    axis = plain_log_axis(low, high)
    return axis | {"showgrid": False, "fixedrange": True, "title": {"text": "threshold θ"}}


def _at(theta: float, axis: str, style: Style) -> Layout:
    return {"type": "line", "xref": f"x{axis}", "yref": f"y{axis} domain", "x0": theta, "x1": theta, "y0": 0, "y1": 1,
            "line": {"color": style.theme.ink, "width": 1}, "opacity": 0.5}  # fmt: skip


def _titles(style: Style) -> list[Layout]:
    words = ("norm after ÷ before", "angle to the raw gradient")
    places = ((0, 1), (0, (1 - 2 * GAP) / 2)) if style.narrow else ((0, 1), ((1 + GAP) / 2, 1))
    return [{"text": text, "xref": "paper", "x": x, "xanchor": "left", "y": y, "yref": "paper", "yanchor": "bottom",
             "yshift": 3, "font": {"size": 12, "color": style.theme.ink}}
            for text, (x, y) in zip(words, places)]  # fmt: skip


def _lines(arrays: Arrays, style: Style) -> list[Layout]:
    lines = []
    for what, axis, unit in (("ratio", "", ""), ("angle", "2", "°")):
        for kind, (name, dash, width) in KINDS.items():
            lines.append({"type": "scatter", "mode": "lines", "x": arrays["theta"].astype(np.float32),
                          "y": arrays[f"{kind}.{what}"].astype(np.float32), "xaxis": f"x{axis}", "yaxis": f"y{axis}",
                          "line": {"color": _color(kind, style), "width": width, "dash": dash}, "name": name,
                          "hovertemplate": f"{name}, θ %{{x}}: %{{y}}{unit}<extra></extra>"})  # fmt: skip
    return lines


def _marks(effects: Mapping[str, ClipEffect], theta: float, style: Style) -> list[Layout]:
    """A ring on each line at the chosen threshold."""
    ring = {"size": 8, "color": style.theme.surface, "line": {"color": style.theme.ink, "width": 1.5}}
    at = {"type": "scatter", "mode": "markers", "x": [theta] * len(effects), "marker": ring, "hoverinfo": "skip"}
    return [
        at
        | {"xaxis": f"x{axis}", "yaxis": f"y{axis}", "name": f"at θ, {what}"}
        | {"y": [getattr(effect, what) for effect in effects.values()]}
        for what, axis in (("ratio", ""), ("angle", "2"))
    ]


def _color(kind: str, style: Style) -> str:
    return style.theme.muted if kind == "value" else style.theme.ink


def _key(kind: str, effect: ClipEffect, style: Style) -> Key:
    """The legend is the read-out."""
    name, dash, width = KINDS[kind]
    return Key(f"{name}: {words(kind, effect, short=style.narrow)}", _color(kind, style), dash=dash, width=width)


def words(kind: str, effect: ClipEffect, *, short: bool = False) -> str:
    """'× 0.34, 12° off, 3 % of the components cut'; ``short`` leaves the share out, as does one that is not known."""
    if abs(effect.ratio - 1) < 5e-4 and effect.angle < 0.05:
        return "unchanged"
    size = f"× {sig(effect.ratio)}"
    if kind == "norm":
        return f"{size}, same direction"
    turn = f"{size}, {sig(effect.angle)}° off"
    if short or not np.isfinite(effect.share):
        return turn
    return f"{turn}, {percent(effect.share)} of the {'components' if kind == 'value' else 'carries'} cut"


def _hint(effects: Mapping[str, ClipEffect], norm: float, theta: float, part: str) -> str:
    if not np.isfinite(norm):
        return "The raw gradient is not finite: nothing can be clipped."
    untouched = all(words(kind, effect) == "unchanged" for kind, effect in effects.items())
    fate = "would pass unchanged." if untouched else "would become:"
    return f"At θ = {exact(float(f'{theta:.3g}'))} the raw gradient{part} of norm {plain(norm)} {fate}"


def _when(measured: int, shown: int) -> str:
    if measured == shown:
        return ""
    return f" (Weights of training step {measured:,}, the nearest stored before {shown:,}.)"


def _alt(effects: Mapping[str, ClipEffect], norm: float, theta: float, measured: int) -> str:
    parts = "; ".join(f"{KINDS[kind][0]}: {words(kind, effect)}" for kind, effect in effects.items())
    return (
        f"Norm ratio and angle against the threshold, for the raw gradient of norm {sig(norm)} at training step "
        f"{measured}. At θ = {sig(theta)}, {parts}."
    )


def _table(arrays: Arrays, norm: float) -> DataFrame:
    columns = {"θ": arrays["theta"]}
    for kind, (words, *_) in KINDS.items():
        columns[f"{words}: norm"] = norm * arrays[f"{kind}.ratio"]
        columns[f"{words}: degrees"] = arrays[f"{kind}.angle"]
        columns[f"{words}: share cut"] = arrays[f"{kind}.share"]
    return DataFrame(columns)
