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
    """(T+1,) each: mean over n of ‖∂ℓ_n/∂h[t]‖ and of ‖∂ℓ_n/∂c[t]‖ (None without c) of the top layer, and of the norm
    over the whole state, of all layers.

    grad_h_layers, grad_c_layers, flow_layers   (L, T+1) the same of each layer, from the bottom up, the flow over that
    layer's state; None where there is one
    """

    grad_h: Profile
    grad_c: Profile | None
    flow: Profile
    grad_h_layers: Profile | None = None
    grad_c_layers: Profile | None = None
    flow_layers: Profile | None = None


def profiles(back: Back) -> Profiles:
    """From gradients of the *batch mean*; the factor N that makes them one sequence's is applied here."""
    layers = [
        {part: squares(grad) for part, grad in back.of_layer(k).states.items()} for k in range(len(back.by_layer))
    ]
    each = [{part: mean_norm(squared) for part, squared in own.items()} for own in layers]
    flows = [_over(own, norms["h"]) for own, norms in zip(layers, each, strict=True)]
    top = each[-1]
    if len(layers) == 1:
        return Profiles(top["h"], top.get("c"), flows[0])
    flow = mean_norm(_sum([squared for own in layers for squared in own.values()]))
    of_c = np.stack([norms["c"] for norms in each]) if "c" in top else None
    return Profiles(
        top["h"], top.get("c"), flow, np.stack([norms["h"] for norms in each]), of_c, np.stack(flows)
    )  # fmt: skip


def _over(squared: dict[str, Tensor], of_h: Profile) -> Profile:
    """The norm over a layer's whole state; that ``of_h`` where it has no other part."""
    return mean_norm(_sum(list(squared.values()))) if len(squared) > 1 else of_h


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
