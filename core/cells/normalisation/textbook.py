"""How a product is normalised, as the textbook writes it, and what its gradient sends back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.anatomy.base import STATISTICS, Normalisation
from core.cells.normalisation.plain import BATCH, EPSILON, HELD, UNITS


@dataclass(frozen=True)
class Norm:
    """How one product is normalised, gate by gate.

    over             UNITS, BATCH or HELD
    gain             (rows,)
    mean, variance   what is held, (T, rows), or (rows,) where there is one step; None where nothing is
    """

    over: int
    gain: Tensor
    mean: Tensor | None = None
    variance: Tensor | None = None

    @classmethod
    def of(cls, kind: Normalisation, params: Mapping[str, Tensor], name: str) -> Norm | None:
        """That of the product ``name`` of a cell with these parameters; None without a normalisation."""
        if kind == "none":
            return None
        held = params.get(f"mean_{name}")
        over = UNITS if kind == "layer" else BATCH if held is None else HELD
        return cls(over, params[f"gain_{name}"], held, params.get(f"variance_{name}"))

    def rows(self, order: Callable[[Tensor], Tensor]) -> Norm:
        """The same with other rows, or in another ``order``, which takes rows as the first axis."""
        mean, variance = (
            None if x is None else order(x.movedim(-1, 0)).movedim(0, -1) for x in (self.mean, self.variance)
        )
        return replace(self, gain=order(self.gain), mean=mean, variance=variance)

    def between(self, first: int, stop: int) -> Norm:
        """That of rows ``first`` … ``stop`` − 1."""
        return self.rows(lambda rows: rows[first:stop])


def normalised(product: Tensor, norm: Norm | None, H: int) -> Tensor:
    """gain⊙N(product), gate by gate: product (…, N, blocks·H); the product itself without a norm."""
    if norm is None:
        return product
    apart, size = _apart(product, norm, H)
    return norm.gain * (apart / size)


def sent_back(product: Tensor, norm: Norm | None, alpha: Tensor) -> Tensor:
    """What the gradient ``alpha`` at one gate's sum is at its product, (…, N, H) each."""
    if norm is None:
        return alpha
    apart, size = _apart(product, norm, product.shape[-1])
    delta = norm.gain * alpha
    if norm.over == HELD:
        return delta / size
    axis, unit = (-1 if norm.over == UNITS else -2), apart / size
    along = unit * (delta * unit).mean(dim=axis, keepdim=True)
    return (delta - delta.mean(dim=axis, keepdim=True) - along) / size


def _apart(product: Tensor, norm: Norm, H: int) -> tuple[Tensor, Tensor]:
    """The product without its mean, and √(variance + ε)."""
    if norm.over == UNITS:
        blocks = product.unflatten(-1, (-1, H))
        apart = blocks - blocks.mean(dim=-1, keepdim=True)
        size = ((apart * apart).mean(dim=-1, keepdim=True) + EPSILON).sqrt().expand_as(apart)
        return apart.flatten(-2), size.flatten(-2)
    if norm.mean is not None and norm.variance is not None:
        mean, variance = (x.unsqueeze(-2) if x.dim() > 1 else x for x in (norm.mean, norm.variance))
        return product - mean, (variance + EPSILON).sqrt()
    apart = product - product.mean(dim=-2, keepdim=True)
    return apart, ((apart * apart).mean(dim=-2, keepdim=True) + EPSILON).sqrt()


def of_steps(params: Mapping[str, Tensor], steps: range) -> Mapping[str, Tensor]:
    """With the statistics that are held those of ``steps``, beyond the last of them that one."""
    held = {name: value for name, value in params.items() if name.startswith(STATISTICS)}
    if not held:
        return params
    return dict(params) | {
        name: value[torch.tensor(steps, device=value.device).clamp(max=len(value) - 1)] for name, value in held.items()
    }
