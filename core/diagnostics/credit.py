"""Itemised credit: which loss sends how much gradient to which state, and whether it lands where it matters.

The loss of a sequence is a sum over its asked steps s, L = Σ_s L_s. A backward pass is linear in the loss, so each L_s
gets one of its own, stacked along the batch, and as vectors they sum to the gradient that training uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.backprop.profiles import state_squares
from core.backprop.readout import Asked, losses
from core.backprop.squares import squares
from core.cells import Back, Cell, Trajectory
from core.network import Network
from core.truncation import Truncation

ROOM = 1 << 24
"""Numbers in the largest array of one stacked backward pass (64 MB in float32); more losses take several passes."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Credit:
    """S losses by T+1 states.

    steps   (S,) states that are asked, 1 … T, ascending
    h       (S, T+1) batch mean of ‖∂ℓ_{s,n}/∂h[t]‖; exactly zero where t > s
    state   (S, T+1) the same over (h, c), total derivatives; equal to ``h`` where there is no c
    """

    steps: NDArray[np.int64]
    h: Matrix
    state: Matrix


@dataclass(frozen=True)
class Landing:
    """Where the credit of whole sequences lands, as shares of all that the T inputs get; means over the batch.

    gates      share of Σ_t ‖∂ℓ_n/∂(sums before the gates)[t]‖ at the steps that matter: what the weights learn from,
               and zero where a shut gate lets nothing in
    state      share of Σ_t ‖∂ℓ_n/∂state[t]‖ at the states right after those inputs: what is carried past
    expected   share of the steps that matter among all: what an even spread would give
    """

    gates: float
    state: float
    expected: float


@torch.no_grad()
def items(
    network: Network,
    trajectory: Trajectory,
    asked: Asked,
    truncation: Truncation | None = None,
    which: Sequence[int] | None = None,
) -> dict[str, Tensor]:
    """{state: ∂L_s/∂state} for the asked steps number ``which`` (default all), (S, T+1, N, H) each, total derivatives.

    L_s is step s's part of the batch mean, with its weight in it, so that the sum over s is ``Back``'s gradient. With
    ``truncation`` each loss goes back as far as it lets that loss.
    """
    chosen = list(range(len(asked.steps))) if which is None else list(which)
    steps, h = asked.steps[chosen], trajectory.h[1:]
    N = h.shape[1]
    _, slope = losses(network.answers(h[steps]), asked.target[chosen])
    local = network.through_readout(slope * (asked.weight[chosen] / N).unsqueeze(-1))  # (S, N, H)
    S, stop = len(chosen), int(steps.max()) + 1  # nothing flows to what comes after the last of them
    grad_out = local.new_zeros(stop, S, N, h.shape[2])
    grad_out[steps, torch.arange(S)] = local
    tiled = trajectory.between(0, stop).tiled(S)
    back = network.layer.backward(tiled, grad_out.flatten(1, 2), parameters=False)
    reach = torch.tensor([_first_seen(truncation, int(step) + 1) for step in steps])
    unseen = torch.arange(len(h) + 1) < reach[:, None]  # a single loss leaves nothing at the cut, nor before it
    by_loss = {part: _by_loss(grad, S, len(h)) for part, grad in back.states.items()}
    return {part: grad.masked_fill_(unseen[..., None, None], 0) for part, grad in by_loss.items()}


def _first_seen(truncation: Truncation | None, step: int) -> int:
    """The first state that the loss at ``step`` sends gradient to."""
    if truncation is None:
        return 0
    (only,) = truncation.passes([step])
    return max((b + 1 for b in only.cuts if b < step), default=only.first)


def _by_loss(grad: Tensor, S: int, T: int) -> Tensor:
    """(stop+1, S·N, H) as (S, T+1, N, H), zero after ``stop``."""
    room = grad.new_zeros(T + 1, *grad.shape[1:])
    room[: len(grad)] = grad
    return room.unflatten(1, (S, -1)).transpose(0, 1)


@torch.no_grad()
def credit(
    network: Network,
    trajectory: Trajectory,
    asked: Asked,
    truncation: Truncation | None = None,
) -> Credit:
    """‖∂L_s/∂state[t]‖ for every asked step s and every t, of the batch that ``trajectory`` and ``asked`` belong to."""
    T, N, _ = trajectory.h[1:].shape
    at_once = max(1, ROOM // (T * N * network.layer.rows))
    by_h, by_state = [], []
    for first in range(0, len(asked.steps), at_once):
        which = range(first, min(first + at_once, len(asked.steps)))
        parts = items(network, trajectory, asked, truncation, which).values()
        squared = [squares(part.flatten(0, 1)).unflatten(0, (len(which), -1)) for part in parts]  # (S, T+1, N) each
        by_h.append(squared[0].sqrt().sum(dim=2))  # Σ_n of the batch mean's: the mean over n of one sequence's
        by_state.append(torch.stack(squared).sum(dim=0).sqrt().sum(dim=2))
    return Credit(asked.steps.numpy() + 1, torch.cat(by_h).numpy(), torch.cat(by_state).numpy())


@torch.no_grad()
def landing(cell: Cell, trajectory: Trajectory, back: Back, relevant: Sequence[Sequence[int]]) -> Landing:
    """The share of credit at the ``relevant`` states (1 … T) of each sequence, as ``task.events`` names them.

    ``back`` is that of the whole loss, truncated or not. A sequence without gradient makes the shares NaN.
    """
    alphas = torch.cat(list(cell.at_sums(trajectory, back).values()), dim=2)
    mask = torch.zeros(alphas.shape[:2], dtype=torch.bool)
    for n, steps in enumerate(relevant):
        mask[[step - 1 for step in steps], n] = True
    sizes = (squares(alphas).sqrt(), state_squares(back)[1:].sqrt(), torch.ones(mask.shape, dtype=torch.float64))
    return Landing(*(float(((size * mask).sum(dim=0) / size.sum(dim=0)).mean()) for size in sizes))
