"""The elementwise half of a step: compiled on the CPU, torch operations elsewhere; the other half is matrix products.

A cell's step reads the same for both: ``do = elementwise.choose(h, plain, compiled)``, then ``do.forward(gates[t], …)``
on the ``steps`` of its tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor


def choose(tensor: Tensor, plain: ModuleType, compiled: ModuleType | None = None) -> Any:
    """The functions of a cell that take the ``steps`` of such a tensor; a cell may do without ``compiled`` ones."""
    if not on_kernels(tensor):
        return plain
    return compiled or _OnArrays(plain)


class _OnArrays:
    """The functions of a ``plain`` file for steps that are NumPy arrays, whose memory they share."""

    def __init__(self, plain: ModuleType) -> None:
        self._plain = plain

    def __getattr__(self, name: str) -> Callable[..., None]:
        function = getattr(self._plain, name)
        return lambda *given: function(*(torch.from_numpy(x) if isinstance(x, np.ndarray) else x for x in given))


def steps(tensor: Tensor) -> list[Any]:
    """The T steps of ``tensor`` (T, …, H, N), each flat over units and sequences (…, H·N); they share its memory."""
    flat = tensor.detach().view(*tensor.shape[:-2], -1)
    return list(flat.numpy()) if on_kernels(tensor) else list(flat)


def array(tensor: Tensor) -> Any:
    """``tensor`` as the functions take what belongs to no step; it shares its memory."""
    return tensor.numpy() if on_kernels(tensor) else tensor


def each(tensor: Tensor) -> list[Any]:
    """The T steps of ``tensor`` (T, …), each (1, …), in their own shape; they share its memory."""
    whole = array(tensor.detach())
    return [whole[t : t + 1] for t in range(len(whole))]


def before(states: Tensor, resets: Collection[int]) -> list[Any]:
    """The ``steps`` that each of the T steps goes on from: ``states`` (T+1, H, N) but the last, zeros at the resets."""
    earlier = steps(states[:-1])
    for b in resets:
        earlier[b] = steps(torch.zeros_like(states[:1]))[0]
    return earlier


def over_batch(weights: Tensor, N: int) -> Any:
    """Weights per unit, (rows, H), as what a step's functions take: (rows, H·N)."""
    return steps(weights.unsqueeze(-1).repeat(1, 1, N).unsqueeze(0))[0]


def on_kernels(tensor: Tensor) -> bool:
    """Whether the compiled functions take it."""
    return tensor.device.type == "cpu" and tensor.dtype in (torch.float32, torch.float64)
