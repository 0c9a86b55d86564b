"""Products that are normalised before they enter a sum: over a gate's units (Ba, Kiros & Hinton 2016) or over the batch
(Cooijmans et al. 2017).

What the input and what the state bring are normalised apart, each with a gain that is learnt; the biases are those that
there are:

    sum = g_ih⊙N(W x) + b_ih + g_hh⊙N(U h₋) + b_hh         N(v) = (v − mean v) ÷ √(variance of v + ε)

Layer norm takes mean and variance over the H units of a gate, sequence by sequence. Batch norm takes them unit by unit
over the sequences of the batch, of every time step apart; its gains start at .1, since a tanh lets the gradients of
larger sums through too little. With statistics that are held, those of training when a network is tested, it is an
affine map, and sequences do not depend on each other.

Over units the mean is taken of the weights, once: with P the matrix that takes a mean away, P(W x) = (P W) x, and on
the way back (P U)ᵀ δ = Uᵀ P δ. So no step takes a mean of its products.

A cell takes all of it from here: ``input_sums`` and ``recurrent_sums`` on the way forwards, ``at_products`` on the way
back, ``parameter_gradients`` or ``side_gradients`` at the end, ``inputs_back`` for the layer below, and ``normalised``
where it writes its step as the textbook does. Without a norm each is the plain product, to the bit. Saved of every
step, beside the rest: what the state brings without its mean, "product_<name>" (what the input brings is made again),
and the inverse of what the products are divided by; over the batch also their statistics. Given these, the way back is
linear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from core.anatomy.base import STATISTICS, Normalisation
from core.cells.normalisation.loops import (
    OF_BATCH,
    SAVED,
    Products,
    Saved,
    Side,
    SideOfInputs,
    Sizes,
    add_inputs,
    at_inputs,
    gradients,
)
from core.cells.normalisation.plain import UNITS
from core.cells.normalisation.textbook import Norm, normalised, of_steps, sent_back
from core.cells.products import input_products, weight_gradient
from core.cells.trajectory import came_from

__all__ = [
    "OF_BATCH", "SAVED", "STATISTICS", "Norm", "Products", "Saved", "at_products", "back_weights", "input_sums",
    "inputs_back", "normalised", "of_steps", "parameter_gradients", "recurrent_sums", "sent_back", "side_gradients",
    "side_of", "side_of_inputs",
]  # fmt: skip


def centred(rows: Tensor, over: int, H: int) -> Tensor:
    """Weights (blocks·H, …), over units without their mean over each block's."""
    if over != UNITS:
        return rows
    blocks = rows.unflatten(0, (-1, H))
    return (blocks - blocks.mean(dim=1, keepdim=True)).flatten(0, 1)


def input_sums(
    weight: Tensor, bias: Tensor, norm: Norm | None, saved: Saved, H: int, out: Tensor | None = None
) -> Tensor:
    """(T, R, N): what the inputs in ``saved`` bring to every sum, biases included."""
    if norm is None:
        return input_products(weight, bias, saved["inputs"], out=out)
    x = saved["inputs"][:, :-1]
    sums = x.new_empty(len(x), len(weight), x.shape[2]) if out is None else out
    add_inputs(Sizes.room(saved, "ih", norm, H, x), centred(weight, norm.over, H), bias, x, sums)
    return sums


def recurrent_sums(
    U: Tensor, norm: Norm | None, saved: Saved, name: str, came: list[Tensor], slabs: Tensor
) -> Callable[[int], None]:
    """What adds to the sums ``slabs`` (T, R, N) of step t what U (R, H) makes of the state ``came``[t] (H, N)."""
    rooms = slabs.unbind()
    if norm is None:

        def add_plain(t: int) -> None:
            rooms[t].addmm_(U, came[t])

        return add_plain
    H = U.shape[1]
    product = Products.room(saved, name, norm, H, slabs)
    products, sums, weights = product.whole.unbind(), product.by_step(slabs), centred(U, norm.over, H)

    def add(t: int) -> None:
        torch.mm(weights, came[t], out=products[t])
        product.add(t, sums[t])

    return add


