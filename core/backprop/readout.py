"""What a batch asks, and the loss of the answers at the steps that are asked."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from core.cells import State
from core.tasks import Batch


@dataclass(frozen=True)
class Asked:
    """A batch as tensors, and the S steps at which some sequence is asked.

    x        (T, N, C)
    steps    (S,) int64, input indices t (the answer is taken from h[t+1])
    target   (S, N) int64 for classes, floating for numbers
    weight   (S, N) share of a step in its sequence's loss: 1/(asked steps of the sequence), 0 where not asked
    last     (S, N) bool, the last asked step of each sequence
    start    the state that the sequences go on from, (N, H) each part; None: from zero
    """

    x: Tensor
    steps: Tensor
    target: Tensor
    weight: Tensor
    last: Tensor
    start: State | None = None

    def between(self, first: int, after: int, stop: int) -> Asked:
        """What is asked at the inputs ``after`` … ``stop`` − 1, of the sequences cut to ``first`` … ``stop`` − 1. What
        these go on from is not known but at the beginning."""
        own = (self.steps >= after) & (self.steps < stop)
        return Asked(
            self.x[first:stop], self.steps[own] - first, self.target[own], self.weight[own], self.last[own],
            None if first else self.start,
        )  # fmt: skip

    @property
    def only_last(self) -> bool:
        """Whether what is asked is the last loss of each sequence, at its full weight, and nothing else.

        One of several that stands here alone, its sequence cut, still has a part of the weight.
        """
        return torch.equal(self.weight, self.last.to(self.weight.dtype))


def asked(batch: Batch, dtype: torch.dtype = torch.float32, device: torch.device | None = None) -> Asked:
    """``batch`` as tensors of ``dtype`` on ``device``; class targets stay int64."""
    mask = torch.tensor(batch.asked)
    steps = mask.any(dim=1).nonzero().squeeze(1)
    mask = mask[steps]
    target = torch.tensor(batch.target)[steps]
    if target.is_floating_point():
        target = target.to(dtype)
    later = mask.flip(0).cumsum(0).flip(0)  # asked steps from here to the end
    weight = mask.to(dtype) / mask.sum(dim=0).clamp(min=1)
    x, last = torch.tensor(batch.x, dtype=dtype), mask & (later == 1)
    start = None if batch.start is None else tuple(torch.tensor(part, dtype=dtype).to(device) for part in batch.start)
    return Asked(*(part.to(device) for part in (x, steps, target, weight, last)), start=start)


def losses(answer: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Loss of every answer (S, N) and its derivative by the answer (S, N, O).

    Cross-entropy in nats for classes (O logits), squared error for numbers (O = 1).
    """
    if target.is_floating_point():
        error = answer.squeeze(-1) - target
        return error**2, 2 * error.unsqueeze(-1)
    log_p, chosen = log_softmax(answer, dim=-1), target.unsqueeze(-1)
    slope = log_p.exp().scatter_add_(-1, chosen, log_p.new_full((), -1).expand(chosen.shape))
    return -log_p.gather(-1, chosen).squeeze(-1), slope
