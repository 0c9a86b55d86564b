"""Score of a held-out set: forward passes alone, a few sequences at a time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor

from core.backprop.readout import losses
from core.network import Network
from core.tasks import Batch

CHUNK = 128
"""Sequences per forward pass: enough for the matrix products, few enough for the caches."""


@dataclass(frozen=True)
class Evaluation:
    """accuracy (classes) or mse (numbers) over the scored steps, the other None; loss as in training."""

    accuracy: float | None
    mse: float | None
    loss: float


@torch.no_grad()
def predictions(
    network: Network,
    x: Tensor,
    steps: Tensor | None = None,
    chunk: int = CHUNK,
    resets: Collection[int] = (),
) -> Tensor:
    """Answers (S, N, O) to x (T, N, C) at the input indices ``steps`` (S,), at every step where None; of the network as
    it is tested."""
    every = torch.arange(len(x), device=x.device) if steps is None else steps
    layer = network.layer.evaluating()
    parts = (layer.forward(part, resets=resets).h[1:].index_select(0, every) for part in x.split(chunk, dim=1))
    return torch.cat([network.answers(h) for h in parts], dim=1)


@torch.no_grad()
def evaluate(network: Network, batch: Batch, chunk: int = CHUNK, resets: Collection[int] = ()) -> Evaluation:
    """The score's raw number and the loss on ``batch``, in the weights' dtype, with the state reset at ``resets``."""
    layer = network.layer
    steps = torch.tensor(batch.scored | batch.asked).any(dim=1).nonzero().squeeze(1)
    parts = (torch.tensor(part)[steps] for part in (batch.target, batch.scored, batch.asked))
    target, scored, mask = (part.to(layer.device) for part in parts)
    x, steps = torch.tensor(batch.x, dtype=layer.dtype).to(layer.device), steps.to(layer.device)
    answer = predictions(network, x, steps, chunk, resets)
    numbers = target.is_floating_point()
    loss, _ = losses(answer, target.to(x.dtype) if numbers else target)
    per_sequence = torch.where(mask, loss, 0).sum(dim=0) / mask.sum(dim=0).clamp(min=1)
    right = loss if numbers else (answer.argmax(dim=-1) == target)
    score = float(right[scored].double().mean())
    return Evaluation(None if numbers else score, score if numbers else None, float(per_sequence.double().mean()))
