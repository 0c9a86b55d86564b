"""What the gradient's norm did over a training: steps that were clipped, and spikes. NumPy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.frames import CHANGED, TURNED

Floats = NDArray[np.floating[Any]]
Scalars = Mapping[str, NDArray[Any]]
"""``step`` and core.frames.SCALARS of every training step, each (n,)."""


@dataclass(frozen=True)
class Spike:
    """The step with the largest norm: ``ratio`` times the median norm of all the steps that were looked at."""

    step: int
    norm: float
    ratio: float


def was_clipped(scalars: Scalars) -> NDArray[np.bool_]:
    """(n,) whether clipping changed each step's gradient, in its norm or in its direction.

    Inside backpropagation it may also lengthen the gradient: where two parts nearly cancelled, one is cut.
    """
    before, after = scalars["grad_norm"], scalars["grad_norm_clipped"]
    with np.errstate(invalid="ignore"):
        return (np.abs(after - before) > CHANGED * before) | (turned(scalars) > TURNED)


def turned(scalars: Scalars) -> Floats:
    """(n,) degrees between raw and clipped gradient; NaN where a run of an older version did not record them."""
    return scalars["clip_angle"] if "clip_angle" in scalars else np.full(len(scalars["step"]), np.nan)


def largest(scalars: Scalars) -> Spike | None:
    """The largest finite norm; None where there is none above zero."""
    norm = scalars["grad_norm"]
    known = norm[np.isfinite(norm)]
    if not known.size or known.max() <= 0:
        return None
    k = int(np.where(np.isfinite(norm), norm, -1).argmax())
    middle = float(np.median(known))
    return Spike(int(scalars["step"][k]), float(norm[k]), float(norm[k]) / middle if middle > 0 else float("inf"))


def upto(scalars: Scalars, step: int) -> dict[str, NDArray[Any]]:
    """The scalars of the steps up to ``step``."""
    known = scalars["step"] <= step
    return {name: values[known] for name, values in scalars.items()}
