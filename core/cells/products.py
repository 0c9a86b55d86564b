"""The matrix products that need no loop: inputs of all steps at once, and weight gradients at the end."""

from __future__ import annotations

import torch
from torch import Tensor


def with_one(x: Tensor) -> Tensor:
    """Inputs x (T, N, C) hidden-major with a constant one below them, (T, C+1, N): the bias is its weight."""
    T, N, C = x.shape
    room = x.new_empty(T, C + 1, N)
    room[:, :C] = x.transpose(1, 2)
    room[:, C] = 1
    return room


def input_products(weight: Tensor, bias: Tensor, inputs: Tensor, out: Tensor | None = None) -> Tensor:
    """W x[t] + b for every t: weight (R, C), bias (R), inputs ``with_one`` (T, C+1, N) → (T, R, N)."""
    return torch.bmm(torch.cat([weight, bias[:, None]], dim=1).expand(len(inputs), -1, -1), inputs, out=out)


def weight_gradient(pre: Tensor, *factors: Tensor) -> Tensor:
    """Σ over t and n of ∂L/∂pre ⊗ factor, the factors side by side: (R, F₁ + F₂ + …).

    pre (T, R, N) the gradients of the pre-activations, a factor (T, F, N) what the weights multiplied. Step after step
    is added up, because one product over all of them would need transposed copies of everything.
    """
    side_by_side = torch.cat(factors, dim=1)
    return torch.addbmm(pre.new_zeros(()), pre, side_by_side.transpose(1, 2), beta=0)
