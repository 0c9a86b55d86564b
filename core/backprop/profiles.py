"""Gradient size per time step: batch mean of the norm of one sequence's gradient (not the norm of the mean)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.backprop.squares import squares
from core.cells import Back

Profile = NDArray[np.float64]


@dataclass(frozen=True)
class Profiles:
    """(T+1,) each: mean over n of ‖∂ℓ_n/∂h[t]‖, of ‖∂ℓ_n/∂c[t]‖ (None without c), and of the norm over both."""

    grad_h: Profile
    grad_c: Profile | None
    flow: Profile


def profiles(back: Back) -> Profiles:
    """From gradients of the *batch mean*; the factor N that makes them one sequence's is applied here."""
    by_state = {part: squares(grad) for part, grad in back.states.items()}
    each = {part: mean_norm(squared) for part, squared in by_state.items()}
    flow = mean_norm(_sum(list(by_state.values()))) if len(by_state) > 1 else each["h"]
    return Profiles(each["h"], each.get("c"), flow)


def state_squares(back: Back) -> Tensor:
    """(T+1, N) float64, Σ over the whole state of the square of its gradient."""
    return _sum([squares(grad) for grad in back.states.values()])


def _sum(parts: list[Tensor]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def mean_norm(squared: Tensor) -> Profile:
    """Σ_n √: the mean over n of the N-fold."""
    return squared.sqrt().sum(dim=1).cpu().numpy()
