"""Layer normalisation in torch, under it its derivative; the twin of ``compiled``, for every device.

Every tensor is that of one step or of several, gate by gate: products, sums and alphas (T, blocks, H, N), gains
(blocks, H), inverse sizes (T, blocks, N). What a function writes comes last among its arguments, or is changed in
place. Nothing here takes a mean over the units but ``centred``: a product is centred when its weights are.
"""

from __future__ import annotations

import torch
from torch import Tensor

EPSILON = 1e-5
"""Added to the variance, as in torch.nn.LayerNorm."""


def layer(gain: Tensor, unit: Tensor, inverse: Tensor, sums: Tensor) -> None:
    """Of products whose mean is zero: inverse = 1 ÷ √(variance + ε), unit = unit⊙inverse; sums += gain⊙unit."""
    inverse.copy_((unit.square().mean(dim=2) + EPSILON).rsqrt())
    unit.mul_(inverse.unsqueeze(2))
    sums.add_(gain.unsqueeze(-1) * unit)


def layer_backward(gain: Tensor, unit: Tensor, inverse: Tensor, alphas: Tensor, at_product: Tensor) -> None:
    """With δ = gain⊙α: at_product = inverse⊙(δ − unit⊙mean(unit⊙δ)), still to be centred, and linear in α."""
    delta = gain.unsqueeze(-1) * alphas
    along = (unit * delta).mean(dim=2, keepdim=True)
    at_product.copy_((delta - unit * along) * inverse.unsqueeze(2))


def of_gain(unit: Tensor, alphas: Tensor, found: Tensor) -> None:
    """Σ over the steps of unit⊙α is added to found (blocks, H, N)."""
    found.add_((unit * alphas).sum(dim=0))


def centred(values: Tensor, found: Tensor) -> None:
    """found = values − their mean over the units."""
    found.copy_(values - values.mean(dim=2, keepdim=True))


def centred_onto(values: Tensor, found: Tensor) -> None:
    """The same, added to ``found``."""
    found.add_(values - values.mean(dim=2, keepdim=True))


def hand_out(squash: bool, gate: Tensor, seen: Tensor, h: Tensor) -> None:
    """seen = tanh(seen), or as it is; h = gate⊙seen. Flat over units and sequences."""
    if squash:
        seen.tanh_()
    torch.mul(gate, seen, out=h)


def hand_out_backward(squash: bool, gate: Tensor, seen: Tensor, m_h: Tensor, at_seen: Tensor) -> None:
    """at_seen = m_h⊙gate⊙(1 − seen²), the gradient before the tanh."""
    at_seen.copy_((1 - seen * seen) * gate * m_h if squash else gate * m_h)
