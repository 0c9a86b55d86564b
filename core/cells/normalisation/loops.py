"""The normalised products of a cell's loops, forwards and on the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from core.cells import elementwise
from core.cells.normalisation import compiled, plain
from core.cells.normalisation.plain import UNITS
from core.cells.normalisation.textbook import Norm

Saved = dict[str, Tensor]
OF_BATCH = ("mean_of_batch_", "variance_of_batch_", "inverse_of_batch_")
"""What is saved of no sequence: (T, rows) each."""
SAVED = ("product_", "inverse_", *OF_BATCH)
"""How the names of all that is saved of a normalisation begin."""
AT_ONCE = 1 << 17
"""Numbers of so few steps that what is written for them is still in the cache when it is read."""
FEW = 16
"""Columns of weights up to which a loop finds their gradients sooner than a matrix product."""


class Sizes:
    """What the products of every step are divided by, and over the batch their statistics, in ``saved`` and in the
    loops' order; (T, blocks, N) over units, (T, rows) otherwise."""

    def __init__(self, saved: Mapping[str, Tensor], name: str, norm: Norm, H: int) -> None:
        self.over, self.shape = norm.over, (len(norm.gain) // H, H)
        self.gain = elementwise.array(norm.gain.detach().reshape(self.shape).contiguous())
        if norm.over == UNITS:
            self._inverse = saved[f"inverse_{name}"]
            self.mean = self._variance = self._inverse[:, :, :0]
        else:
            self.mean, self._variance, self._inverse = (saved[f"{what}{name}"].unflatten(1, self.shape)
                                                        for what in OF_BATCH)  # fmt: skip
        self.do = elementwise.choose(self._inverse, plain, compiled)
        self.inverse = elementwise.array(self._inverse)
        self.statistics = tuple(elementwise.array(x) for x in (self.mean, self._variance))

    @classmethod
    def room(cls, saved: Saved, name: str, norm: Norm, H: int, like: Tensor) -> Sizes:
        """With places in ``saved`` for as many steps and sequences as ``like`` (T, …, N) has."""
        (T, N), rows = (len(like), like.shape[-1]), len(norm.gain)
        if norm.over == UNITS:
            saved[f"inverse_{name}"] = like.new_empty(T, rows // H, N)
        else:
            saved |= {f"{what}{name}": like.new_empty(T, rows) for what in OF_BATCH}
        if norm.mean is not None and norm.variance is not None:
            for what, held in zip(OF_BATCH, (norm.mean, norm.variance), strict=False):
                saved[f"{what}{name}"][:] = held
        return cls(saved, name, norm, H)

    def by_gate(self, rows: Tensor) -> Any:
        """(T, blocks·H, N) as the functions of ``do`` take it; it shares its memory."""
        return elementwise.array(rows.unflatten(1, self.shape))


class Products(Sizes):
    """The products themselves too, (T, blocks·H, N) without their mean, step by step.

    Over units they come without it, and what ``back`` gives is still to be centred.
    """

    def __init__(self, saved: Mapping[str, Tensor], name: str, norm: Norm, H: int) -> None:
        super().__init__(saved, name, norm, H)
        self.whole = saved[f"product_{name}"]
        self._at = list(zip(self.by_step(self.whole), elementwise.each(self._inverse), strict=True))

    @cached_property
    def _with_statistics(self) -> list[tuple[Any, ...]]:
        """Product, inverse size, mean and variance of each step; over units there are none of the last two."""
        none = [elementwise.array(self.mean[:1])] * len(self._at)
        given = [none, none] if self.over == UNITS else [elementwise.each(x) for x in (self.mean, self._variance)]
        return [(*own, *more) for own, *more in zip(self._at, *given, strict=True)]

    @classmethod
    def room(cls, saved: Saved, name: str, norm: Norm, H: int, like: Tensor) -> Products:
        saved[f"product_{name}"] = like.new_empty(len(like), len(norm.gain), like.shape[-1])
        Sizes.room(saved, name, norm, H, like)
        return cls(saved, name, norm, H)

    def by_step(self, rows: Tensor) -> list[Any]:
        """(T, blocks·H, N) step by step, as ``add`` and ``back`` take them; they share its memory."""
        return elementwise.each(rows.unflatten(1, self.shape))

    def add(self, t: int, sums: Any) -> None:
        """Normalise the products of step t and add them to its ``sums``."""
        self.do.normalise(self.over, self.gain, *self._with_statistics[t], sums)

    def back(self, t: int, alphas: Any, at_product: Any) -> None:
        """The gradient of step t's products from that of its sums."""
        self.do.normalise_backward(self.over, self.gain, *self._at[t], alphas, at_product)

    def hand_out(self, t: int, squash: bool, gate: Any, c: Any, seen: Any, h: Any) -> None:
        """The product being c (1, 1, H, N): ``seen`` gets it normalised, and h what the gate lets through."""
        self.do.hand_out(self.over, self.gain, squash, gate, c, *self._with_statistics[t], seen, h)

    def hand_in(self, t: int, squash: bool, gate: Any, seen: Any, m_h: Any, at_sum: Any, m_c: Any) -> None:
        """The way back of ``hand_out``: m_c gets what m_h sends to c."""
        self.do.hand_out_backward(self.over, self.gain, squash, gate, seen, *self._at[t], m_h, at_sum, m_c)

    def of_gain(self, alphas: Tensor, first: int) -> Tensor:
        """(2, rows): ∂L/∂gain and ∂L/∂bias of sums whose gradients are the rows of ``alphas`` (T, …, N) from block
        ``first`` on."""
        found = alphas.new_zeros(2, *self.shape)
        given = self.by_gate(self.whole), self.inverse, first, by_blocks(alphas, self.shape[1])
        self.do.of_gain(self.over, *given, elementwise.array(found))
        return found.flatten(1)


def by_blocks(alphas: Tensor, H: int) -> Any:
    """(T, blocks·H, N) as the functions take them; it shares its memory."""
    return elementwise.array(alphas.unflatten(1, (-1, H)))


def some_steps(rows: Tensor) -> tuple[int, Iterator[slice]]:
    """Of ``rows`` (T, R, N) how many steps are taken at once, and all of them so many at a time."""
    T, count = len(rows), max(1, AT_ONCE // max(1, rows[0].numel()))
    return count, (slice(first, min(first + count, T)) for first in range(0, T, count))


def add_inputs(sizes: Sizes, weights: Tensor, bias: Tensor, inputs: Tensor, sums: Tensor) -> None:
    """``sums`` (T, R, N) of all steps: the products of ``inputs`` (T, C, N), normalised, and the bias. The products are
    not kept: with the few columns of the weights they are made again sooner than read."""
    (_, parts), by_gate, (mean, variance) = some_steps(sums), sizes.by_gate(sums), sizes.statistics
    given = sizes.over, sizes.gain, elementwise.array(bias.detach().reshape(sizes.shape).contiguous())
    for some in parts:
        torch.bmm(weights.expand(some.stop - some.start, -1, -1), inputs[some], out=sums[some])
        sizes.do.normalise_in_place(*given, sizes.inverse[some], mean[some], variance[some], by_gate[some])


def at_inputs(sizes: Sizes, weights: Tensor, inputs: Tensor, alphas: Tensor) -> Tensor:
    """∂L/∂products (T, R, N) of ``add_inputs``, still to be centred, from alphas (T, …, N) that begin with theirs."""
    whole = alphas.new_empty(len(alphas), len(weights), alphas.shape[2])
    (steps, parts), by_gate = some_steps(whole), sizes.by_gate(whole)
    room = torch.empty_like(whole[:steps])
    for some in parts:
        product = _made_again(sizes, weights, inputs, some, room)
        own = sizes.by_gate(alphas[some, : len(weights)].contiguous())
        sizes.do.normalise_backward(sizes.over, sizes.gain, product, sizes.inverse[some], own, by_gate[some])
    return whole


def _made_again(sizes: Sizes, weights: Tensor, inputs: Tensor, some: slice, room: Tensor) -> Any:
    """The products of some steps without their mean, in ``room``."""
    room = room[: some.stop - some.start]
    torch.bmm(weights.expand(len(room), -1, -1), inputs[some], out=room)
    if sizes.over != UNITS:
        room.sub_(sizes.mean[some].flatten(1).unsqueeze(2))
    return sizes.by_gate(room)


class Side:
    """The products of some weights that were kept, and the gradients of them.

    factors   (T, F, N) what the weights (R, F) multiply
    first     which block of the alphas is the first of its sums
    """

    def __init__(self, sizes: Sizes, factors: Tensor, first: int = 0) -> None:
        self.sizes, self.factors, self._first = sizes, factors, first

    def prepare(self, alphas: Tensor, steps: int) -> None:
        """Room for what is found of ``alphas`` (T, …, N), so many ``steps`` at a time."""
        rows, shape, F = self.sizes.gain.size, self.sizes.shape, self.factors.shape[1]
        self.weights, self._of_sums = alphas.new_zeros(rows, F), alphas.new_zeros(2, *shape)
        self._alphas, self._found = by_blocks(alphas, shape[1]), elementwise.array(self._of_sums)
        self._at = alphas.new_empty(steps, rows, alphas.shape[2])
        self._together, few = F > FEW, slice(0, F if F <= FEW else 0)
        self._few = elementwise.array(self.factors[:, few].contiguous())
        self._of_few = elementwise.array(self.weights[:, few].unflatten(0, shape))

    def products(self, some: slice) -> Any:
        """Those of some steps, without their mean."""
        assert isinstance(self.sizes, Products)
        return self.sizes.by_gate(self.sizes.whole)[some]

    def add(self, some: slice) -> None:
        """What some steps add."""
        sizes, at = self.sizes, self._at[: some.stop - some.start]
        given = self.products(some), sizes.inverse[some], self._first, self._alphas[some], self._few[some]
        sizes.do.to_parameters(sizes.over, sizes.gain, *given, sizes.by_gate(at), self._of_few, self._found)
        if self._together:
            self.weights.addbmm_(at, self.factors[some].transpose(1, 2))

    @property
    def of_sums(self) -> Tensor:
        """∂L/∂gain and ∂L/∂bias (2, R)."""
        return self._of_sums.flatten(1)


class SideOfInputs(Side):
    """Products of inputs, that are made again from their ``weights`` (R, F), centred."""

    def __init__(self, sizes: Sizes, factors: Tensor, weights: Tensor) -> None:
        super().__init__(sizes, factors)
        self._of = weights

    def prepare(self, alphas: Tensor, steps: int) -> None:
        super().prepare(alphas, steps)
        self._room = torch.empty_like(self._at)

    def products(self, some: slice) -> Any:
        return _made_again(self.sizes, self._of, self.factors, some, self._room)


def gradients(alphas: Tensor, sides: Sequence[Side]) -> list[tuple[Tensor, Tensor]]:
    """Of each side ∂L/∂weights (R, F), still to be centred, and ∂L/∂gain and ∂L/∂bias (2, R); alphas (T, …, N)."""
    alphas = alphas.contiguous()
    steps, parts = some_steps(alphas)
    for side in sides:
        side.prepare(alphas, steps)
    for some in parts:
        for side in sides:
            side.add(some)
    return [(side.weights, side.of_sums) for side in sides]
