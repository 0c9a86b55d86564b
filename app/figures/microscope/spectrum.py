"""The recurrent matrix: its eigenvalues on the complex plane, and their radius against the norm over training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, Knob, Layout, View, cursor_line, figure, reference_line, training_axis
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.numbers import fixed, plural

Arrays = Mapping[str, np.ndarray]
GATE = "micro_gate"
ROUNDING = 1e-5
"""A radius nearer to 1 is 1 to the precision of the weights."""


def gate_knob(gates: list[str], gate: str) -> tuple[Knob, ...]:
    """Which gate's block; no knob where there is one matrix."""
    if len(gates) == 1:
        return ()
    return (Knob(GATE, "block", gate, options=tuple((q, f"U of {q}") for q in gates)),)


def spectrum(arrays: Arrays, config: RunConfig, style: Style, *, gate: str, knobs: tuple[Knob, ...]) -> View:
    """Eigenvalues from the answer to "spectra": the newest in colour, earlier ones fainter the older they are."""
    real, imag, steps = arrays[f"{gate}.real"], arrays[f"{gate}.imag"], arrays["step"]
    rho, sigma = float(arrays[f"{gate}.rho"][-1]), float(arrays[f"{gate}.sigma_max"][-1])
    color, now = CELL_LOOKS[config.cell.name].color, f"step {steps[-1]:,}"
    reach = 1.12 * max(1.0, float(np.nanmax(np.hypot(real, imag), initial=0)))
    faint = [0.12 + 0.4 * k / max(1, len(steps) - 1) for k in range(len(steps) - 1)]
    trail = [_dots(real[k], imag[k], style.theme.muted, 4, opacity, f"step {steps[k]:,}")
             for k, opacity in enumerate(faint)]  # fmt: skip
    layout: Layout = {
        "xaxis": {"range": [-reach, reach], "nticks": 5, "fixedrange": True, "constrain": "domain"},
        "yaxis": {"range": [-reach, reach], "nticks": 5, "fixedrange": True, "scaleanchor": "x", "constrain": "domain"},
        "shapes": [_circle(1.0, style.theme.ink, "solid"), _circle(rho, color, "dot")],
        "meta": {"axis": "complex"},
    }
    return View(
        name="spectrum",
        title=f"Spectrum of U{_of(gate)}",
        hint=_spectrum_hint(rho, config),
        alt=f"Eigenvalues of U{_of(gate)} at training {now}: spectral radius {fixed(rho, 3)}, norm {fixed(sigma, 3)}"
            + (f", with {plural(len(steps) - 1, 'earlier moment')}." if len(steps) > 1 else "."),
        figure=figure(style, [*trail, _dots(real[-1], imag[-1], color, 7, 1, now)], layout, height=300),
        table=lambda: DataFrame({"real": real[-1], "imaginary": imag[-1], "modulus": np.hypot(real[-1], imag[-1])}),
        keys=(Key(now, color, "marker"), Key(f"ρ = {fixed(rho)}", color, dash="dot"),
              *((Key("earlier", style.theme.muted, "marker"),) if trail else ())),
        knobs=knobs,
    )  # fmt: skip


def _of(gate: str) -> str:
    return "" if gate == "recurrent" else f" of {gate}"


def _dots(real: np.ndarray, imag: np.ndarray, color: str, size: int, opacity: float, name: str) -> Layout:
    return {"type": "scatter", "mode": "markers", "x": real, "y": imag, "name": name, "opacity": opacity,
            "marker": {"color": color, "size": size},
            "hovertemplate": f"{name}: %{{x:.2f}} + %{{y:.2f}}i<extra></extra>"}  # fmt: skip


def _circle(radius: float, color: str, dash: str) -> Layout:
    radius = radius if np.isfinite(radius) else 0.0
    return {"type": "circle", "x0": -radius, "x1": radius, "y0": -radius, "y1": radius, "layer": "below",
            "line": {"color": color, "width": 1, "dash": dash}}  # fmt: skip


