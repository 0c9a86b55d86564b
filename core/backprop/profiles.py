"""Gradient size per time step: batch mean of the norm of one sequence's gradient (not the norm of the mean)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.cells import elementwise

Profile = NDArray[np.float64]


@dataclass(frozen=True)
class Profiles:
    """(T+1,) each: mean over n of ‖∂ℓ_n/∂h[t]‖, of ‖∂ℓ_n/∂c[t]‖ (None without c), and of the norm over both."""

    grad_h: Profile
    grad_c: Profile | None
    flow: Profile


def profiles(grad_h: Tensor, grad_c: Tensor | None) -> Profiles:
    """From gradients (T+1, N, H) of the *batch mean*; the factor N that makes them one sequence's is applied here."""
    squares_h = squares(grad_h)
    by_h = mean_norm(squares_h)
    if grad_c is None:
        return Profiles(by_h, None, by_h)
    squares_c = squares(grad_c)
    return Profiles(by_h, mean_norm(squares_c), mean_norm(squares_h + squares_c))


def squares(grad: Tensor) -> Tensor:
    """Σ over units of the square, (T+1, N), in float64: (1e-25)² is zero in float32."""
    return elementwise.squares(grad.transpose(1, 2))


def mean_norm(squared: Tensor) -> Profile:
    """Σ_n √: the mean over n of the N-fold."""
    return squared.sqrt().sum(dim=1).cpu().numpy()
