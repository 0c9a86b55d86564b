"""What the LSTM and its peephole variant share: the order of blocks in their loops, and the way back over (h, c).

The loops keep the four blocks as o i f g: the three logistic gates are then neighbours, and so are the three that write
to c. Parameters and gates keep torch's order, i f g o.

Given the forward pass, each step is linear in the gradients that arrive (m_h at h, m_c at c):

    α_o = m_h ⊙ tanh c ⊙ σ'_o,   δc = m_c + m_h ⊙ o ⊙ (1 − tanh²c)     [+ p_o ⊙ α_o]
    α_i = δc ⊙ g ⊙ σ'_i,   α_f = δc ⊙ c₋ ⊙ σ'_f,   α_g = δc ⊙ i ⊙ (1 − g²)
    to t−1:   m_h = local + Σ_q U_qᵀ α_q,   m_c = δc ⊙ f               [+ p_i ⊙ α_i + p_f ⊙ α_f]

and the two cells differ in nothing but what stands in brackets.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from core.cells import elementwise
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


def carry_back(
    backward: Callable[..., None], saved: dict[str, Tensor], grad_h: Tensor, grad_c: Tensor, U: Tensor, carry: Carry
) -> Tensor:
    """∂L/∂h and ∂L/∂c, each (T+1, H, N), in place: the first comes with the local gradients, the second with its last.

    ``backward`` is the cell's own part of a step (``core.cells.plain.lstm_backward``), U (4H, H) in torch's order. A
    cut at b leaves h[b] its local gradient and c[b] nothing. Returns the alphas (T, 4H, N).
    """
    U_back, alphas = loop_order(U).T.contiguous(), torch.empty_like(saved["gates"])
    gates, c_before, tanh_c = (
        elementwise.steps(part) for part in (saved["gates"], came_from(saved, "c"), saved["tanh_c"])
    )
    m_h, m_c, flat = (elementwise.steps(part) for part in (grad_h, grad_c, alphas))
    arriving, slabs = grad_h.unbind(), alphas.flatten(1, 2).unbind()
    for t in range(len(slabs) - 1, -1, -1):
        backward(gates[t], c_before[t], tanh_c[t], m_h[t + 1], m_c[t + 1], flat[t], m_c[t])
        local = carry.set_aside(t, arriving[t])
        arriving[t].addmm_(U_back, slabs[t])
        if local is not None:
            carry.limit(t, arriving[t]).add_(local)
            carry.limit(t, grad_c[t])
    return alphas.flatten(1, 2)


def parameter_gradients(alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
    """∂L/∂W, ∂L/∂U and both biases, from α (T, 4H, N), and of ``saved`` the states h and the inputs."""
    product, H = torch_order(weight_gradient(alphas, came_from(saved, "h"), saved["inputs"])), saved["h"].shape[1]
    W, U, b = product[:, H:-1].contiguous(), product[:, :H].contiguous(), product[:, -1]
    return {"weight_ih": W, "weight_hh": U, "bias_ih": b.clone(), "bias_hh": b.clone()}
