"""One training step's gradients: forward, loss, hand-written backward, and what is recorded of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor

from core.backprop.profiles import Profile, Profiles, profiles
from core.backprop.readout import Asked, Readout, answers, asked, losses
from core.cells import Back, Cell, Params, Trajectory
from core.tasks import Batch


@dataclass(frozen=True)
class Gradients:
    """What one batch says about the weights.

    loss        batch mean of the sequences' losses; a sequence's loss is the mean over its asked steps
    grads       ∂loss/∂parameter: the cell's names, then "readout.weight" and "readout.bias"
    grad_out    (T, N, H), ∂loss/∂h[1:] through the readout alone
    profiles    gradient size per time step, None where not recorded
    flow_last   (T+1,) flow of the last asked step's loss alone, None where not recorded
    """

    loss: float
    grads: dict[str, Tensor]
    grad_out: Tensor
    trajectory: Trajectory
    back: Back
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
    record: bool = True,
) -> Gradients:
    """Loss and gradients of ``batch`` at these weights, in the weights' dtype.

    cuts are the state indices of ``core.truncation``; ``record=False`` leaves the profiles out. Values that
    are not finite pass through.
    """
    sequences = asked(batch, params["weight_hh"].dtype)
    trajectory = cell.forward(params, sequences.x)
    h = trajectory.h[1:].index_select(0, sequences.steps)  # (S, N, H)
    loss, slope = losses(answers(readout, h), sequences.target)
    N = h.shape[1]
    by_answer = slope * (sequences.weight / N).unsqueeze(-1)  # (S, N, O)
    grad_out = _through(readout, by_answer, sequences)
    back = cell.backward(params, trajectory, grad_out, cuts=cuts)
    flat = by_answer.flatten(0, 1)
    grads = back.grads | {"readout.weight": flat.T @ h.flatten(0, 1), "readout.bias": flat.sum(dim=0)}
    mean_loss = float((loss * sequences.weight).sum() / N)
    if not record:
        return Gradients(mean_loss, grads, grad_out, trajectory, back, None, None)
    seen = profiles(back.grad_h, back.grad_c)
    flow_last = seen.flow
    if not sequences.only_last:
        alone = _through(readout, slope * (sequences.last.to(slope.dtype) / N).unsqueeze(-1), sequences)
        again = cell.backward(params, trajectory, alone, cuts=cuts, parameters=False)
        flow_last = profiles(again.grad_h, again.grad_c).flow
    return Gradients(mean_loss, grads, grad_out, trajectory, back, seen, flow_last)


def _through(readout: Readout, by_answer: Tensor, sequences: Asked) -> Tensor:
    """∂L/∂h[1:] (T, N, H) from ∂L/∂answers (S, N, O)."""
    T, N, _ = sequences.x.shape
    room = by_answer.new_zeros(T, N, readout["weight"].shape[1])
    room[sequences.steps] = by_answer @ readout["weight"]
    return room
