"""Gradients where a step's sums are formed: ∂L/∂(W x + U h₋ + b), by gate. Also: any backward pass in float64.

A cell's loops keep their blocks in an order of their own; ``Trajectory.blocks`` says which is whose.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import torch
from torch import Tensor

from core.cells import Back, Cell, Params, Trajectory, peepholes_of

RECURRENT = "recurrent"
"""The one sum of a cell without gates."""


def at_gates(trajectory: Trajectory, back: Back) -> dict[str, Tensor]:
    """{gate: (T, N, H)} ∂L/∂(the sum before the gate's nonlinearity), in torch's order; {"recurrent": …} for the RNN.

    For the GRU that resets after the product, "n" is the gradient at n's whole sum, r⊙m included; "i" of an LSTM whose
    f is 1 − i is all that the one gate gets. A gate without weights is left out.
    """
    H = trajectory.h.shape[2]
    blocks = back.alphas.unflatten(1, (-1, H))
    places = trajectory.sums or trajectory.blocks or {RECURRENT: 0}
    return {name: blocks[:, place].transpose(1, 2) for name, place in places.items()}


def enters(cell: Cell, trajectory: Trajectory) -> Tensor:
    """∂h[t]/∂c[t] = o⊙(1 − tanh²c) within a step that makes both, its output gate held; (T+1, N, H), LSTM and peephole.

    o alone without the output activation; zero for the initial state, whose h comes from no c.
    """
    o, tanh_c = trajectory.gates["o"], trajectory.saved["tanh_c"].transpose(1, 2)
    return torch.cat([torch.zeros_like(o[:1]), o * (1 - tanh_c**2) if squashes(cell) else o])


def squashes(cell: Cell) -> bool:
    """Whether h = o⊙tanh c, and not o⊙c; of cells that have a c."""
    return getattr(cell, "squashes", True)


def keeps_all(cell: Cell) -> bool:
    """Whether it is an LSTM without a forget gate."""
    return getattr(cell, "variant", "standard") == "no-forget-gate"


def seen_by_output(cell: Cell, params: Params) -> Tensor | None:
    """p_o (H,), by which the output gate sees c and sends gradient to it; None where it does not."""
    return peepholes_of(params).get("o") if getattr(cell, "gradient", "full") == "full" else None


def gone_on_from(trajectory: Trajectory) -> tuple[Tensor, Tensor | None]:
    """(h, c), (T, N, H) each, that the steps started with: the states, but zero where they were reset."""
    parts = [None if part is None else part[:-1].clone() for part in (trajectory.h, trajectory.c)]
    for part in parts:
        if part is not None:
            part[list(trajectory.resets)] = 0
    assert parts[0] is not None
    return parts[0], parts[1]


def wide(params: Params) -> dict[str, Tensor]:
    """The same numbers in float64."""
    return {name: value.detach().double() for name, value in params.items()}


def wide_trajectory(trajectory: Trajectory) -> Trajectory:
    """The same numbers in float64; nothing is computed anew."""
    return replace(trajectory, saved={name: part.double() for name, part in trajectory.saved.items()})


@torch.no_grad()
def wide_backward(
    cell: Cell, params: Params, trajectory: Trajectory, grad_out: Tensor, cuts: Collection[int] = ()
) -> tuple[Trajectory, Back]:
    """The backward pass in float64 over a trajectory of any precision, whose float64 copy comes with it.

    Parts of a gradient may be far larger than their sum, so float32 would lose digits of it.
    """
    trajectory = wide_trajectory(trajectory)
    return trajectory, cell.backward(wide(params), trajectory, grad_out.double(), cuts=cuts, parameters=False)
