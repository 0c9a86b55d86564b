"""Clipping of the gradient of the batch mean: of the whole of it after backpropagation, or of what the backward pass
carries from step to step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from core.errors import ConfigError

Kind = Literal["none", "norm", "value"]
"""What can be done to a gradient that is there; clipping inside backpropagation is ``Cell.backward``'s."""


@dataclass(frozen=True)
class Clipped:
    """The clipped gradients, their global norm before and after, and the angle between the two in degrees."""

    grads: dict[str, Tensor]
    norm_before: float
    norm_after: float
    angle: float


@torch.no_grad()
def clip(grads: Mapping[str, Tensor], kind: Kind, threshold: float) -> Clipped:
    """Clip in place. By norm: all gradients times min(1, θ/(‖g‖ + 1e-6)), torch's formula. By value: each component
    within ±θ.

    A norm that is not finite clips as it does in torch: ∞ leaves zeros and NaN, NaN leaves NaN; its angle is NaN.
    """
    if kind == "value":
        before = {name: grad.clone() for name, grad in grads.items()}
        for grad in grads.values():
            grad.clamp_(-threshold, threshold)
        return compared(before, grads)
    before = global_norm(grads)
    straight = 0.0 if math.isfinite(before) else math.nan
    if kind == "none":
        return Clipped(dict(grads), before, before, straight)
    if kind != "norm":
        raise ConfigError([f"`clip` (={kind}) is not known. Choose one of: none, norm, value."])
    coefficient = threshold / (before + 1e-6)
    if not coefficient >= 1:  # NaN too, which has to reach the weights as it would in torch
        for grad in grads.values():
            grad.mul_(coefficient)
    return Clipped(dict(grads), before, global_norm(grads), straight)


@torch.no_grad()
def compared(free: Mapping[str, Tensor], clipped: Mapping[str, Tensor]) -> Clipped:
    """``clipped`` beside what the gradients would be without clipping."""
    return Clipped(dict(clipped), global_norm(free), global_norm(clipped), angle(free, clipped))


def angle(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> float:
    """Degrees between two gradients, exactly 0 for equal ones; NaN where one is not finite, or the only one that is
    zero.

    2 atan2(‖u − v‖, ‖u + v‖) with u and v of length one (Kahan), exact also where the cosine is 1 to all digits.
    """
    u, v = (torch.cat([part.double().reshape(-1) for part in gradient.values()]) for gradient in (one, other))
    if torch.equal(u, v):
        return 0.0
    u, v = u / u.norm(), v / v.norm()
    return math.degrees(2 * math.atan2(float((u - v).norm()), float((u + v).norm())))


def global_norm(tensors: Mapping[str, Tensor]) -> float:
    """√Σx² over all tensors, in float64, so that no square over- or underflows."""
    return float(torch.stack([torch.linalg.vector_norm(x, dtype=torch.float64) for x in tensors.values()]).norm())
