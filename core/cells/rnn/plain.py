"""The plain RNN: each unit's part of a step in torch, under it its derivative; the twin of ``compiled``.

Every tensor is one step's, flat over units and sequences (M = H·N): a state is (M,), gates and alphas are (blocks, M),
peepholes (3, M). What a function writes comes last among its arguments, or is changed in place.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.anatomy.rnn import LEAK


def tanh(h: Tensor) -> None:
    """h = tanh(h)."""
    h.tanh_()


def tanh_backward(h: Tensor, m_h: Tensor, alpha: Tensor) -> None:
    """α = (1 − h²)⊙m_h."""
    torch.mul(1 - h * h, m_h, out=alpha)


def relu(h: Tensor) -> None:
    """h = max(h, 0)."""
    h.relu_()


def relu_backward(h: Tensor, m_h: Tensor, alpha: Tensor) -> None:
    """α = m_h where h > 0 (or is NaN, as in autograd), else 0."""
    alpha.copy_(torch.where(h <= 0, 0, m_h))


def leaky_relu(h: Tensor) -> None:
    """h = max(h, 0) + LEAK·min(h, 0)."""
    h.copy_(torch.where(h <= 0, LEAK * h, h))


def leaky_relu_backward(h: Tensor, m_h: Tensor, alpha: Tensor) -> None:
    """α = m_h where h > 0 (or is NaN), else LEAK·m_h; h has the sign of the sum."""
    alpha.copy_(torch.where(h <= 0, LEAK * m_h, m_h))


def logistic(h: Tensor) -> None:
    """h = σ(h)."""
    h.sigmoid_()


def logistic_backward(h: Tensor, m_h: Tensor, alpha: Tensor) -> None:
    """α = h(1 − h)⊙m_h, written so that a saturated unit keeps its digits."""
    torch.mul((1 - h) * h, m_h, out=alpha)


def linear(h: Tensor) -> None:
    """h is the sum."""


def linear_backward(h: Tensor, m_h: Tensor, alpha: Tensor) -> None:
    """α = m_h."""
    alpha.copy_(m_h)
