"""The LSTM: each unit's part of a step in torch, under it its derivative; the twin of ``compiled``, for every device.

Every tensor is one step's, flat over units and sequences (M = H·N): a state is (M,), gates and alphas are (blocks, M),
peepholes (3, M). What a function writes comes last among its arguments, or is changed in place. Without the output
activation ``tanh_c`` is c itself, in the same memory.
"""

from __future__ import annotations

import torch
from torch import Tensor

AS_IS, SQUASHED, NORMALISED = range(3)
"""What of c a step hands out: c, tanh c, or nothing yet, where ``core.cells.carousel.output_norm`` does."""


def forward(hands: int, gates: Tensor, c_before: Tensor, c: Tensor, tanh_c: Tensor, h: Tensor) -> None:
    """Gates o i f g, c = f⊙c₋ + i⊙g, h = o⊙tanh c."""
    o, i, f, g = gates.unbind()
    gates[:3].sigmoid_()
    g.tanh_()
    torch.mul(f, c_before, out=c).addcmul_(i, g)
    if hands == SQUASHED:
        torch.tanh(c, out=tanh_c)
    if hands != NORMALISED:
        torch.mul(o, tanh_c, out=h)


def backward(
    hands: int, gates: Tensor, c_before: Tensor, tanh_c: Tensor, m_h: Tensor, m_c: Tensor, alphas: Tensor,
    to_c: Tensor,
) -> None:  # fmt: skip
    """m_c becomes δc = m_c + m_h⊙o⊙(1 − tanh²c); to_c = δc⊙f."""
    o, _, f, _ = gates.unbind()
    if hands != NORMALISED:
        m_c.add_((1 - tanh_c * tanh_c) * o * m_h if hands == SQUASHED else o * m_h)
    torch.mul((1 - o) * o * tanh_c, m_h, out=alphas[0])
    into_gates(gates, c_before, m_c, alphas)
    torch.mul(f, m_c, out=to_c)


def into_gates(gates: Tensor, c_before: Tensor, delta_c: Tensor, alphas: Tensor) -> None:
    """σ' and tanh' as (1 − q)·q and 1 − g²: q − q² would lose a saturated gate's digits."""
    _, i, f, g = gates.unbind()
    torch.mul((1 - i) * i * g, delta_c, out=alphas[1])
    torch.mul((1 - f) * f * c_before, delta_c, out=alphas[2])
    torch.mul((1 - g * g) * i, delta_c, out=alphas[3])
