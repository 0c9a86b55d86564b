"""The cell state normalised on its way to h: h = o⊙tanh(g_c⊙N(c) + b_c) (Ba, Kiros & Hinton 2016; Cooijmans et al.
2017). The update of c itself is left alone: what the carousel carries is never rescaled.

Each function gives what is done beside a step's other work; ``seen`` is what the output gate lets through, "tanh_c" in
``saved``. The gradient before the tanh stands as one more block of the alphas.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from core.cells import elementwise
from core.cells.normalisation import Norm, Products


def forward(norm: Norm, bias: Tensor, saved: dict[str, Tensor], squashes: bool) -> Callable[[int], None]:
    """After a step has made c and o: seen and h."""
    c, seen = saved["c"][1:], saved["tanh_c"]
    product = Products.room(saved, "c", norm, c.shape[1], c)
    seen[:] = bias[:, None]
    sums, states, h = (product.by_step(part) for part in (seen, c, saved["h"][1:]))
    o = elementwise.each(saved["gates"][:, :1])

    def hand_out(t: int) -> None:
        product.hand_out(t, squashes, o[t], states[t], sums[t], h[t])

    return hand_out


def backward(
    norm: Norm, saved: Mapping[str, Tensor], squashes: bool, grads: Mapping[str, Tensor], alphas: Tensor
) -> Callable[[int], None]:
    """Before the rest of a step's way back: ∂L/∂c gets what h sends through the norm; ``alphas`` (T, 1, H, N)."""
    seen = saved["tanh_c"]
    product = Products(saved, "c", norm, seen.shape[1])
    m_h, m_c = (product.by_step(grads[part]) for part in ("h", "c"))
    o, at_sum, tanh_c = elementwise.each(saved["gates"][:, :1]), elementwise.each(alphas), product.by_step(seen)

    def hand_in(t: int) -> None:
        product.hand_in(t, squashes, o[t], tanh_c[t], m_h[t + 1], at_sum[t], m_c[t + 1])

    return hand_in


def parameters(norm: Norm, alphas: Tensor, saved: Mapping[str, Tensor], block: int) -> dict[str, Tensor]:
    """∂L/∂gain_c and ∂L/∂bias_c from the gradients before the tanh, which are this block of the alphas (T, …, N)."""
    gain, bias = Products(saved, "c", norm, saved["h"].shape[1]).of_gain(alphas.contiguous(), block)
    return {"gain_c": gain, "bias_c": bias}
