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


def input_products(weight: Tensor, bias: Tensor, inputs: Tensor) -> Tensor:
    """W x[t] + b for every t: weight (R, C), bias (R), inputs ``with_one`` (T, C+1, N) → (T, R, N)."""
    return torch.matmul(torch.cat([weight, bias[:, None]], dim=1), inputs)


def weight_gradient(pre: Tensor, *factors: Tensor) -> tuple[Tensor, ...]:
    """Σ over t and n of ∂L/∂pre ⊗ factor, for each factor, as one product.

    pre (T, R, N) the gradients of the pre-activations, a factor (T, F, N) what the weights multiplied; gives (R, F).
    """
    left, right = over_time(pre), torch.cat([over_time(factor) for factor in factors])
    return torch.split(left @ right.T, [factor.shape[1] for factor in factors], dim=1)


def over_time(tensor: Tensor) -> Tensor:
    """(T, R, N) as (R, T·N), a copy."""
    return tensor.transpose(0, 1).reshape(tensor.shape[1], -1)
