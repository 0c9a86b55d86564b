"""Pascanu's cliff: the loss of a one-unit network over its two parameters, its wall, and two descents into it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Knob, Layout, Scale, View, colorscale, figure, plain_log_axis, reference_line
from app.figures.theme import Stops, Style
from core.numbers import exact, fixed, sig
from core.theory.cliff import LEAST_W, Path, descent, gradient, gradient_on_wall, loss, mesh, wall

LOW, HIGH = (4.1, -3.1), (5.5, -1.5)
"""Corners (w, b) of the box that is drawn."""
UPDATES = 40
DEFAULTS = {"w": 5.0, "b": -1.95, "lr": 0.7, "theta": 0.05, "step": float(UPDATES)}
"""A start on the plain from which the unclipped descent meets the wall at its tenth update, at a gradient of 362."""
ROWS, COLUMNS = 33, 20
NORMS = (-2.0, 3.0)
"""log10 of the gradient's norm at the ends of the colour scale."""
LIFT = 0.006
"""Paths are drawn so far above the surface, in units of the loss."""
FOOT = 0.005
"""The wall's line is drawn as high as the plain is so far in front of it, to be seen along its foot."""
STEEP = 1.0
"""A gradient norm that nothing in the box has further than .02 from the wall: such a one throws a path, a smaller one
lets it drift."""
KEPT_ON, THROWN = "clipped", "not clipped"


def cliff(style: Style, *, w: float, b: float, lr: float, theta: float, step: int) -> View:
    """Draw the loss over (w, b) and the first ``step`` updates of both descents from one start.

    Values beyond what a knob offers count as its nearest end. The wall stands where the formula has it, a face of the
    drawn grid; a path that leaves the box is drawn to its edge, where a cross says so.
    """
    w, b, lr, theta, step = _inside(w, b, lr, theta, step)
    free, kept = _descent(w, b, lr, None), _descent(w, b, lr, theta)
    data = [_surface(style), _wall_line(style), *_path(kept, step, style.theme.faded, KEPT_ON),
            *_path(free, step, style.theme.grown, THROWN),
            *_exit(kept, step, style.theme.faded), *_exit(free, step, style.theme.grown),
            *_norms(kept, step, style.theme.faded, KEPT_ON),
            *_norms(free, step, style.theme.grown, THROWN)]  # fmt: skip
    return View(
        name="cliff",
        toy=True,
        title="A cliff in the loss: one unit, two parameters",
        hint=_hint(free, kept, step),
        alt=_alt(free, kept, step, w, b),
        figure=figure(style, data, _layout(free, kept, theta, style), height=560 if style.narrow else 640, bottom=40),
        table=lambda: _table(free, kept, step),
        keys=(Key("the wall", style.theme.ink, width=3), Key(f"descent, {THROWN}", style.theme.grown, width=3),
              Key(f"descent, {KEPT_ON} at θ = {sig(theta)}", style.theme.faded, width=3),
              Key("out of the picture", style.theme.grown, dash="dot", width=2)),
        scales=(Scale("gradient norm", _shades(style), ((0.0, "0.01"), (0.4, "1"), (0.8, "100"))),),
        knobs=_knobs(w, b, lr, theta, step),
    )  # fmt: skip


def _knobs(w: float, b: float, lr: float, theta: float, step: int) -> tuple[Knob, ...]:
    return (
        Knob("cliff_step", "update", f"{step}", 0, UPDATES, 1),
        Knob("cliff_theta", "clip threshold θ", f"{theta:g}", 0.01, 1000, 0.05, log=True),
        Knob("cliff_lr", "learning rate", f"{lr:g}", 0.01, 2, 0.05, log=True),
        Knob("cliff_w", "start w", f"{w:g}", LOW[0], HIGH[0], 0.05),
        Knob("cliff_b", "start b", f"{b:g}", LOW[1], HIGH[1], 0.05),
    )


def _inside(w: float, b: float, lr: float, theta: float, step: int) -> tuple[float, float, float, float, int]:
    w, b = (float(np.clip(value, low, high)) for value, low, high in zip((w, b), LOW, HIGH))
    lr, theta = float(np.clip(lr, 0.01, 2)), float(np.clip(theta, 0.01, 1000))
    return w, b, lr, theta, int(np.clip(step, 0, UPDATES))


@lru_cache(maxsize=64)
def _descent(w: float, b: float, lr: float, theta: float | None) -> Path:
    return descent(w, b, lr, UPDATES, theta)


# -- the landscape ----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _landscape() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """w, b, loss and log10 of the gradient's norm on a grid that follows the wall, all float32."""
    w, b = mesh(LOW, HIGH, ROWS, COLUMNS)
    size = np.log10(np.maximum(np.hypot(*gradient(w, b)), 1e-12))
    return w.astype(np.float32), b.astype(np.float32), loss(w, b).astype(np.float32), size.astype(np.float32)


