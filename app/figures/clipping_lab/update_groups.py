"""How far one update moves each group of weights, in relation to the group's own size."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from pandas import DataFrame

from app.figures.base import Key, View, figure, plain_log_axis
from app.figures.theme import CELL_LOOKS, Style
from core.config import RunConfig
from core.frames import Frame
from core.numbers import percent
from core.settings import settings_of

GROUPS = {
    "weight_ih": "input weights W", "weight_hh": "recurrent weights U", "weight_peephole": "peepholes p",
    "bias": "biases", "gain": "gains", "readout": "readout",
}  # fmt: skip
"""By how the names of their parameters begin."""
_LAYER = re.compile(r"_l(\d+)$")
ROW = 26
"""Height of a group's line, in pixels."""


def update_groups(frame: Frame, config: RunConfig, style: Style) -> View:
    """A mark for each group: the norm of its part of the update after the shown step over the norm of its weights.

    ``frame`` has an update (``update_norms``)."""
    moved, sizes = (_by_group(norms) for norms in (frame.update_norms, frame.param_norms))
    names = list(moved)
    shares = np.array([moved[name] / sizes[name] if sizes[name] > 0 else np.nan for name in names])
    look, known = CELL_LOOKS[config.cell.name], np.isfinite(shares) & (shares > 0)
    data = [{"type": "scatter", "mode": "markers", "x": shares[known],
             "y": [name for name, is_known in zip(names, known) if is_known],
             "marker": {"color": look.color, "symbol": look.marker, "size": 10},
             "text": [percent(share) for share in shares[known]],
             "hovertemplate": "%{y}: %{text} of its norm<extra></extra>"}]  # fmt: skip
    low, high = (float(shares[known].min()), float(shares[known].max())) if known.any() else (2e-4, 0.5)
    layout = {
        "xaxis": plain_log_axis(low / 2, high * 2) | {"title": {"text": "norm of the update ÷ norm of the weights"}},
        "yaxis": {"categoryorder": "array", "categoryarray": names[::-1], "automargin": True, "fixedrange": True},
    }
    return View(
        name="groups",
        title="How far each group of weights moves",
        hint=_hint(names, shares, config, frame.step),
        alt=f"Update after training step {frame.step:,}, in relation to the weights: {_all(names, shares)}.",
        figure=figure(style, data, layout, height=90 + ROW * len(names), bottom=48),
        table=lambda: DataFrame({
            "weights": names, "norm of the update": list(moved.values()),
            "norm of the weights": [sizes[name] for name in names], "share": shares,
        }),
        keys=(Key("one update", look.color, kind="marker", marker=look.marker),),
    )  # fmt: skip


def unmoved(step: int) -> str:
    """What stands in the picture's place where the frame of ``step`` has no update."""
    return f"After training step {step:,} no update is recorded: the run ends there, or an earlier version made it."


def _by_group(norms: dict[str, float]) -> dict[str, float]:
    """{group in words: the norm of all its tensors together}, layer by layer where there are several."""
    squares: dict[str, float] = {}
    for name, norm in norms.items():
        start = next((start for start in GROUPS if name.startswith(start)), name)
        layer = _LAYER.search(name)
        words = GROUPS.get(start, name) + (f", layer {int(layer[1]) + 1}" if layer else "")
        squares[words] = squares.get(words, 0.0) + norm**2
    return {words: float(np.sqrt(square)) for words, square in squares.items()}


def _hint(names: Sequence[str], shares: np.ndarray, config: RunConfig, step: int) -> str:
    optimizer = settings_of(config)["optimizer"].choices.get(config.optimizer, config.optimizer)
    known = np.flatnonzero(np.isfinite(shares))
    start = f"Training step {step:,}, {optimizer}:"
    if not known.size:
        return f"{start} no group has a size to relate its update to."
    least, most = known[shares[known].argmin()], known[shares[known].argmax()]
    first = f"{start} the {names[most]} by {percent(float(shares[most]))} of their norm"
    return f"{first}." if least == most else f"{first}, the {names[least]} by {percent(float(shares[least]))}."


def _all(names: Sequence[str], shares: np.ndarray) -> str:
    return ", ".join(
        f"{name} {percent(float(share)) if np.isfinite(share) else 'from zero'}" for name, share in zip(names, shares)
    )
