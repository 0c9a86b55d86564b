"""The GRU: each unit's part of a step in torch, under it its derivative; the twin of ``compiled``, for every device.

Every tensor is one step's, flat over units and sequences (M = H·N): a state is (M,), gates and alphas are (blocks, M),
peepholes (3, M). What a function writes comes last among its arguments, or is changed in place.
"""

from __future__ import annotations

import torch
from torch import Tensor


def after_forward(gates: Tensor, h_before: Tensor, drop: Tensor, h: Tensor) -> None:
    """Gates r z m n, n = tanh(n + r⊙m), drop = h₋ − n, h = n + z⊙drop."""
    r, z, m, n = gates.unbind()
    gates[:2].sigmoid_()
    n.addcmul_(r, m).tanh_()
    torch.sub(h_before, n, out=drop)
    torch.addcmul(n, z, drop, out=h)


def after_backward(gates: Tensor, drop: Tensor, m_h: Tensor, alphas: Tensor, to_h: Tensor) -> None:
    """z⊙m_h, which reaches h₋ directly, is added to to_h."""
    r, z, m, n = gates.unbind()
    torch.mul((1 - n * n) * (1 - z), m_h, out=alphas[3])
    torch.mul(alphas[3], r, out=alphas[2])
    torch.mul((1 - r) * r * m, alphas[3], out=alphas[0])
    torch.mul((1 - z) * z * drop, m_h, out=alphas[1])
    to_h.addcmul_(z, m_h)


def before_reset(gates: Tensor, h_before: Tensor, reset_h: Tensor) -> None:
    """Gates r z n, of which r and z are done; reset_h = r⊙h₋."""
    torch.mul(gates[:2].sigmoid_()[0], h_before, out=reset_h)


def before_forward(gates: Tensor, h_before: Tensor, drop: Tensor, h: Tensor) -> None:
    """Then n = tanh(n), drop = h₋ − n, h = n + z⊙drop."""
    _, z, n = gates.unbind()
    n.tanh_()
    torch.sub(h_before, n, out=drop)
    torch.addcmul(n, z, drop, out=h)


def before_backward(gates: Tensor, drop: Tensor, m_h: Tensor, alphas: Tensor) -> None:
    """α_z and α_n."""
    _, z, n = gates.unbind()
    torch.mul((1 - n * n) * (1 - z), m_h, out=alphas[2])
    torch.mul((1 - z) * z * drop, m_h, out=alphas[1])


def before_reset_backward(
    gates: Tensor, h_before: Tensor, m_h: Tensor, by_reset: Tensor, alphas: Tensor, to_h: Tensor
) -> None:
    """α_r from ``by_reset``, what arrives at r⊙h₋; z⊙m_h + r⊙by_reset is added to to_h."""
    r, z, _ = gates.unbind()
    torch.mul((1 - r) * r * h_before, by_reset, out=alphas[0])
    to_h.addcmul_(z, m_h).addcmul_(r, by_reset)