def _spectrum_hint(rho: float, config: RunConfig) -> str:
    if not np.isfinite(rho):
        return "The weights are not finite, so there are no eigenvalues."
    side = "on" if abs(rho - 1) < ROUNDING else "within" if rho < 1 else "beyond"
    start = f"Radius ρ = {fixed(rho)}, {side} the unit circle. It is not the measured factor: "
    phi = config.cell.phi
    if phi is not None and config.cell.normalised:
        return f"{start}layer norm divides what U makes of a state by its size, whatever U's is."
    if phi is not None:
        linear = f"{start}eigenvalues describe a linear network in the long run"
        return f"{linear}." if phi.bends == "nowhere" else f"{linear}, and leave out φ′."
    return f"{start}this is the block of one gate, and how much passes a step hangs on what the gates let through."


def radius(arrays: Arrays, config: RunConfig, style: Style, *, gate: str, shown: int) -> View:
    """ρ and σ_max over training, from the answer to "spectra"."""
    steps, rho, sigma = arrays["step"], arrays[f"{gate}.rho"], arrays[f"{gate}.sigma_max"]
    color = CELL_LOOKS[config.cell.name].color
    values = np.concatenate([rho, sigma])
    known = values[np.isfinite(values)]
    top = 1.1 * max(1.05, float(known.max()) if known.size else 1.0)
    lines = [(rho, color, "dot", "ρ"), (sigma, color, "solid", "σ_max")]
    data = [{"type": "scatter", "mode": "lines+markers", "x": steps, "y": values, "name": name, "marker": {"size": 4},
             "line": {"color": ink, "dash": dash, "width": 2}, "hovertemplate": f"{name} %{{y:.3f}}<extra></extra>"}
            for values, ink, dash, name in lines]  # fmt: skip
    layout: Layout = {"xaxis": training_axis(config.steps, style), "yaxis": {"range": [0, top], "nticks": 5},
                      "shapes": [reference_line(1, style), *cursor_line(shown, style)],
                      "meta": {"axis": "training"}}  # fmt: skip
    return View(
        name="radius",
        title="Radius and norm over training",
        hint=_radius_hint(float(rho[-1]), float(sigma[-1]), config),
        alt=f"Spectral radius from {fixed(rho[0], 3)} to {fixed(rho[-1], 3)} and norm from {fixed(sigma[0], 3)} to "
            f"{fixed(sigma[-1], 3)}, training steps {int(steps[0])} to {int(steps[-1])}." if len(steps) > 1 else
            f"Spectral radius {fixed(rho[0], 3)} and norm {fixed(sigma[0], 3)} at training step {int(steps[0])}.",
        figure=figure(style, data, layout, height=260, bottom=44),
        table=lambda: DataFrame({"training step": steps, "ρ": rho, "σ_max": sigma}),
        keys=tuple(Key(name, ink, dash=dash) for _, ink, dash, name in lines),
    )  # fmt: skip


def _radius_hint(rho: float, sigma: float, config: RunConfig) -> str:
    if not (np.isfinite(rho) and np.isfinite(sigma)):
        return "The weights are not finite: there is neither radius nor norm."
    numbers, phi = f"Now ρ = {fixed(rho)}, σ_max = {fixed(sigma)}. ", config.cell.phi
    if phi is None:
        return numbers + "Neither bounds a gated step: they belong to one gate's block alone."
    if config.cell.normalised:
        return numbers + "Neither bounds a step: it is divided by the size of what U made."
    bound = "σ_max" if phi.largest == 1 else f"γ σ_max with γ = {phi.largest:g}"
    way = "" if config.cell.layers == 1 else " of what goes back through time in this layer"
    keep = f"{numbers}{bound} bounds what a step may keep{way}, ρ does not"
    return f"{keep}; above 1 it forbids no growth and proves none."
