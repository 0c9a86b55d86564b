"""Clipping of the whole gradient, of the batch mean, after backpropagation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from core.errors import ConfigError

Kind = Literal["none", "norm", "value"]


@dataclass(frozen=True)
class Clipped:
    """The gradients, clipped in place, and their global norm before and after."""

    grads: dict[str, Tensor]
    norm_before: float
    norm_after: float


@torch.no_grad()
def clip(grads: Mapping[str, Tensor], kind: Kind, threshold: float) -> Clipped:
    """By norm: all gradients times min(1, θ/(‖g‖ + 1e-6)), torch's formula. By value: each component within ±θ.

    A norm that is not finite clips as it does in torch: ∞ leaves zeros and NaN, NaN leaves NaN.
    """
    before = global_norm(grads)
    if kind == "norm":
        coefficient = threshold / (before + 1e-6)
        if not coefficient >= 1:  # NaN too, which has to reach the weights as it would in torch
            for grad in grads.values():
                grad.mul_(coefficient)
    elif kind == "value":
        for grad in grads.values():
            grad.clamp_(-threshold, threshold)
    elif kind != "none":
        raise ConfigError([f"`clip` (={kind}) is not known. Choose one of: none, norm, value."])
    return Clipped(dict(grads), before, before if kind == "none" else global_norm(grads))


def global_norm(tensors: Mapping[str, Tensor]) -> float:
    """√Σx² over all tensors, in float64, so that no square over- or underflows."""
    return float(torch.stack([torch.linalg.vector_norm(x, dtype=torch.float64) for x in tensors.values()]).norm())