def at_products(norm: Norm | None, saved: Mapping[str, Tensor], name: str, alphas: Tensor) -> Callable[[int], Tensor]:
    """What gives ∂L/∂(product of step t) (R, N), once the gradients of its sums stand in ``alphas`` (T, R, N); with a
    norm for ``back_weights``."""
    rooms = alphas.unbind()
    if norm is None:
        return lambda t: rooms[t]
    product, room = Products(saved, name, norm, saved["h"].shape[1]), alphas.new_empty(1, *alphas.shape[1:])
    at, by_step = product.by_step(room)[0], product.by_step(alphas)

    def back(t: int) -> Tensor:
        product.back(t, by_step[t], at)
        return room[0]

    return back


def back_weights(U: Tensor, norm: Norm | None) -> Tensor:
    """Uᵀ, as ``at_products`` needs it."""
    return (U if norm is None else centred(U, norm.over, U.shape[1])).T.contiguous()


def inputs_back(weight: Tensor, norm: Norm | None, saved: Mapping[str, Tensor], alphas: Tensor) -> Tensor:
    """∂L/∂inputs (T, C, N) of ``input_sums``, from the gradients of its sums (T, R, N), with which the alphas begin."""
    if norm is not None:
        H = saved["h"].shape[1]
        weight = centred(weight, norm.over, H)
        alphas = at_inputs(Sizes(saved, "ih", norm, H), weight, saved["inputs"][:, :-1], alphas)
    return torch.bmm(weight.T.expand(len(alphas), -1, -1), alphas)


def side_of(norm: Norm, saved: Mapping[str, Tensor], name: str, factors: Tensor, first: int = 0) -> Side:
    """The weights that multiplied ``factors``, which bring the product ``name`` to the sums from block ``first`` on."""
    return Side(Products(saved, name, norm, saved["h"].shape[1]), factors, first)


def side_of_inputs(norm: Norm, saved: Mapping[str, Tensor], W: Tensor) -> Side:
    """That of the inputs, which all sums have a row of W from."""
    H = saved["h"].shape[1]
    return SideOfInputs(Sizes(saved, "ih", norm, H), saved["inputs"][:, :-1], centred(W, norm.over, H))


def side_gradients(alphas: Tensor, saved: Mapping[str, Tensor], sides: Mapping[str, Side]) -> Saved:
    """{"weight_…", "gain_…", "bias_…" of each side: ∂L/∂it}, rows in the loops' order."""
    H, found = saved["h"].shape[1], {}
    for (name, side), (weights, (gain, bias)) in zip(
        sides.items(), gradients(alphas, list(sides.values())), strict=True
    ):
        weights = centred(weights, side.sizes.over, H)
        found |= {f"weight_{name}": weights, f"gain_{name}": gain, f"bias_{name}": bias}
    return found


def parameter_gradients(
    kind: Normalisation,
    alphas: Tensor,
    saved: Mapping[str, Tensor],
    order: Callable[[Tensor], Tensor] | None = None,
    into: Callable[[Tensor], Tensor] | None = None,
) -> Saved:
    """∂L/∂parameters of a cell whose sums all see the same state, from ``alphas`` (T, R, N).

    ``order`` brings rows from the loops' order to the parameters', ``into`` the parameters' to the loops'.
    """
    H, order, into = saved["h"].shape[1], order or _as_they_are, into or _as_they_are
    by_input, by_state = (Norm.of(kind, saved, name) for name in ("ih", "hh"))
    if by_input is None or by_state is None:
        product = order(weight_gradient(alphas, came_from(saved, "h"), saved["inputs"]))
        W, U, b = product[:, H:-1].contiguous(), product[:, :H].contiguous(), product[:, -1]
        return {"weight_ih": W, "weight_hh": U, "bias_ih": b.clone(), "bias_hh": b.clone()}
    sides = {
        "ih": side_of_inputs(by_input.rows(into), saved, into(saved["weight_ih"])),
        "hh": side_of(by_state.rows(into), saved, "hh", came_from(saved, "h")),
    }
    found = side_gradients(alphas, saved, sides)
    return {name: order(rows).contiguous() for name, rows in found.items()}


def _as_they_are(rows: Tensor) -> Tensor:
    return rows
