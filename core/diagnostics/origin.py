"""Where one prediction comes from: its loss's gradient back over the symbols that were read before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.backprop.readout import losses
from core.network import Network


@dataclass(frozen=True)
class Origin:
    """Of the prediction of symbol ``at`` of a text of L symbols, read from a zero state on.

    credit     (L,) ‖∂ℓ/∂(what the weights make of symbol j)‖: the gradient of this loss by the column of W that symbol
               j brings in, at that step alone; 0 from ``at`` on. NaN and infinity pass through
    surprise   (L,) nats of every prediction; NaN at the first symbol, which nothing predicts
    likeliest  the symbols it holds likeliest for this place, from the likeliest on, and their chances
    """

    credit: NDArray[np.float64]
    surprise: NDArray[np.float64]
    likeliest: NDArray[np.int64]
    chances: NDArray[np.float64]


@torch.no_grad()
def origin(network: Network, x: torch.Tensor, at: int, named: int = 3) -> Origin:
    """Of the text x (L, 1, C), one-hot; nothing is truncated. 1 ≤ at < L."""
    places = x[:, 0].argmax(dim=1)
    layer = network.layer.evaluating()
    trajectory = layer.forward(x)
    answers = network.answers(trajectory.h[1:, 0])
    each, slope = losses(answers[:-1].unsqueeze(1), places[1:].unsqueeze(1))
    seen = trajectory.between(0, at)
    grad_out = torch.zeros_like(seen.h[1:])
    grad_out[-1] = network.through_readout(slope[at - 1])
    back = layer.backward(seen, grad_out, parameters=False)
    credit = np.zeros(len(x))
    lowest = next(name for name in layer.params if name.startswith("weight_ih"))  # of several layers the one x enters
    for j in range(at):
        by_weight = layer.parameter_gradients(seen, back.alphas, j, j + 1)[lowest]
        credit[j] = float(torch.linalg.vector_norm(by_weight[:, places[j]], dtype=torch.float64))
    chances = answers[at - 1].double().softmax(dim=0)
    top = chances.topk(min(named, len(chances)))
    surprise = np.concatenate([[np.nan], each[:, 0].double().numpy()])
    return Origin(credit, surprise, top.indices.numpy(), top.values.numpy())
