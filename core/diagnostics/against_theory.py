"""The gradient of a sequence's last loss as it is, beside what the Jacobians of its steps say about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.backprop.profiles import state_squares
from core.backprop.readout import asked, losses
from core.cells import Back, Trajectory
from core.diagnostics.forward_loss import one_sequence
from core.diagnostics.jacobians import displayed, linear_steps, products, singular_values
from core.moment import Moment

MOST_LAGS = 40
"""So many states at most whose singular values are found."""


@dataclass(frozen=True)
class AgainstTheory:
    """Of one sequence of T steps, up to the state ``asked`` of its last loss; NaN beyond it. All float64.

    flow         (T+1,) norm of ∂ℓ/∂state, over h and c where there is a c, by the backward pass
    bound        (T+1,) product of the steps' norms from ``asked`` back: flow[t] ≤ bound[t] · flow[asked]
    at           (n,) states t with their singular values
    singular     (n, S) of ∂state[asked]/∂state[t], largest first; NaN where they are too small to resolve
    singular_h   (n, H) of its block ∂h[asked]/∂h[t]
    """

    asked: int
    flow: np.ndarray
    bound: np.ndarray
    at: np.ndarray
    singular: np.ndarray
    singular_h: np.ndarray


@torch.no_grad()
def against_theory(moment: Moment, sequence: int) -> AgainstTheory:
    """In float64, with the weights as they are; cuts and resets of the run's truncation are those of its last loss."""
    T, layer = len(moment.batch.x), moment.layer.to(torch.float64)
    trajectory, back, cuts = _last_loss(moment, sequence)
    stop = len(trajectory.x)
    jacobians, within = linear_steps(layer, trajectory, 0, cuts)
    shown = products(displayed(jacobians, within), at=[])
    flow, bound = np.full(T + 1, np.nan), np.full(T + 1, np.nan)
    flow[: stop + 1], bound[: stop + 1] = state_squares(back).sqrt()[:, 0].numpy(), shown.bound
    return AgainstTheory(stop, flow, bound, *_singular(jacobians, trajectory.h.shape[2]))


def _last_loss(moment: Moment, n: int) -> tuple[Trajectory, Back, tuple[int, ...]]:
    """Up to the last asked state of sequence ``n``: its way, the gradient of that loss alone, where it is cut."""
    network, truncation = moment.network.wide(), moment.config.truncated
    one = one_sequence(asked(moment.batch), n)
    place = int(one.last[:, 0].nonzero()[-1])
    stop = int(one.steps[place]) + 1
    trajectory = network.layer.forward(one.x, one.start, resets=truncation.resets).between(0, stop)
    _, slope = losses(network.answers(trajectory.h[-1:]), one.target[place : place + 1])
    local = torch.zeros_like(trajectory.h[1:])
    local[-1] = network.through_readout(slope[0])
    cuts = truncation.passes([stop])[0].cuts
    return trajectory, network.layer.backward(trajectory, local, cuts=cuts, parameters=False), cuts


def _singular(jacobians: Tensor, H: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    T, S = len(jacobians), jacobians.shape[1]
    at = np.unique(np.rint(np.linspace(0, T, min(T + 1, MOST_LAGS))).astype(int))
    product, wanted = torch.eye(S, dtype=torch.float64), set(at.tolist())
    whole, of_h = [], []
    for t in range(T, -1, -1):
        product = product @ jacobians[t] if t < T else product
        if t in wanted:
            whole.append(singular_values(product))
            of_h.append(singular_values(product[:H, :H]))
    return at, np.stack(whole[::-1]), np.stack(of_h[::-1])
