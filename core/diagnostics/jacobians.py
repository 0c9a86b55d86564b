"""One step's Jacobian, and what products of them say about ∂state[T]/∂state[t].

The state is h, or (h, c), of all layers, with its parts as *independent* coordinates: a step takes each. So ∂L/∂c here
does not contain the way c → h of the same step, nor ∂L/∂h of a layer the way up through those above it in the same
step, which ``Back``'s (total derivatives) do; ``partial`` and ``total`` go from one to the other.

The Jacobians are the cell's own backward step, applied to a basis: no formula is written twice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.cells import Trajectory
from core.network import Layer

ROOM = 1 << 22
"""Numbers in one array of the stacked backward steps, 32 MB in float64."""

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Products:
    """What T Jacobians of one sequence say, S numbers in a state.

    norms      (T,) largest singular value of ∂state[t+1]/∂state[t]
    bound      (T+1,) product of ``norms`` from t to the end: no gradient grows by more between T and t
    singular   {t: (S,)} singular values of ∂state[T]/∂state[t], largest first; NaN where float64 cannot resolve them
               beside the largest
    """

    norms: Curve
    bound: Curve
    singular: dict[int, Curve]


def step_jacobians(layer: Layer, trajectory: Trajectory, sequence: int = 0, cuts: Collection[int] = ()) -> Tensor:
    """∂state[t+1]/∂state[t] of one sequence for every t, (T, S, S) float64; rows are the later state.

    A step that starts at one of ``cuts``, or from a reset state, sends nothing back: its Jacobian is zero.
    """
    return linear_steps(layer, trajectory, sequence, cuts)[0]


def same_step(layer: Layer, trajectory: Trajectory, sequence: int = 0) -> Tensor:
    """What a gradient at each part of state[t] is to all of it within the step that made it, (T+1, S, S) float64: a row
    of independent parts times it is that of total derivatives. The identity for the initial state, and without c or a
    second layer."""
    return linear_steps(layer, trajectory, sequence)[1]


@torch.no_grad()
def linear_steps(
    layer: Layer, trajectory: Trajectory, sequence: int = 0, cuts: Collection[int] = ()
) -> tuple[Tensor, Tensor]:
    """``step_jacobians`` and ``same_step``, which one pass over a basis gives."""
    layer, wider = layer.to(torch.float64), trajectory.to(torch.float64)
    states = [part[:, sequence] for part in wider.gone_on_from.values()]  # at the start of every step, (T, H) each
    x = wider.x[:, sequence]
    S, H = sum(part.shape[1] for part in states), states[0].shape[1]
    identity = torch.eye(S, dtype=torch.float64)
    steps = 1 if layer.held else max(1, ROOM // (S * S * 4))  # what is held differs from step to step
    back_to_start, within = [], [identity.unsqueeze(0)]
    for first in range(0, len(x), steps):
        x_t = x[first : first + steps].repeat_interleave(S, dim=0)  # each step's input S times, once for each row
        before = tuple(part[first : first + steps].repeat_interleave(S, dim=0) for part in states)
        step = layer.forward(x_t.unsqueeze(0), before, first=first)
        arriving = tuple(part.repeat(len(x_t) // S, 1) for part in identity.split(H, dim=1))
        back = layer.backward(step, torch.zeros_like(step.h[1:]), arriving=arriving, parameters=False)
        for found, at in ((back_to_start, 0), (within, 1)):
            found.append(torch.cat([grad[at] for grad in back.states.values()], dim=1).view(-1, S, S))
    whole = torch.cat(back_to_start)
    whole[list(trajectory.resets.union(cuts))] = 0
    return whole, torch.cat(within)


def total(gradient: Tensor, within: Tensor) -> Tensor:
    """Total derivatives as in ``Back``, side by side, from ∂L/∂state over independent parts, (T+1, S) both."""
    return (gradient.unsqueeze(1) @ within).squeeze(1)


def partial(gradient: Tensor, within: Tensor) -> Tensor:
    """The way back."""
    return torch.linalg.solve(within, gradient.unsqueeze(1), left=False).squeeze(1)


def displayed(jacobians: Tensor, within: Tensor) -> Tensor:
    """The maps from the gradient at t to that at t+1 *transposed*, in the coordinates of the curves on screen.

    (T, S, S): rows belong to the total derivatives at t+1, columns to those at t; equal to ``jacobians`` where there is
    one h and no c. Their norms bound the flow as it is shown.
    """
    return torch.linalg.solve(within[1:], jacobians) @ within[:-1]


@torch.no_grad()
def products(jacobians: Tensor, at: list[int] | None = None) -> Products:
    """Norms, their product and the singular values of ∂state[T]/∂state[t] for the states ``at`` (default: 0)."""
    T = len(jacobians)
    norms = _singular_values(jacobians)[:, 0]
    bound = np.append(np.cumprod(norms[::-1])[::-1], 1.0)
    wanted, singular, product = set(at if at is not None else [0]), {}, torch.eye(jacobians.shape[1]).double()
    for t in range(T, min(wanted, default=T + 1) - 1, -1):
        product = product @ jacobians[t] if t < T else product
        if t in wanted:
            singular[t] = singular_values(product)
    return Products(norms, bound, dict(sorted(singular.items())))


def _singular_values(matrices: Tensor) -> Curve:
    """(…, S), largest first; NaN where a matrix is not finite, which no decomposition takes."""
    fine = matrices.isfinite().all(dim=-1).all(dim=-1)
    values = torch.linalg.svdvals(torch.where(fine[..., None, None], matrices, 0))
    return torch.where(fine[..., None], values, torch.nan).numpy()


def singular_values(matrix: Tensor) -> Curve:
    """(S,) of one matrix, largest first; NaN where float64 cannot resolve them beside the largest."""
    values = _singular_values(matrix)
    floor = values[0] * len(values) * np.finfo(np.float64).eps
    return np.where(values >= floor, values, np.nan)
