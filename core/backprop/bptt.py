"""One training step's gradients: forward, loss, hand-written backward, and what is recorded of it."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.backprop.passes import back_through
from core.backprop.profiles import Profile, Profiles, profiles
from core.backprop.readout import Asked, asked, losses
from core.cells import Back, Trajectory
from core.network import READOUT, Network
from core.tasks import Batch
from core.truncation import Pass, Truncation


@dataclass(frozen=True)
class Measured:
    """What losses say about the weights.

    loss        batch mean of the sequences' losses; a sequence's loss is the mean over its asked steps
    grads       ∂loss/∂parameter by the network's names
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
    network: Network,
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
    parameters   False leaves the layer's own gradients out: the readout's remain
    record       False leaves the profiles out

    Values that are not finite pass through.
    """
    sequences = asked(batch, network.layer.dtype, network.layer.device)
    trajectory = network.layer.forward(sequences.x, sequences.start, resets=truncation.resets if truncation else ())
    steps, last = sequences.steps + 1, sequences.last.any(dim=1)
    passes, alone = (
        truncation.passes(own) if truncation else [Pass(0, len(sequences.x), tuple(own), tuple(cuts))]
        for own in (steps.tolist(), steps[last].tolist())
    )  # fmt: skip
    found = measured(
        network, sequences, trajectory, passes, alone if record else None, clamp=clamp, parameters=parameters
    )
    seen, flow_last = recorded(found.back, found.alone) if record and found.alone else (None, None)
    return Gradients(**vars(found), profiles=seen, flow_last=flow_last)


@torch.no_grad()
def measured(
    network: Network,
    sequences: Asked,
    trajectory: Trajectory,
    passes: Sequence[Pass],
    alone: Sequence[Pass] | None,
    *,
    clamp: float | None = None,
    parameters: bool = True,
) -> Measured:
    """Loss and gradients of what is asked of ``sequences``, whose way through the network is ``trajectory``.

    ``passes`` are those of all losses, ``alone`` those of each sequence's last one; None leaves it out.
    """
    h = trajectory.h[1:].index_select(0, sequences.steps)  # (S, N, H)
    loss, slope = losses(network.answers(h), sequences.target)
    N = h.shape[1]
    limit = None if clamp is None else clamp / N
    by_answer = slope * (sequences.weight / N).unsqueeze(-1)  # (S, N, O)
    grad_out = _through(network, by_answer, sequences)
    back = back_through(network.layer, trajectory, grad_out, passes, clamp=limit, parameters=parameters)
    flat = by_answer.flatten(0, 1)
    by_readout = {f"{READOUT}weight": flat.T @ h.flatten(0, 1), f"{READOUT}bias": flat.sum(dim=0)}
    free = None
    if limit is not None:  # with the same operations, so that a limit nothing reaches makes no difference at all
        unlimited = back_through(network.layer, trajectory, grad_out, passes, clamp=math.inf, parameters=parameters)
        free = unlimited.grads | by_readout
    last = None if alone is None else back
    if alone is not None and not sequences.only_last:
        local = _through(network, slope * (sequences.last.to(slope.dtype) / N).unsqueeze(-1), sequences)
        last = back_through(network.layer, trajectory, local, alone, clamp=limit, parameters=False)
    mean_loss = float((loss * sequences.weight).sum() / N)
    return Measured(mean_loss, back.grads | by_readout, free, grad_out, trajectory, back, last)


def recorded(back: Back, alone: Back) -> tuple[Profiles, Profile]:
    """The profiles of all losses together, and the flow of the last one alone."""
    seen = profiles(back)
    return seen, seen.flow if alone is back else profiles(alone).flow


def _through(network: Network, by_answer: Tensor, sequences: Asked) -> Tensor:
    """∂L/∂h[1:] (T, N, H) from ∂L/∂answers (S, N, O)."""
    T, N, _ = sequences.x.shape
    room = by_answer.new_zeros(T, network.hidden_size, N).transpose(1, 2)  # in the order of the cells' loops
    room[sequences.steps] = network.through_readout(by_answer)
    return room
