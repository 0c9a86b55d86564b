"""The losses of a moment one by one: what each says about the state it is taken from."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.backprop.profiles import state_squares
from core.backprop.readout import asked
from core.backprop.readout import losses as losses_of_answers
from core.cells import Back, Trajectory
from core.moment import Moment


@dataclass(frozen=True)
class Losses:
    """A forward pass and its S asked states.

    states     (S,) state indices, ascending, 1 … T
    loss       (N,) each sequence's loss, the mean over its asked steps
    share      (S, N), by how much a single loss counts in the batch mean L: 1 / (N · asked steps of its sequence);
               0 where not asked
    by_answer  (S, N, O), ∂L/∂answer
    local      (S, N, H), ∂L/∂h[s] through the readout alone
    """

    trajectory: Trajectory
    states: list[int]
    loss: Tensor
    share: Tensor
    by_answer: Tensor
    local: Tensor

    @property
    def only_last(self) -> bool:
        """Whether every loss is taken from the last state."""
        return self.states == [self.trajectory.h.shape[0] - 1]

    @property
    def grad_out(self) -> Tensor:
        """(T, N, H), ∂L/∂h[1:] of all losses through the readout alone."""
        room = torch.zeros_like(self.trajectory.h[1:])
        room[[state - 1 for state in self.states]] = self.local
        return room

    @property
    def readout(self) -> Tensor:
        """(N, O·(H+1)), each sequence's part of ∂L/∂(weight, bias) of the readout."""
        weight = torch.einsum("sno,snh->noh", self.by_answer, self.trajectory.h[self.states])
        return torch.cat([weight.flatten(1), self.by_answer.sum(dim=0)], dim=1)


@torch.no_grad()
def losses_of(moment: Moment, resets: Collection[int] = ()) -> Losses:
    """Forward through the moment's sequences, in the dtype of its weights; ``resets`` are states that start anew."""
    sequences = asked(moment.batch, moment.layer.dtype)
    trajectory = moment.layer.forward(sequences.x, sequences.start, resets=resets)
    h = trajectory.h[1:].index_select(0, sequences.steps)
    loss, slope = losses_of_answers(moment.network.answers(h), sequences.target)
    share = sequences.weight / h.shape[1]
    by_answer = slope * share.unsqueeze(-1)
    per_sequence = (loss * sequences.weight).sum(dim=0)
    states = (sequences.steps + 1).tolist()
    return Losses(trajectory, states, per_sequence, share, by_answer, moment.network.through_readout(by_answer))


@torch.no_grad()
def stacked(moment: Moment, losses: Losses, chosen: range, first: int = 0) -> Back:
    """One backward pass for the losses ``chosen`` (places in ``states``), each alone, side by side along the batch.

    It goes from the state of the last of them back to state ``first``; the batch has k·N columns, loss after loss.
    """
    stop, (_, N, H) = losses.states[chosen[-1]], losses.local.shape
    trajectory = losses.trajectory.between(first, stop).tiled(len(chosen))
    grad_out = losses.local.new_zeros(stop - first, len(chosen), N, H)
    for tile, place in enumerate(chosen):
        grad_out[losses.states[place] - 1 - first, tile] = losses.local[place]
    return moment.layer.backward(trajectory, grad_out.flatten(1, 2), parameters=False)


def flow_of(back: Back) -> Tensor:
    """(T+1, columns) float64: norm of the gradient at the whole state."""
    return state_squares(back).sqrt()


def flat(gradients: Iterable[Tensor]) -> Tensor:
    """Parameter gradients as one vector."""
    return torch.cat([gradient.reshape(-1) for gradient in gradients])