def _shades(style: Style) -> Stops:
    """From the plain to the wall: no colour that means something elsewhere."""
    light = style.theme.name == "light"
    return ((0, "#f4f2ee"), (0.4, "#d5d2cb"), (1, "#85817a")) if light else ((0, "#20242c"), (0.4, "#3a404b"),
                                                                             (1, "#8b93a1"))  # fmt: skip


def _surface(style: Style) -> Layout:
    w, b, height, size = _landscape()
    return {"type": "surface", "x": w, "y": b, "z": height, "surfacecolor": size, "cmin": NORMS[0], "cmax": NORMS[1],
            "colorscale": colorscale(_shades(style)), "showscale": False, "name": "loss",
            "lighting": {"ambient": 0.85, "diffuse": 0.35, "specular": 0.03, "roughness": 1},
            "contours": {axis: {"highlight": False} for axis in "xyz"},
            "hovertemplate": "w %{x:.3f}, b %{y:.4f}: loss %{z:.4f}<extra></extra>"}  # fmt: skip


def _wall_line(style: Style) -> Layout:
    """The foot of the wall, b = .5 − w σ(.5), from where it begins."""
    w = np.union1d(np.linspace(LEAST_W + 1e-6, HIGH[0], 60), [5.0])
    b = wall(w)
    words = [f"wall at w = {fixed(at, 3)}: b = {fixed(line, 6)}, gradient norm "
             f"{sig(float(np.hypot(*gradient_on_wall(at))), 4)}"
             for at, line in zip(w, b)]  # fmt: skip
    return {"type": "scatter3d", "mode": "lines", "x": w.astype(np.float32), "y": b.astype(np.float32),
            "z": (loss(w, b + FOOT) + LIFT).astype(np.float32), "name": "wall",
            "line": {"color": style.theme.ink, "width": 7}, "text": words,
            "hovertemplate": "%{text}<extra></extra>"}  # fmt: skip


# -- the descents -----------------------------------------------------------------------------------------------------


def _outside(path: Path) -> np.ndarray:
    """(steps + 1,) whether each position lies outside the box."""
    w, b = path.w, path.b
    return ~((w >= LOW[0]) & (w <= HIGH[0]) & (b >= LOW[1]) & (b <= HIGH[1]))


def leaves(path: Path) -> int | None:
    """The first update that lands outside the box; None where none does."""
    out = np.flatnonzero(_outside(path))
    return int(out[0]) if out.size else None


def _edge(path: Path, k: int) -> tuple[float, float]:
    """Where the move from position k to k + 1 crosses the edge of the box."""
    here, move = np.array([path.w[k], path.b[k]]), np.array([path.w[k + 1] - path.w[k], path.b[k + 1] - path.b[k]])
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(move > 0, (np.array(HIGH) - here) / move, (np.array(LOW) - here) / move)
    w, b = here + np.nanmin(np.where(move == 0, np.inf, share)) * move
    return float(w), float(b)


def _path(path: Path, step: int, color: str, name: str) -> list[Layout]:
    """The positions up to ``step`` on the surface; those outside the box are gaps."""
    kept = slice(0, step + 1)
    out = _outside(path)[kept]
    x, y, z = (np.where(out, np.nan, part[kept]).astype(np.float32) for part in (path.w, path.b, path.loss + LIFT))
    words = [f"{name}, update {k}: w {fixed(path.w[k], 4)}, b {fixed(path.b[k], 4)}, loss {sig(path.loss[k])}, "
             f"gradient norm {sig(path.norm[k])}" for k in range(step + 1)]  # fmt: skip
    sizes = np.r_[np.full(step, 3), 7] if step else np.array([7])
    return [{"type": "scatter3d", "mode": "lines+markers", "x": x, "y": y, "z": z, "name": name, "text": words,
             "line": {"color": color, "width": 6}, "marker": {"color": color, "size": sizes.astype(np.float32)},
             "connectgaps": False, "hovertemplate": "%{text}<extra></extra>"}]  # fmt: skip


def _exit(path: Path, step: int, color: str) -> list[Layout]:
    """The throw, or the drift: from the last position inside to the edge of the box, with a cross and where it
    lands."""
    out = leaves(path)
    if not out or out > step:
        return []
    (w, b), k = _edge(path, out - 1), out - 1
    z = [float(path.loss[k]) + LIFT, max(float(loss(w, b)), float(path.loss[k])) + 0.05]
    name, way = ("thrown off", "thrown to") if path.norm[k] > STEEP else ("leaves", "on to")
    words = ["", f"{way} w {sig(path.w[out])}, b {sig(path.b[out])}"]
    return [{"type": "scatter3d", "mode": "lines+markers+text", "x": [float(path.w[k]), w], "y": [float(path.b[k]), b],
             "z": z, "name": name, "text": words, "textposition": "bottom center", "hoverinfo": "skip",
             "line": {"color": color, "width": 5, "dash": "dash"}, "textfont": {"color": color, "size": 13},
             "marker": {"color": color, "size": [0, 6], "symbol": "cross"}}]  # fmt: skip


