"""One training step's gradients: forward, loss, hand-written backward, and what is recorded of it."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.backprop.passes import back_through
from core.backprop.profiles import Profile, Profiles, profiles
from core.backprop.readout import Asked, Readout, answers, asked, losses
from core.cells import Back, Cell, Params, Trajectory
from core.tasks import Batch
from core.truncation import Pass, Truncation


@dataclass(frozen=True)
class Measured:
    """What losses say about the weights.

    loss        batch mean of the sequences' losses; a sequence's loss is the mean over its asked steps
    grads       ∂loss/∂parameter: the cell's names, then "readout.weight" and "readout.bias"
    free        the same without the clamp; None where there is none
    grad_out    (T, N, H), ∂loss/∂h[1:] through the readout alone
    alone       the backward pass of the last asked step's loss alone; None where it was not asked for
    """

    loss: float
    grads: dict[str, Tensor]
    free: dict[str, Tensor] | None
    grad_out: Tensor
    trajectory: Trajectory
    back: Back
    alone: Back | None


@dataclass(frozen=True)
class Gradients(Measured):
    """What one batch says about the weights.

    profiles    gradient size per time step, None where not recorded
    flow_last   (T+1,) flow of the last asked step's loss alone, None where not recorded
    """

    profiles: Profiles | None
    flow_last: Profile | None


@torch.no_grad()
def gradients(
    cell: Cell,
    params: Params,
    readout: Readout,
    batch: Batch,
    cuts: Collection[int] = (),
    *,
    truncation: Truncation | None = None,
    clamp: float | None = None,
    parameters: bool = True,
    record: bool = True,
) -> Gradients:
    """Loss and gradients of ``batch`` at these weights, in the weights' dtype.

    cuts         state indices where the gradient of every loss is cut
    truncation   in their place: what each loss sees, and where the state is reset. With stream these are the gradients
                 of all its updates at the same weights
    clamp        limit to each component of what one sequence's gradient carries from step to step
    parameters   False leaves the cell's own gradients out: the readout's remain
    record       False leaves the profiles out

    Values that are not finite pass through.
    """
    sequences = asked(batch, params["weight_hh"].dtype, params["weight_hh"].device)
    trajectory = cell.forward(params, sequences.x, resets=truncation.resets if truncation else ())
    steps, last = sequences.steps + 1, sequences.last.any(dim=1)
    passes, alone = (
        truncation.passes(own) if truncation else [Pass(0, len(sequences.x), tuple(own), tuple(cuts))]
        for own in (steps.tolist(), steps[last].tolist())
    )  # fmt: skip
    found = measured(
        cell, params, readout, sequences, trajectory, passes, alone if record else None,
        clamp=clamp, parameters=parameters,
    )  # fmt: skip
    seen, flow_last = recorded(found.back, found.alone) if record and found.alone else (None, None)
    return Gradients(**vars(found), profiles=seen, flow_last=flow_last)


@torch.no_grad()
def measured(
    cell: Cell,
    params: Params,
    readout: Readout,
    sequences: Asked,
    trajectory: Trajectory,
    passes: Sequence[Pass],
    alone: Sequence[Pass] | None,
    *,
    clamp: float | None = None,
    parameters: bool = True,
) -> Measured:
    """Loss and gradients of what is asked of ``sequences``, whose way through the cell is ``trajectory``.

    ``passes`` are those of all losses, ``alone`` those of each sequence's last one; None leaves it out.
    """
    h = trajectory.h[1:].index_select(0, sequences.steps)  # (S, N, H)
    loss, slope = losses(answers(readout, h), sequences.target)
    N = h.shape[1]
    limit = None if clamp is None else clamp / N
    by_answer = slope * (sequences.weight / N).unsqueeze(-1)  # (S, N, O)
    grad_out = _through(readout, by_answer, sequences)
    back = back_through(cell, params, trajectory, grad_out, passes, clamp=limit, parameters=parameters)
    flat = by_answer.flatten(0, 1)
    by_readout = {"readout.weight": flat.T @ h.flatten(0, 1), "readout.bias": flat.sum(dim=0)}
    free = None
    if limit is not None:  # with the same operations, so that a limit nothing reaches makes no difference at all
        unlimited = back_through(cell, params, trajectory, grad_out, passes, clamp=math.inf, parameters=parameters)
        free = unlimited.grads | by_readout
    last = None if alone is None else back
    if alone is not None and not sequences.only_last:
        local = _through(readout, slope * (sequences.last.to(slope.dtype) / N).unsqueeze(-1), sequences)
        last = back_through(cell, params, trajectory, local, alone, clamp=limit, parameters=False)
    mean_loss = float((loss * sequences.weight).sum() / N)
    return Measured(mean_loss, back.grads | by_readout, free, grad_out, trajectory, back, last)


def recorded(back: Back, alone: Back) -> tuple[Profiles, Profile]:
    """The profiles of all losses together, and the flow of the last one alone."""
    seen = profiles(back.grad_h, back.grad_c)
    return seen, seen.flow if alone is back else profiles(alone.grad_h, alone.grad_c).flow


def _through(readout: Readout, by_answer: Tensor, sequences: Asked) -> Tensor:
    """∂L/∂h[1:] (T, N, H) from ∂L/∂answers (S, N, O)."""
    T, N, _ = sequences.x.shape
    room = by_answer.new_zeros(T, readout["weight"].shape[1], N).transpose(1, 2)  # in the order of the cells' loops
    room[sequences.steps] = by_answer @ readout["weight"]
    return room
