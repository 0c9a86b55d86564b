"""What the LSTM and its peephole variant share: the order of blocks in their loops, and the way back over (h, c).

The loops keep the four blocks as o i f g: the three logistic gates are then neighbours (one call in the forward pass),
and so are the three that write to c (one call in the backward pass). Parameters and gates keep torch's order, i f g o.

Given the forward pass, each step is linear in the gradients that arrive (m_h at h, m_c at c):

    δc  = m_c + m_h ⊙ into_c           α_o = m_h ⊙ factor_o
    α_q = δc ⊙ factor_q,  q = i, f, g  to t−1:  m_h = local + Σ_q U_qᵀ α_q,   m_c = δc ⊙ keep

and the two cells differ in nothing but these factors, which are computed for all t beforehand.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.cells.base import Carry, came_from
from core.cells.products import weight_gradient

O, I, F, G = range(4)
"""Place of each block in the loops."""
BLOCKS = {"i": I, "f": F, "g": G, "o": O}


def loop_order(rows: Tensor) -> Tensor:
    """Parameter rows (4H, …) from torch's i f g o to the loops' o i f g."""
    i, f, g, o = rows.chunk(4)
    return torch.cat([o, i, f, g])


def torch_order(rows: Tensor) -> Tensor:
    """The way back: from o i f g to i f g o."""
    o, i, f, g = rows.chunk(4)
    return torch.cat([i, f, g, o])


def factors(saved: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """What turns arriving gradients into α and δc, without peepholes.

    Of ``saved`` the gates, c and tanh c → the factors of every block (T, 4, H, N), into_c (T, H, N).
    """
    gates, tanh_c = saved["gates"], saved["tanh_c"]
    i, g = gates[:, I], gates[:, G]
    one = gates.new_ones(())
    alphas = torch.empty_like(gates)
    slopes = (one - gates[:, :G]).mul_(gates[:, :G])  # σ'; q − q² would lose a saturated gate's digits
    torch.mul(slopes[:, O], tanh_c, out=alphas[:, O])
    torch.mul(slopes[:, I], g, out=alphas[:, I])
    torch.mul(slopes[:, F], came_from(saved, "c"), out=alphas[:, F])
    torch.addcmul(one, g, g, value=-1, out=alphas[:, G]).mul_(i)
    return alphas, torch.addcmul(one, tanh_c, tanh_c, value=-1).mul_(gates[:, O])


def carry_back(
    grad_h: Tensor, grad_c: Tensor, alphas: Tensor, into_c: Tensor, keep: Tensor, U: Tensor, carry: Carry
) -> None:
    """∂L/∂h and ∂L/∂c, each (T+1, H, N), in place: the first comes with the local gradients, the second with its last.

    ``alphas`` (T, 4, H, N) come as factors and leave as each block's α; U (4H, H) in the loops' order. A cut at b
    leaves h[b] its local gradient and c[b] nothing.
    """
    U_back, clamp = U.T.contiguous(), carry.clamp
    m_h, m_c, cuts = grad_h.unbind(), grad_c.unbind(), carry.cuts
    slabs, alpha_o, alpha_ifg = alphas.flatten(1, 2).unbind(), alphas[:, O].unbind(), alphas[:, I:].unbind()
    for t, (into, kept) in reversed(list(enumerate(zip(into_c.unbind(), keep.unbind())))):
        delta_c = m_c[t + 1].addcmul_(m_h[t + 1], into)
        alpha_o[t].mul_(m_h[t + 1])
        alpha_ifg[t].mul_(delta_c)
        if t in cuts:
            m_c[t].zero_()
        elif clamp is None:
            torch.mul(delta_c, kept, out=m_c[t])
            m_h[t].addmm_(U_back, slabs[t])
        else:
            torch.mul(delta_c, kept, out=m_c[t]).clamp_(-clamp, clamp)
            m_h[t].add_(torch.mm(U_back, slabs[t]).clamp_(-clamp, clamp))


def parameter_gradients(alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
    """∂L/∂W, ∂L/∂U and both biases, from α (T, 4H, N), and of ``saved`` the states h and the inputs."""
    by_h, by_input = weight_gradient(alphas, came_from(saved, "h"), saved["inputs"])
    by_h, by_input = torch_order(by_h), torch_order(by_input)
    W, b = by_input[:, :-1].contiguous(), by_input[:, -1]
    return {"weight_ih": W, "weight_hh": by_h, "bias_ih": b.clone(), "bias_hh": b.clone()}
