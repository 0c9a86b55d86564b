"""One step's Jacobian, and what products of them say about ∂state[T]/∂state[t].

The state is h, or (h, c) with h and c as *independent* coordinates: a step takes both. So ∂L/∂c here does not contain
the way c → h of the same step, which ``Back.grad_c`` (a total derivative) does; ``partial`` and ``total`` go from one
to the other.

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


@torch.no_grad()
def step_jacobians(layer: Layer, trajectory: Trajectory, sequence: int = 0, cuts: Collection[int] = ()) -> Tensor:
    """∂state[t+1]/∂state[t] of one sequence for every t, (T, S, S) float64, S = H or 2H; rows are the later state.

    A step that starts at one of ``cuts``, or from a reset state, sends nothing back: its Jacobian is zero.
    """
    layer, wider = layer.to(torch.float64), trajectory.to(torch.float64)
    states = [part[:-1, sequence] for part in wider.states.values()]  # at the start of every step, (T, H) each
    x = trajectory.x[:, sequence].double()
    S, H = sum(part.shape[1] for part in states), states[0].shape[1]
    basis = torch.eye(S, dtype=torch.float64).split(H, dim=1)
    steps = max(1, ROOM // (S * S * 4))
    found = []
    for first in range(0, len(x), steps):
        x_t = x[first : first + steps].repeat_interleave(S, dim=0)  # each step's input S times, once for each row
        before = tuple(part[first : first + steps][: len(x_t) // S].repeat_interleave(S, dim=0) for part in states)
        step = layer.forward(x_t.unsqueeze(0), before)
        arriving = tuple(part.repeat(len(x_t) // S, 1) for part in basis)
        back = layer.backward(step, torch.zeros_like(step.h[1:]), arriving=arriving, parameters=False)
        found.append(torch.cat([grad[0] for grad in back.states.values()], dim=1).view(-1, S, S))
    whole = torch.cat(found)
    whole[list(trajectory.resets.union(cuts))] = 0
    return whole


@torch.no_grad()
def same_step(layer: Layer, trajectory: Trajectory, sequence: int = 0) -> Tensor:
    """∂h[t]/∂c[t] within the step that makes both, (T+1, H, H) float64, rows are those of h; zero for the initial
    state, and without c."""
    layer, one = layer.to(torch.float64), trajectory.of_sequence(sequence).to(torch.float64)
    T1, _, H = one.h.shape
    basis = torch.eye(H, dtype=torch.float64).expand(T1, H, H)
    found = layer.cell.handed_within(layer.params, one.tiled(H), basis)
    return torch.zeros(T1, H, H, dtype=torch.float64) if found is None else found


def total(gradient: Tensor, into_c: Tensor) -> tuple[Tensor, Tensor | None]:
    """(∂L/∂h, ∂L/∂c) as in ``Back``, (T+1, H) each, from ∂L/∂state (T+1, S) over independent h and c."""
    H = into_c.shape[1]
    h, c = gradient[:, :H], gradient[:, H:]
    return h, c + (h.unsqueeze(1) @ into_c).squeeze(1) if c.shape[1] else None


def partial(grad_h: Tensor, grad_c: Tensor | None, into_c: Tensor) -> Tensor:
    """The way back: (T+1, S) over independent h and c."""
    if grad_c is None:
        return grad_h
    return torch.cat([grad_h, grad_c - (grad_h.unsqueeze(1) @ into_c).squeeze(1)], dim=1)


def displayed(jacobians: Tensor, into_c: Tensor) -> Tensor:
    """The maps from the gradient at t to that at t+1 *transposed*, in the coordinates of the curves on screen.

    (T, S, S): rows belong to (∂L/∂h, ∂L/∂c)[t+1], total derivatives, columns to those at t; equal to ``jacobians``
    where there is no c. Their norms bound the flow as it is shown.
    """
    H, S = into_c.shape[1], jacobians.shape[1]
    if S == H:
        return jacobians
    into, out_of = torch.eye(S, dtype=torch.float64).repeat(2, len(into_c), 1, 1)
    into[:, :H, H:] = into_c  # row vectors: (m_h, m_c) @ into = (m_h, m_c + m_h @ into_c)
    out_of[:, :H, H:] = -into_c
    return out_of[1:] @ jacobians @ into[:-1]


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
