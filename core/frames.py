"""Frame: what one recorded training step holds. NumPy only, so that the web process reads it without torch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

SCALARS = ("loss", "score", "error", "grad_norm", "grad_norm_clipped", "clip_angle", "update_size", "param_norm")
"""What every training step leaves behind: score and error as last evaluated, the others of the step itself; NaN where
one does not exist (score before the first evaluation, the update of the last step)."""

CHANGED, TURNED = 1e-6, 1e-3
"""A relative change of the gradient's norm, and degrees between raw and clipped gradient, below which clipping has
changed nothing: they are rounding."""

BY_LAYER = ("grad_h_layers", "grad_c_layers", "flow_layers")
"""Profiles of each layer, which a frame of a cell of several layers has."""

NOT_SCORED = -1
"""``score_step`` of a frame before the first scoring."""


@dataclass(frozen=True)
class Planes:
    """Gates and states of the fixed probe sequences on this frame's weights.

    gates  {"i": (T, P, H), …} float32, in the cell's own order; empty for the plain RNN
    h, c   (T+1, P, H) float32; c is None where the cell has none
    below  the same of the layers beneath this one, from the bottom up
    """

    gates: dict[str, Floats]
    h: Floats
    c: Floats | None
    below: tuple[Planes, ...] = ()

    def of_layer(self, layer: int) -> Planes:
        """Those of one layer alone, from 0 at the bottom."""
        return replace((*self.below, self)[layer], below=())


@dataclass(frozen=True)
class Frame:
    """Training step ``step``: everything is measured on the weights *after* ``step`` updates and on batch ``step``.

    loss               batch mean of the sequences' losses
    score, error       on the held-out set, as last evaluated (at step ``score_step``); score in [0, 1], error is the
                       normalised one (MSE ÷ variance, or cross-entropy ÷ baseline). NaN, and ``score_step`` NOT_SCORED,
                       until the first time, which is the first frame unless scoring takes long
    grad_norm          global norm of ∂loss/∂(what is trained) before clipping, grad_norm_clipped after it; where a step
                       has several updates (truncation as a stream) those of the one with the largest gradient
    clip_angle         degrees between the two gradients; NaN in files of earlier versions
    update_size        norm of what the weights change by until the next step; NaN at the run's last frame
    param_norm         global norm of all parameters; param_norms has one entry a tensor
    update_norms       update_size of each tensor that is trained; empty at the run's last frame and in files of earlier
                       versions
    grad_h, grad_c     (T+1,) batch mean of ‖∂ℓ_n/∂h[t]‖ and of ‖∂ℓ_n/∂c[t]‖ (None where the cell has no c); of several
                       layers those of the top one, whose h is read.
                       With a batch normalisation, where sequences depend on each other, ∂ℓ_n/∂h[t] stands for N times
                       the gradient of the batch's mean loss by the state of sequence n: along all ways that there are,
                       those through the other sequences too
    flow               (T+1,) the same over the whole state: (h, c), or h where there is no c, of all layers together
    flow_last          (T+1,) flow of the last asked step's loss alone; equals ``flow`` where nothing else is asked.
                       Factor, half-life and horizon are taken from it
    history            {name: (n,)} ``step`` and SCALARS of every step since the previous frame, this one included
    planes, weights    on a coarser schedule, else None; weights are float32 arrays by torch's names,
                       "readout.weight" and "readout.bias" among them
    grad_h_layers, grad_c_layers, flow_layers
                       (L, T+1) as grad_h, grad_c and flow of each layer alone, from the bottom up; None where the cell
                       has one layer, grad_c_layers also where it has no c
    carried            beside the weights of a run along an endless sequence: the state that the step's batch goes on
                       from, (N, H) each part; else None
    """

    step: int
    loss: float
    score: float
    score_step: int
    error: float
    grad_norm: float
    grad_norm_clipped: float
    update_size: float
    param_norm: float
    param_norms: dict[str, float]
    grad_h: Floats
    grad_c: Floats | None
    flow: Floats
    flow_last: Floats
    history: dict[str, Floats]
    clip_angle: float = math.nan
    update_norms: dict[str, float] = field(default_factory=dict)
    planes: Planes | None = None
    weights: dict[str, Floats] | None = field(default=None, repr=False)
    grad_h_layers: Floats | None = None
    grad_c_layers: Floats | None = None
    flow_layers: Floats | None = None
    carried: tuple[Floats, ...] | None = field(default=None, repr=False)

    @property
    def clipped(self) -> bool:
        """Whether clipping changed the gradient of this step."""
        return abs(self.grad_norm_clipped - self.grad_norm) > CHANGED * self.grad_norm or self.clip_angle > TURNED

    @property
    def nonfinite(self) -> list[str]:
        """Names of what is NaN or infinite here though it should be a number."""
        measured = ("loss", *(("error",) if self.score_step != NOT_SCORED else ()), "grad_norm", "grad_norm_clipped",
                    "param_norm")  # fmt: skip
        names = [name for name in measured if not np.isfinite(getattr(self, name))]
        profiles = {"grad_h": self.grad_h, "grad_c": self.grad_c, "flow": self.flow, "flow_last": self.flow_last}
        return names + [
            name for name, values in profiles.items() if values is not None and not np.isfinite(values).all()
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain numbers for a JSON line; what is not finite becomes None and is named under ``nonfinite``."""
        scalars = {name: number(getattr(self, name)) for name in SCALARS}
        return {
            "step": self.step,
            **scalars,
            "score_step": None if self.score_step == NOT_SCORED else self.score_step,
            "clipped": self.clipped,
            "finite": not self.nonfinite,
            "nonfinite": self.nonfinite,
            "param_norms": {name: number(value) for name, value in self.param_norms.items()},
            "update_norms": {name: number(value) for name, value in self.update_norms.items()},
            "grad_h": numbers(self.grad_h),
            "grad_c": None if self.grad_c is None else numbers(self.grad_c),
            "flow": numbers(self.flow),
            "flow_last": numbers(self.flow_last),
            **{name: _rows(getattr(self, name)) for name in BY_LAYER},
        }

    def to_row(self) -> dict[str, Any]:
        """The numbers of a table's row, profiles left out; what is not finite stays what it is."""
        return {
            "step": self.step,
            **{name: getattr(self, name) for name in SCALARS},
            "score_step": None if self.score_step == NOT_SCORED else self.score_step,
            "clipped": self.clipped,
            "nonfinite": " ".join(self.nonfinite),
            **{f"param_norms.{name}": value for name, value in self.param_norms.items()},
        }


def _rows(values: Floats | None) -> list[list[float | None]] | None:
    return None if values is None else [numbers(row) for row in values]


def number(value: float) -> float | None:
    """``value`` as JSON knows numbers: None where it is not finite."""
    return float(value) if np.isfinite(value) else None


def numbers(values: Floats) -> list[float | None]:
    """A list of ``number``."""
    return [number(value) for value in values]
