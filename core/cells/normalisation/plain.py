"""Normalisation in torch, under each function its derivative; the twin of ``compiled``, for every device.

Every tensor is that of one step or of several, gate by gate: products, sums and alphas (T, blocks, H, N), gains
(blocks, H); inverse sizes (T, blocks, N) over units and (T, blocks, H) over the batch, means and variances, which only
a batch has, (T, blocks, H). ``over`` is one of UNITS, BATCH and HELD. What a function writes comes last among its
arguments, or is changed in place.
"""

from __future__ import annotations

import torch
from torch import Tensor

EPSILON = 1e-5
"""Added to the variance, as in torch.nn.LayerNorm and BatchNorm1d."""

UNITS, BATCH, HELD = range(3)
"""What the statistics are taken over: a gate's units, the batch's sequences, or nothing: they are given."""


def normalise(
    over: int, gain: Tensor, product: Tensor, inverse: Tensor, mean: Tensor, variance: Tensor, sums: Tensor
) -> None:
    """product −= its mean, inverse = 1 ÷ √(its variance + ε), sums += gain⊙product⊙inverse.

    Over units a product comes without its mean, when that of its weights was taken away.
    """
    if over == UNITS:
        inverse.copy_((product.square().mean(dim=2) + EPSILON).rsqrt())
    else:
        if over == BATCH:
            mean.copy_(product.mean(dim=3))
            variance.copy_((product - mean.unsqueeze(3)).square().mean(dim=3))
        inverse.copy_((variance + EPSILON).rsqrt())
        product.sub_(mean.unsqueeze(3))
    sums.add_(gain.unsqueeze(-1) * product * _beside(over, inverse))


def normalise_in_place(
    over: int, gain: Tensor, bias: Tensor, inverse: Tensor, mean: Tensor, variance: Tensor, sums: Tensor
) -> None:
    """The same of products that are not kept: they stand in ``sums``, which become gain⊙product⊙inverse + bias."""
    product = sums.clone()
    sums.copy_(bias.unsqueeze(-1).expand_as(sums))
    normalise(over, gain, product, inverse, mean, variance, sums)


def normalise_backward(
    over: int, gain: Tensor, product: Tensor, inverse: Tensor, alphas: Tensor, at_product: Tensor
) -> None:
    """With δ = gain⊙α and u = product⊙inverse: at_product = inverse⊙(δ − mean δ − u⊙mean(u⊙δ)), linear in α.

    Over units the mean of δ stays in it, to be taken away by the weights; held statistics leave inverse⊙δ.
    """
    delta, inverse = gain.unsqueeze(-1) * alphas, _beside(over, inverse)
    if over != HELD:
        axis, unit = (2 if over == UNITS else 3), product * inverse
        along = unit * (unit * delta).mean(dim=axis, keepdim=True)
        delta = delta - along if over == UNITS else delta - delta.mean(dim=axis, keepdim=True) - along
    at_product.copy_(delta * inverse)


def to_parameters(
    over: int, gain: Tensor, product: Tensor, inverse: Tensor, first: int, alphas: Tensor, few: Tensor,
    at_product: Tensor, weights: Tensor, found: Tensor,
) -> None:  # fmt: skip
    """``normalise_backward`` and ``of_gain`` of some steps, from the blocks of their alphas that begin with ``first``.

    Σ over steps and sequences of at_product ⊗ few is added to ``weights`` (blocks, H, F); few (T, F, N), F may be 0.
    """
    normalise_backward(over, gain, product, inverse, alphas[:, first : first + product.shape[1]], at_product)
    of_gain(over, product, inverse, first, alphas, found)
    weights.add_(torch.einsum("tqkn,tfn->qkf", at_product, few))


def of_gain(over: int, product: Tensor, inverse: Tensor, first: int, alphas: Tensor, found: Tensor) -> None:
    """Σ over steps and sequences of product⊙inverse⊙α is added to found[0] (blocks, H), and of α to found[1]."""
    alphas = alphas[:, first : first + product.shape[1]]
    found[0].add_((product * _beside(over, inverse) * alphas).sum(dim=(0, 3)))
    found[1].add_(alphas.sum(dim=(0, 3)))


def hand_out(
    over: int, gain: Tensor, squash: bool, gate: Tensor, c: Tensor, product: Tensor, inverse: Tensor, mean: Tensor,
    variance: Tensor, seen: Tensor, h: Tensor,
) -> None:  # fmt: skip
    """The product is c itself; seen, which comes with a bias, becomes tanh of the sum, or the sum; h = gate⊙seen."""
    product.copy_(c - c.mean(dim=2, keepdim=True) if over == UNITS else c)
    normalise(over, gain, product, inverse, mean, variance, seen)
    if squash:
        seen.tanh_()
    torch.mul(gate, seen, out=h)


def hand_out_backward(
    over: int, gain: Tensor, squash: bool, gate: Tensor, seen: Tensor, product: Tensor, inverse: Tensor, m_h: Tensor,
    at_sum: Tensor, m_c: Tensor,
) -> None:  # fmt: skip
    """at_sum, the gradient before the tanh, from m_h at h; what it is at c is added to m_c."""
    slope = gate * (1 - seen * seen) if squash else gate
    torch.mul(slope, m_h, out=at_sum)
    at_c = torch.empty_like(at_sum)
    normalise_backward(over, gain, product, inverse, at_sum, at_c)
    m_c.add_(at_c - at_c.mean(dim=2, keepdim=True) if over == UNITS else at_c)


def _beside(over: int, inverse: Tensor) -> Tensor:
    """Inverse sizes as they multiply a product."""
    return inverse.unsqueeze(2 if over == UNITS else 3)
