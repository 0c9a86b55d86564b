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

    def of_gain(self, alphas: Tensor) -> Tensor:
        """(2, rows): ∂L/∂gain and ∂L/∂bias of sums whose gradients are ``alphas`` (T, rows, N)."""
        found = alphas.new_zeros(2, *self.shape)
        do_with = self.over, self.by_gate(self.whole), self.inverse, self.by_gate(alphas.contiguous())
        self.do.of_gain(*do_with, elementwise.array(found))
        return found.flatten(1)


def some_steps(rows: Tensor) -> tuple[int, Iterator[slice]]:
    """Of ``rows`` (T, R, N) how many steps are taken at once, and all of them so many at a time."""
    T, count = len(rows), max(1, AT_ONCE // max(1, rows[0].numel()))
    return count, (slice(first, min(first + count, T)) for first in range(0, T, count))


def add_inputs(sizes: Sizes, weights: Tensor, bias: Tensor, inputs: Tensor, sums: Tensor) -> None:
    """``sums`` (T, R, N) of all steps: the products of ``inputs`` (T, C, N), normalised, and the bias. The products are
    not kept: with the few columns of the weights they are made again sooner than read."""
    (steps, parts), by_gate, bias = some_steps(sums), sizes.by_gate(sums), bias[:, None]
    room = sums.new_empty(steps, *sums.shape[1:])
    products, (mean, variance) = sizes.by_gate(room), sizes.statistics
    for some in parts:
        count = some.stop - some.start
        torch.bmm(weights.expand(count, -1, -1), inputs[some], out=room[:count])
        sums[some] = bias
        sizes.do.normalise(
            sizes.over, sizes.gain, products[:count], sizes.inverse[some], mean[some], variance[some], by_gate[some]
        )


class Side:
    """The products of some weights, and the gradients of them.

    rows      which rows of the alphas are those of its sums
    factors   (T, F, N) what the weights multiply
    weights   (R, F) centred, where the products are to be made again; None where ``sizes`` has them
    """

    def __init__(self, sizes: Sizes, rows: slice, factors: Tensor, weights: Tensor | None = None) -> None:
        self.sizes, self._rows, self._factors, self._weights = sizes, rows, factors, weights

    def prepare(self, alphas: Tensor, steps: int) -> None:
        """Room for ``steps`` at a time, and for what is found."""
        sizes, R = self.sizes, self.sizes.gain.size
        self._room, self._at = alphas.new_empty(2, steps, R, alphas.shape[2])
        self._by_gate = sizes.by_gate(self._room), sizes.by_gate(self._at)
        self._kept = sizes.by_gate(sizes.whole if isinstance(sizes, Products) else self._room)
        own = alphas[:, self._rows]
        self._alphas = sizes.by_gate(own) if own.is_contiguous() else None
        self.weights, self._of_sums = alphas.new_zeros(R, self._factors.shape[1]), alphas.new_zeros(2, *sizes.shape)
        self._found = elementwise.array(self._of_sums)

    def add(self, some: slice, given: Tensor) -> None:
        """What some steps add, whose alphas are ``given``."""
        arrays = self._back(some, given)
        self.sizes.do.of_gain(self.sizes.over, *arrays, self._found)
        self.weights.addbmm_(self._at[: len(given)], self._factors[some].transpose(1, 2))

    def _back(self, some: slice, given: Tensor) -> tuple[Any, Any, Any]:
        """∂L/∂(products of these steps), in the room for them, and what it came from: products, sizes and alphas."""
        sizes, count = self.sizes, len(given)
        own = sizes.by_gate(given[:, self._rows].contiguous()) if self._alphas is None else self._alphas[some]
        arrays = self._products(some, count), sizes.inverse[some], own
        sizes.do.normalise_backward(sizes.over, sizes.gain, *arrays, self._by_gate[1][:count])
        return arrays

    def all_at_products(self, alphas: Tensor) -> Tensor:
        """∂L/∂products (T, R, N), still to be centred."""
        steps, parts = some_steps(alphas)
        self.prepare(alphas, steps)
        whole = torch.empty(alphas.shape, dtype=alphas.dtype, device=alphas.device)
        for some in parts:
            self._back(some, alphas[some])
            whole[some] = self._at[: some.stop - some.start]
        return whole

    @property
    def of_sums(self) -> Tensor:
        """∂L/∂gain and ∂L/∂bias (2, R)."""
        return self._of_sums.flatten(1)

    def _products(self, some: slice, count: int) -> Any:
        """Those of some steps, without their mean."""
        if self._weights is None:
            return self._kept[some]
        room = self._room[:count]
        torch.bmm(self._weights.expand(count, -1, -1), self._factors[some], out=room)
        if self.sizes.over != UNITS:
            room.sub_(self.sizes.mean[some].flatten(1).unsqueeze(2))
        return self._by_gate[0][:count]


def gradients(alphas: Tensor, sides: Sequence[Side]) -> list[tuple[Tensor, Tensor]]:
    """Of each side ∂L/∂weights (R, F), still to be centred, and ∂L/∂gain and ∂L/∂bias (2, R); alphas (T, …, N)."""
    steps, parts = some_steps(alphas)
    for side in sides:
        side.prepare(alphas, steps)
    for some in parts:
        given = alphas[some].contiguous()
        for side in sides:
            side.add(some, given)
    return [(side.weights, side.of_sums) for side in sides]