def _norms(path: Path, step: int, color: str, name: str) -> list[Layout]:
    """The gradient's norm at every position up to ``step``, in the lower panel."""
    norm = np.where(path.norm > 0, path.norm, np.nan)[: step + 1].astype(np.float32)
    return [{"type": "scatter", "mode": "lines+markers", "x": np.arange(step + 1), "y": norm, "name": name,
             "line": {"color": color, "width": 2}, "marker": {"size": 4},
             "hovertemplate": f"update %{{x}}, {name}: gradient norm %{{y}}<extra></extra>"}]  # fmt: skip


# -- words and axes ---------------------------------------------------------------------------------------------------


def _layout(free: Path, kept: Path, theta: float, style: Style) -> Layout:
    seen = np.concatenate([free.norm, kept.norm])
    usable = seen[np.isfinite(seen) & (seen > 1e-6)]
    low = min(float(usable.min(initial=theta)), theta) / 1.5
    axis = {"showbackground": False, "gridcolor": style.theme.grid, "color": style.theme.muted, "zeroline": False,
            "showspikes": False, "tickangle": 0, "tickfont": {"size": 11}}  # fmt: skip
    far = 1.4 if style.narrow else 1.12
    scene = {
        "xaxis": axis | {"range": [LOW[0], HIGH[0]], "title": {"text": "w"}, "nticks": 5},
        "yaxis": axis | {"range": [LOW[1], HIGH[1]], "title": {"text": "b"}, "nticks": 6},
        "zaxis": axis | {"range": [0, 0.52], "title": {"text": "loss"}, "nticks": 4},
        "aspectmode": "manual", "aspectratio": {"x": 1.5, "y": 1.4, "z": 0.8},
        "camera": {"eye": {"x": 0.62 * far, "y": 1.5 * far, "z": 0.85 * far}, "center": {"x": 0, "y": 0.05, "z": -0.2}},
        "domain": {"x": [0, 1], "y": [0.27, 1]},
        "dragmode": False if style.narrow else "turntable",
    }  # fmt: skip
    return {
        "scene": scene,
        "xaxis": {"range": [-0.5, UPDATES + 0.5], "title": {"text": "update"}, "showgrid": False, "nticks": 6},
        "yaxis": {"domain": [0, 0.2], **plain_log_axis(low, float(usable.max(initial=theta)) * 1.5)},
        "shapes": [{**reference_line(theta, style, dash="solid")}],
        "annotations": [{"text": "gradient norm (line: θ)", "xref": "paper", "x": 0, "xanchor": "left", "yref": "paper",
                         "y": 0.2, "yanchor": "bottom"}],
    }  # fmt: skip


def _hint(free: Path, kept: Path, step: int) -> str:
    out, other = leaves(free), leaves(kept)
    also = f", which left the picture with update {other}" if other and other <= step else ""
    if out and out <= step:
        norm, place = sig(free.norm[out - 1]), f"to w\u00a0{sig(free.w[out])}, b\u00a0{sig(free.b[out])}"
        how = f"the gradient of {norm} at the wall threw update {out} out of the picture, {place}"
        if free.norm[out - 1] <= STEEP:
            how = f"update {out} drifted out of the picture, {place}, with a gradient of {norm}: it met no wall there"
        return f"Without clipping, {how}. Loss {sig(free.loss[step])}; {sig(kept.loss[step])} with clipping{also}."
    return (
        f"After update {step} the loss is {sig(free.loss[step])} without clipping and {sig(kept.loss[step])} with it. "
        "Touching the wall throws a path off."
    )


def _alt(free: Path, kept: Path, step: int, w: float, b: float) -> str:
    out = leaves(free)
    left = f" It left the picture with update {out}." if out and out <= step else ""
    side = "" if w <= LEAST_W else f" At the start's w the wall stands at b = {fixed(float(wall(w)), 4)}."
    return (
        f"Surface of the loss over w from {exact(LOW[0])} to {exact(HIGH[0])} and b from {exact(LOW[1])} to "
        f"{exact(HIGH[1])}: a low plain, a high one, and between them a wall at b = 0.5 − w σ(0.5), where w exceeds "
        f"{LEAST_W:.3f}. Gradient descent from w = {sig(w, 3)}, b = {sig(b, 3)}, update {step}: loss "
        f"{sig(free.loss[step])} and gradient norm {sig(free.norm[step])} without clipping, {sig(kept.loss[step])} and "
        f"{sig(kept.norm[step])} with it.{left}{side}"
    )


def _table(free: Path, kept: Path, step: int) -> DataFrame:
    names = {"w": "w", "b": "b", "loss": "loss", "norm": "gradient norm", "step": "step size"}
    return DataFrame({"update": range(step + 1)} | {
        f"{words}, {which}": vars(path)[name][: step + 1]
        for which, path in ((THROWN, free), (KEPT_ON, kept)) for name, words in names.items()
    })  # fmt: skip
