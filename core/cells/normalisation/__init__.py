"""Products that are normalised before they enter a sum: layer normalisation (Ba, Kiros & Hinton 2016).

What the input and what the state bring are normalised apart, gate by gate over the H units, each with a gain that is
learnt; the biases are those that there are:

    sum = g_ih⊙N(W x) + b_ih + g_hh⊙N(U h₋) + b_hh         N(v) = (v − mean v) ÷ √(variance of v + ε)

The mean over the units is taken of the weights, once: with P the matrix that takes a mean away, P(W x) = (P W) x, and
on the way back (P U)ᵀ δ = Uᵀ P δ. So no step takes a mean of its products.

A cell takes all of it from here: ``input_sums`` and ``recurrent_sums`` on the way forwards, ``at_products`` on the way
back, ``parameter_gradients`` or ``weight_gradients`` at the end, ``inputs_back`` for the layer below, and
``normalised`` where it writes its step as the textbook does. Without a gain each is the plain product, to the bit.
Saved of every step, beside the rest: the normalised products "unit_<name>" and the inverse of what they were divided
by, "inverse_<name>". Given these, the way back is linear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from core.cells import elementwise
from core.cells.normalisation import compiled, plain
from core.cells.normalisation.plain import EPSILON
from core.cells.products import input_products, weight_gradient
from core.cells.trajectory import came_from

Saved = dict[str, Tensor]


def normalised(product: Tensor, gain: Tensor | None, H: int) -> Tensor:
    """gain⊙N(product), gate by gate: product (…, blocks·H); the product itself without a gain."""
    if gain is None:
        return product
    blocks = product.unflatten(-1, (-1, H))
    apart = blocks - blocks.mean(dim=-1, keepdim=True)
    return gain * (apart / ((apart * apart).mean(dim=-1, keepdim=True) + EPSILON).sqrt()).flatten(-2)


def sent_back(product: Tensor, gain: Tensor | None, alpha: Tensor) -> Tensor:
    """What the gradient ``alpha`` at one gate's sum is at its product, (…, H) each."""
    if gain is None:
        return alpha
    apart, delta = product - product.mean(dim=-1, keepdim=True), gain * alpha
    size = (apart.square().mean(dim=-1, keepdim=True) + EPSILON).sqrt()
    along = (apart / size) * (delta * apart / size).mean(dim=-1, keepdim=True)
    return (delta - delta.mean(dim=-1, keepdim=True) - along) / size


def centred(rows: Tensor, H: int) -> Tensor:
    """Weights (blocks·H, …) without their mean over each block's units."""
    blocks = rows.unflatten(0, (-1, H))
    return (blocks - blocks.mean(dim=1, keepdim=True)).flatten(0, 1)


class Norm:
    """One product of every step, its mean taken away: (T, blocks·H, N) in ``saved``, to which ``room`` adds places."""

    def __init__(self, saved: Mapping[str, Tensor], name: str, gain: Tensor) -> None:
        self.unit, inverse = saved[f"unit_{name}"], saved[f"inverse_{name}"]
        blocks = inverse.shape[1]
        self._do = elementwise.choose(self.unit, plain, compiled)
        self.H = len(gain) // blocks
        self._shape = (blocks, self.H)
        self._gain = elementwise.array(gain.detach().reshape(self._shape).contiguous())
        self._units, self._inverses = self.by_step(self.unit), elementwise.each(inverse)
        self._whole = tuple(elementwise.array(x) for x in (self.unit.unflatten(1, self._shape), inverse))

    @classmethod
    def room(cls, saved: Saved, name: str, gain: Tensor, like: Tensor, blocks: int) -> Norm:
        """With places for the products of as many steps and sequences as ``like`` (T, …, N) has."""
        T, N = len(like), like.shape[-1]
        saved[f"unit_{name}"] = like.new_empty(T, len(gain), N)
        saved[f"inverse_{name}"] = like.new_empty(T, blocks, N)
        return cls(saved, name, gain)

    def by_step(self, rows: Tensor) -> list[Any]:
        """(T, blocks·H, N) step by step, as ``add`` and ``back`` take them; they share its memory."""
        return elementwise.each(rows.unflatten(1, self._shape))

    def add(self, t: int, sums: Any) -> None:
        """Normalise the products of step t, in place, and add them to its ``sums``."""
        self._do.layer(self._gain, self._units[t], self._inverses[t], sums)

    def back(self, t: int, alphas: Any, at_product: Any) -> None:
        """The gradient of step t's products from that of its sums; it is still to be centred."""
        self._do.layer_backward(self._gain, self._units[t], self._inverses[t], alphas, at_product)

    def add_all(self, sums: Tensor) -> None:
        """``add`` at every step, sums (T, blocks·H, N)."""
        self._do.layer(self._gain, *self._whole, elementwise.array(sums.unflatten(1, self._shape)))

    def back_all(self, alphas: Tensor) -> Tensor:
        """``back`` at every step, (T, blocks·H, N)."""
        room = torch.empty_like(alphas)
        given, at_product = (elementwise.array(rows.unflatten(1, self._shape)) for rows in (alphas, room))
        self._do.layer_backward(self._gain, *self._whole, given, at_product)
        return room

    def gradients(self, alphas: Tensor, factors: Tensor) -> tuple[Tensor, Tensor]:
        """∂L/∂weights (blocks·H, F) that multiplied ``factors`` (T, F, N), still to be centred, and ∂L/∂gain.

        Step after step, so that no array of all steps has to be written for it.
        """
        rows, N = alphas.shape[1:]
        room, weights = alphas.new_empty(1, rows, N), alphas.new_zeros(rows, factors.shape[1])
        of_gain = alphas.new_zeros(*self._shape, N)
        (at,), total, given = self.by_step(room), elementwise.array(of_gain), self.by_step(alphas)
        for t, factor in enumerate(factors.unbind()):
            self.back(t, given[t], at)
            weights.addmm_(room[0], factor.T)
            self._do.of_gain(self._units[t], given[t], total)
        return weights, of_gain.sum(dim=2).flatten()


