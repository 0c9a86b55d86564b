"""Where a training stops being numbers: the first step at which anything is none, and what it is. NumPy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

What = Literal["weights", "loss", "gradient"]

SERIES: dict[str, What] = {"param_norm": "weights", "loss": "loss", "grad_norm": "gradient"}
"""What is looked at, the cause before its effects: of weights that are no numbers nothing is."""


@dataclass(frozen=True)
class Breakage:
    """The first training step at which weights, loss or gradient hold something that is not finite.

    what      the first of them in that order
    overflow  whether it is infinite; else it is NaN
    before    the gradient's norm in the step before; NaN where there is none
    """

    step: int
    what: What
    overflow: bool
    before: float


def breakage(scalars: Mapping[str, NDArray[Any]]) -> Breakage | None:
    """Of ``step`` and core.frames.SCALARS of some training steps, each (n,), ascending.

    None where the last of them is finite: a gradient may overflow, be clipped, and the training goes on.
    """
    known = {name: scalars[name] for name in SERIES if name in scalars}
    broken = np.flatnonzero(~np.logical_and.reduce([np.isfinite(values) for values in known.values()]))
    if not broken.size or broken[-1] != len(scalars["step"]) - 1:
        return None
    k = int(broken[0])
    name = next(name for name, values in known.items() if not np.isfinite(values[k]))
    before = float(known["grad_norm"][k - 1]) if k and "grad_norm" in known else float("nan")
    return Breakage(int(scalars["step"][k]), SERIES[name], bool(np.isinf(known[name][k])), before)
