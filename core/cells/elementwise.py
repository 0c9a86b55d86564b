"""The elementwise half of a step: compiled on the CPU, torch operations elsewhere; the other half is matrix products.

A cell's loop reads the same for both: ``step = elementwise.of(h)``, then ``step.lstm_forward(gates[t], c[t], …)`` on
the ``steps`` of its tensors.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor

from core.cells import kernels, plain


def of(tensor: Tensor) -> Any:
    """The functions (``core.cells.plain`` documents them) that take the ``steps`` of such a tensor."""
    return kernels if _compiled(tensor) else plain


def steps(tensor: Tensor) -> list[Any]:
    """The T steps of ``tensor`` (T, …, H, N), each flat over units and sequences (…, H·N); they share its memory."""
    flat = tensor.detach().view(*tensor.shape[:-2], -1)
    return list(flat.numpy()) if _compiled(tensor) else list(flat)


def before(states: Tensor, resets: Collection[int]) -> list[Any]:
    """The ``steps`` that each of the T steps goes on from: ``states`` (T+1, H, N) but the last, zeros at the resets."""
    earlier = steps(states[:-1])
    for b in resets:
        earlier[b] = steps(torch.zeros_like(states[:1]))[0]
    return earlier


def over_batch(weights: Tensor, N: int) -> Any:
    """Weights per unit, (rows, H), as what a step's functions take: (rows, H·N)."""
    return steps(weights.unsqueeze(-1).repeat(1, 1, N).unsqueeze(0))[0]


def squares(grad: Tensor) -> Tensor:
    """Σ over units of the square, (T, N) in float64, of a gradient (T, H, N)."""
    out = torch.empty(grad.shape[0], grad.shape[2], dtype=torch.float64, device=grad.device)
    if _compiled(grad):
        kernels.squares(grad.detach().contiguous().numpy(), out.numpy())
    else:
        plain.squares(grad, out)
    return out


def _compiled(tensor: Tensor) -> bool:
    return tensor.device.type == "cpu" and tensor.dtype in (torch.float32, torch.float64)