def input_sums(
    weight: Tensor, bias: Tensor, gain: Tensor | None, saved: Saved, H: int, out: Tensor | None = None
) -> Tensor:
    """(T, R, N): what the inputs in ``saved`` bring to every sum, biases included."""
    if gain is None:
        return input_products(weight, bias, saved["inputs"], out=out)
    inputs = saved["inputs"]
    norm = Norm.room(saved, "ih", gain, inputs, len(weight) // H)
    torch.bmm(centred(weight, H).expand(len(inputs), -1, -1), inputs[:, :-1], out=norm.unit)
    sums = torch.empty_like(norm.unit) if out is None else out
    sums[:] = bias[:, None]
    norm.add_all(sums)
    return sums


def recurrent_sums(
    U: Tensor, gain: Tensor | None, saved: Saved, name: str, came: list[Tensor], slabs: Tensor
) -> Callable[[int], None]:
    """What adds to the sums ``slabs`` (T, R, N) of step t what U (R, H) makes of the state ``came``[t] (H, N)."""
    rooms = slabs.unbind()
    if gain is None:

        def add_plain(t: int) -> None:
            rooms[t].addmm_(U, came[t])

        return add_plain
    norm = Norm.room(saved, name, gain, slabs, len(U) // U.shape[1])
    products, sums, weights = norm.unit.unbind(), norm.by_step(slabs), centred(U, U.shape[1])

    def add(t: int) -> None:
        torch.mm(weights, came[t], out=products[t])
        norm.add(t, sums[t])

    return add


def at_products(gain: Tensor | None, saved: Mapping[str, Tensor], name: str, alphas: Tensor) -> Callable[[int], Tensor]:
    """What gives ∂L/∂(product of step t) (R, N), once the gradients of its sums stand in ``alphas`` (T, R, N); with a
    gain for weights that are ``centred``."""
    rooms = alphas.unbind()
    if gain is None:
        return lambda t: rooms[t]
    norm, room = Norm(saved, name, gain), alphas.new_empty(1, *alphas.shape[1:])
    at, by_step = norm.by_step(room)[0], norm.by_step(alphas)

    def back(t: int) -> Tensor:
        norm.back(t, by_step[t], at)
        return room[0]

    return back


def back_weights(U: Tensor, gain: Tensor | None) -> Tensor:
    """Uᵀ, as ``at_products`` needs it."""
    return (U if gain is None else centred(U, U.shape[1])).T.contiguous()


def inputs_back(weight: Tensor, gain: Tensor | None, saved: Mapping[str, Tensor], alphas: Tensor) -> Tensor:
    """∂L/∂inputs (T, C, N) of ``input_sums``, from the gradients of its sums (T, R, N)."""
    if gain is not None:
        norm = Norm(saved, "ih", gain)
        weight, alphas = centred(weight, norm.H), norm.back_all(alphas.contiguous())
    return torch.bmm(weight.T.expand(len(alphas), -1, -1), alphas)


def weight_gradients(
    gain: Tensor | None, saved: Mapping[str, Tensor], name: str, alphas: Tensor, factors: Tensor
) -> tuple[Tensor, Tensor | None]:
    """∂L/∂weights (R, F) that multiplied ``factors`` (T, F, N), and ∂L/∂gain where there is one."""
    if gain is None:
        return weight_gradient(alphas, factors), None
    weights, of_gain = Norm(saved, name, gain).gradients(alphas, factors)
    return centred(weights, saved["h"].shape[1]), of_gain


def parameter_gradients(
    alphas: Tensor, saved: Mapping[str, Tensor], order: Callable[[Tensor], Tensor] | None = None
) -> Saved:
    """∂L/∂parameters of a cell whose sums all see the same state, from ``alphas`` (T, R, N).

    ``order`` brings rows from the loops' order to the parameters'; the gains in ``saved`` stand in the loops' order.
    """
    H, order = saved["h"].shape[1], order or (lambda rows: rows)
    if "gain_ih" not in saved:
        product = order(weight_gradient(alphas, came_from(saved, "h"), saved["inputs"]))
        W, U, b = product[:, H:-1].contiguous(), product[:, :H].contiguous(), product[:, -1]
        return {"weight_ih": W, "weight_hh": U, "bias_ih": b.clone(), "bias_hh": b.clone()}
    b, found = alphas.sum(dim=(0, 2)), {}
    for name, factors in (("ih", saved["inputs"][:, :-1]), ("hh", came_from(saved, "h"))):
        weights, gain = weight_gradients(saved[f"gain_{name}"], saved, name, alphas, factors)
        found |= {f"weight_{name}": weights, f"bias_{name}": b.clone(), f"gain_{name}": gain}
    return {name: order(rows).contiguous() for name, rows in found.items()}
