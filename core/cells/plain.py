"""What a step does to each unit by itself, in torch: the twin of ``core.cells.kernels``, for every device.

Every tensor is one step's, flat over units and sequences (M = H·N): a state is (M,), gates and alphas are (blocks, M),
peepholes (3, M). What a function writes comes last among its arguments, or is changed in place. Where an LSTM does not
``squash``, ``tanh_c`` is c itself, in the same memory.
"""

from __future__ import annotations

import torch
from torch import Tensor

# -- forward: a step's products come in ``gates`` (or ``h``) and leave as gates ----------------------------------------


def tanh(h: Tensor) -> None:
    """h = tanh(h)."""
    h.tanh_()


def relu(h: Tensor) -> None:
    """h = max(h, 0)."""
    h.relu_()


def lstm_forward(squash: bool, gates: Tensor, c_before: Tensor, c: Tensor, tanh_c: Tensor, h: Tensor) -> None:
    """Gates o i f g, c = f⊙c₋ + i⊙g, h = o⊙tanh c."""
    o, i, f, g = gates.unbind()
    gates[:3].sigmoid_()
    g.tanh_()
    torch.mul(f, c_before, out=c).addcmul_(i, g)
    if squash:
        torch.tanh(c, out=tanh_c)
    torch.mul(o, tanh_c, out=h)


def peephole_forward(
    p: Tensor, squash: bool, gates: Tensor, c_before: Tensor, c: Tensor, tanh_c: Tensor, h: Tensor
) -> None:
    """The same with p (i, f, o) ⊙ c added before the σ, the new c in o."""
    o, i, f, g = gates.unbind()
    gates[1:3].addcmul_(p[:2], c_before).sigmoid_()
    g.tanh_()
    torch.mul(f, c_before, out=c).addcmul_(i, g)
    o.addcmul_(p[2], c).sigmoid_()
    if squash:
        torch.tanh(c, out=tanh_c)
    torch.mul(o, tanh_c, out=h)


def gru_after_forward(gates: Tensor, h_before: Tensor, drop: Tensor, h: Tensor) -> None:
    """Gates r z m n, n = tanh(n + r⊙m), drop = h₋ − n, h = n + z⊙drop."""
    r, z, m, n = gates.unbind()
    gates[:2].sigmoid_()
    n.addcmul_(r, m).tanh_()
    torch.sub(h_before, n, out=drop)
    torch.addcmul(n, z, drop, out=h)


def gru_before_reset(gates: Tensor, h_before: Tensor, reset_h: Tensor) -> None:
    """Gates r z n, of which r and z are done; reset_h = r⊙h₋."""
    torch.mul(gates[:2].sigmoid_()[0], h_before, out=reset_h)


def gru_before_forward(gates: Tensor, h_before: Tensor, drop: Tensor, h: Tensor) -> None:
    """Then n = tanh(n), drop = h₋ − n, h = n + z⊙drop."""
    _, z, n = gates.unbind()
    n.tanh_()
    torch.sub(h_before, n, out=drop)
    torch.addcmul(n, z, drop, out=h)


# -- backward: from the gradients m that arrive at h and c to the pre-activations', and along the direct way -----------


def tanh_backward(h: Tensor, m_h: Tensor, alpha: Tensor) -> None:
    """α = (1 − h²)⊙m_h."""
    torch.mul(1 - h * h, m_h, out=alpha)


def relu_backward(h: Tensor, m_h: Tensor, alpha: Tensor) -> None:
    """α = m_h where h > 0 (or is NaN, as in autograd), else 0."""
    alpha.copy_(torch.where(h <= 0, 0, m_h))


def lstm_backward(
    squash: bool, gates: Tensor, c_before: Tensor, tanh_c: Tensor, m_h: Tensor, m_c: Tensor, alphas: Tensor,
    to_c: Tensor,
) -> None:  # fmt: skip
    """m_c becomes δc = m_c + m_h⊙o⊙(1 − tanh²c); to_c = δc⊙f."""
    o, _, f, _ = gates.unbind()
    m_c.add_((1 - tanh_c * tanh_c) * o * m_h if squash else o * m_h)
    torch.mul((1 - o) * o * tanh_c, m_h, out=alphas[0])
    _into_gates(gates, c_before, m_c, alphas)
    torch.mul(f, m_c, out=to_c)


def peephole_backward(
    p: Tensor, squash: bool, gates: Tensor, c_before: Tensor, tanh_c: Tensor, m_h: Tensor, m_c: Tensor,
    alphas: Tensor, to_c: Tensor,
) -> None:  # fmt: skip
    """The same with p_o⊙α_o in δc, and to_c = δc⊙f + p_i⊙α_i + p_f⊙α_f."""
    o, _, f, _ = gates.unbind()
    torch.mul((1 - o) * o * tanh_c, m_h, out=alphas[0])
    m_c.add_((1 - tanh_c * tanh_c) * o * m_h if squash else o * m_h).addcmul_(p[2], alphas[0])
    _into_gates(gates, c_before, m_c, alphas)
    torch.mul(f, m_c, out=to_c).addcmul_(p[0], alphas[1]).addcmul_(p[1], alphas[2])


def _into_gates(gates: Tensor, c_before: Tensor, delta_c: Tensor, alphas: Tensor) -> None:
    """σ' and tanh' as (1 − q)·q and 1 − g²: q − q² would lose a saturated gate's digits."""
    _, i, f, g = gates.unbind()
    torch.mul((1 - i) * i * g, delta_c, out=alphas[1])
    torch.mul((1 - f) * f * c_before, delta_c, out=alphas[2])
    torch.mul((1 - g * g) * i, delta_c, out=alphas[3])


def gru_after_backward(gates: Tensor, drop: Tensor, m_h: Tensor, alphas: Tensor, to_h: Tensor) -> None:
    """z⊙m_h, which reaches h₋ directly, is added to to_h."""
    r, z, m, n = gates.unbind()
    torch.mul((1 - n * n) * (1 - z), m_h, out=alphas[3])
    torch.mul(alphas[3], r, out=alphas[2])
    torch.mul((1 - r) * r * m, alphas[3], out=alphas[0])
    torch.mul((1 - z) * z * drop, m_h, out=alphas[1])
    to_h.addcmul_(z, m_h)


def gru_before_backward(gates: Tensor, drop: Tensor, m_h: Tensor, alphas: Tensor) -> None:
    """α_z and α_n."""
    _, z, n = gates.unbind()
    torch.mul((1 - n * n) * (1 - z), m_h, out=alphas[2])
    torch.mul((1 - z) * z * drop, m_h, out=alphas[1])


def gru_before_reset_backward(
    gates: Tensor, h_before: Tensor, m_h: Tensor, by_reset: Tensor, alphas: Tensor, to_h: Tensor
) -> None:
    """α_r from ``by_reset``, what arrives at r⊙h₋; z⊙m_h + r⊙by_reset is added to to_h."""
    r, z, _ = gates.unbind()
    torch.mul((1 - r) * r * h_before, by_reset, out=alphas[0])
    to_h.addcmul_(z, m_h).addcmul_(r, by_reset)


# -- what is recorded -------------------------------------------------------------------------------------------------


def squares(grad: Tensor, out: Tensor) -> None:
    """Σ over units of the square: grad (T, H, N) → out (T, N) in float64, since (1e-25)² is zero in float32."""
    wide = grad.double()
    torch.sum(wide * wide, dim=1, out=out)
