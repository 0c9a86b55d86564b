"""Σ over units of the square of a gradient: what every norm over time is made of."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.cells.compiling import kernel
from core.cells.elementwise import on_kernels


def squares(grad: Tensor) -> Tensor:
    """Σ over units of the square, (T, N) in float64, of a gradient (T, N, H): (1e-25)² is zero in float32."""
    grad = grad.transpose(1, 2)
    out = torch.empty(grad.shape[0], grad.shape[2], dtype=torch.float64, device=grad.device)
    if on_kernels(grad):
        _compiled(grad.detach().contiguous().numpy(), out.numpy())
    else:
        _plain(grad, out)
    return out


def _plain(grad: Tensor, out: Tensor) -> None:
    """grad (T, H, N) → out (T, N)."""
    wide = grad.double()
    torch.sum(wide * wide, dim=1, out=out)


@kernel
def _compiled(grad, out):  # type: ignore[no-untyped-def]
    for t in range(grad.shape[0]):
        row = out[t]
        for n in range(row.size):
            row[n] = 0
        for unit in range(grad.shape[1]):
            values = grad[t, unit]
            for n in range(row.size):
                row[n] += np.float64(values[n]) * np.float64(values[n])
