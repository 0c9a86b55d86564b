"""The peephole LSTM: each unit's part of a step in torch, under it its derivative; the twin of ``compiled``.

Every tensor is one step's, flat over units and sequences (M = H·N): a state is (M,), gates and alphas are (blocks, M),
peepholes (3, M). What a function writes comes last among its arguments, or is changed in place. Without the output
activation ``tanh_c`` is c itself, in the same memory.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.cells.carousel.plain import NORMALISED, SQUASHED, into_gates


def forward(p: Tensor, hands: int, gates: Tensor, c_before: Tensor, c: Tensor, tanh_c: Tensor, h: Tensor) -> None:
    """The same with p (i, f, o) ⊙ c added before the σ, the new c in o."""
    o, i, f, g = gates.unbind()
    gates[1:3].addcmul_(p[:2], c_before).sigmoid_()
    g.tanh_()
    torch.mul(f, c_before, out=c).addcmul_(i, g)
    o.addcmul_(p[2], c).sigmoid_()
    if hands == SQUASHED:
        torch.tanh(c, out=tanh_c)
    if hands != NORMALISED:
        torch.mul(o, tanh_c, out=h)


def backward(
    p: Tensor, hands: int, gates: Tensor, c_before: Tensor, tanh_c: Tensor, m_h: Tensor, m_c: Tensor,
    alphas: Tensor, to_c: Tensor,
) -> None:  # fmt: skip
    """The same with p_o⊙α_o in δc, and to_c = δc⊙f + p_i⊙α_i + p_f⊙α_f."""
    o, _, f, _ = gates.unbind()
    torch.mul((1 - o) * o * tanh_c, m_h, out=alphas[0])
    if hands != NORMALISED:
        m_c.add_((1 - tanh_c * tanh_c) * o * m_h if hands == SQUASHED else o * m_h)
    m_c.addcmul_(p[2], alphas[0])
    into_gates(gates, c_before, m_c, alphas)
    torch.mul(f, m_c, out=to_c).addcmul_(p[0], alphas[1]).addcmul_(p[1], alphas[2])
