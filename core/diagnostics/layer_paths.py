"""Two ways back through several layers: down, from the layer above at the same step, and back through time.

A layer's state at step t gets its gradient from what uses its h within the step, the layer above or on the top the
readout, and from its own step after it. Both parts are exact and sum to it; that from above includes what it makes of c
within the step. Of the gradient before any clamping inside backpropagation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.backprop.passes import back_through
from core.backprop.profiles import mean_norm
from core.backprop.squares import squares
from core.diagnostics.losses import losses_of
from core.moment import Moment
from core.network import Alone

Curves = NDArray[np.float64]


@dataclass(frozen=True)
class LayerPaths:
    """Of the gradient of all losses together, (L, T+1) each, from the bottom layer up.

    flow   batch mean of ‖∂ℓ_n/∂(state of the layer)[t]‖
    down   batch mean of ⟨part from above, gradient⟩ / ‖gradient‖: its length along the gradient, negative where it
           points against it; what came through time is the rest of ``flow``
    """

    flow: Curves
    down: Curves


@torch.no_grad()
def layer_paths(moment: Moment) -> LayerPaths:
    """In float64, under the truncation of the moment's config."""
    layer, losses = moment.layer.to(torch.float64), losses_of(moment, moment.config.resets)
    way, grad_out = losses.trajectory.to(torch.float64), losses.grad_out.double()
    back = back_through(layer, way, grad_out, moment.config.truncated.passes(losses.states), parameters=False)
    flows, downs = [], []
    for k in range(layer.layers):
        own = layer.alone(k, way, back, grad_out)
        total = torch.cat(list(own.back.states.values()), dim=2)
        size = squares(total).sqrt()
        along = (_from_above(own) * total).sum(dim=2)
        flows.append(mean_norm(size**2))
        downs.append(torch.where(size == 0, 0, along / size).sum(dim=1).numpy())
    return LayerPaths(np.stack(flows), np.stack(downs))


def _from_above(own: Alone) -> Tensor:
    """(T+1, N, all parts of the state): the part from above, zero at the initial state, which nothing reads."""
    h = torch.cat([torch.zeros_like(own.local[:1]), own.local])
    c = own.layer.cell.handed_within(own.layer.params, own.trajectory, h)
    return h if c is None else torch.cat([h, c], dim=2)
