"""The LSTM whose gates also see the cell state. Gers, Schraudolph & Schmidhuber 2002; docs/reference.md, "LSTM"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Literal, final

import torch
from torch import Tensor

from core.anatomy import Anatomy
from core.anatomy.peephole import PeepholeAnatomy
from core.cells import elementwise
from core.cells.base import Cell, Params, State
from core.cells.carousel import Carousel, without_peepholes
from core.cells.peephole import compiled, plain
from core.cells.trajectory import came_from
from core.cells.variants import forget_gate


@final
@dataclass(frozen=True)
class Peephole(Carousel):
    """The LSTM with p_i⊙c₋ and p_f⊙c₋ added to i and f, and p_o⊙c (the new c) to o, before the σ.

    ``peephole_gradient`` "full" is the derivative of that; "gers" stops the gradient at the peepholes, as the 2002
    paper does: no gradient reaches c through a gate, while p itself still learns. ``variant`` as of the LSTM; where
    there is no forget gate of its own there is no p_f.
    """

    peephole_gradient: Literal["full", "gers"] = "full"

    anatomy_type: ClassVar[type[Anatomy]] = PeepholeAnatomy

    def step(self, params: Params, x_t: Tensor, state: State) -> tuple[State, dict[str, Tensor]]:
        h, c = state
        sums, p = self.sums_of(params, x_t, h), self.peepholes(params)
        sums |= {q: sums[q] + p[q] * self.seen(c) for q in ("i", "f") if q in p}
        i, f, g = torch.sigmoid(sums["i"]), forget_gate(self.variant, sums), torch.tanh(sums["g"])
        c = f * c + i * g
        o = torch.sigmoid(sums["o"] + p["o"] * self.seen(c))
        return (o * self.output(params, c), c), {"i": i, "f": f, "g": g, "o": o}

    def seen(self, c: Tensor) -> Tensor:
        return c if self.peephole_gradient == "full" else c.detach()

    def _forward_of_a_step(self, params: Params, h: Tensor) -> Callable[..., None]:
        p = elementwise.over_batch(params["weight_peephole"], h.shape[2])
        return partial(elementwise.choose(h, plain, compiled).forward, p, self.hands)

    def _backward_of_a_step(self, params: Params, grad_h: Tensor) -> Callable[..., None]:
        if self.stops_gradient:
            return partial(without_peepholes(grad_h).backward, self.hands)
        p = elementwise.over_batch(params["weight_peephole"], grad_h.shape[2])
        return partial(elementwise.choose(grad_h, plain, compiled).backward, p, self.hands)

    def _parameters(self, alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        c_before, after = came_from(saved, "c"), saved["c"][1:]
        blocks = alphas.unflatten(1, (-1, after.shape[1]))
        by_gate = [
            (blocks[:, self._sums[q]] * (after if q == "o" else c_before)).sum(dim=(0, 2))
            for q in self.anatomy.peepholes
        ]
        return super()._parameters(alphas, saved) | {"weight_peephole": torch.stack(by_gate)}

    def without_peepholes(self, params: dict[str, Tensor], how: str) -> tuple[Cell, dict[str, Tensor]]:
        if how == "removed":
            return self, params | {"weight_peephole": torch.zeros_like(params["weight_peephole"])}
        return replace(self, peephole_gradient="gers"), params

    @property
    def analytic(self) -> bool:
        return not self.stops_gradient

    @property
    def stops_gradient(self) -> bool:
        return self.peephole_gradient == "gers"
