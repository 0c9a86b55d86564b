"""The LSTM whose gates also see the cell state. Gers, Schraudolph & Schmidhuber 2002; REFERENCE section 2."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal, final

import torch
from torch import Tensor

from core.cells import elementwise
from core.cells.base import (
    Carry,
    Cell,
    Params,
    State,
    Trajectory,
    before,
    came_from,
    initial_state,
    states,
    trajectory_of,
)
from core.cells.carousel import BLOCKS, F, I, O, carry_back, loop_order, parameter_gradients
from core.cells.elementwise import over_batch
from core.cells.initialisation import Layout
from core.cells.products import input_products, with_one


@final
@dataclass(frozen=True)
class Peephole(Cell):
    """The LSTM with p_i⊙c₋ and p_f⊙c₋ added to i and f, and p_o⊙c (the new c) to o, before the σ.

    ``gradient`` "full" is the derivative of that; "gers" stops the gradient at the peepholes, as the 2002 paper does:
    no gradient reaches c through a gate, while p itself still learns.
    """

    gradient: Literal["full", "gers"] = "full"

    name: ClassVar[str] = "peephole"
    gate_names: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    state_parts: ClassVar[tuple[str, ...]] = ("h", "c")
    layout: ClassVar[Layout] = Layout(blocks=4, forget=1, keep=1, enter=0, peepholes=3)

    def step(self, params: Params, x_t: Tensor, state: State) -> tuple[State, dict[str, Tensor]]:
        h, c = state
        W, U, b = params["weight_ih"], params["weight_hh"], params["bias_ih"] + params["bias_hh"]
        p_i, p_f, p_o = params["weight_peephole"]
        i, f, g, o = (x_t @ W.T + h @ U.T + b).chunk(4, dim=1)
        i, f, g = torch.sigmoid(i + p_i * self._seen(c)), torch.sigmoid(f + p_f * self._seen(c)), torch.tanh(g)
        c = f * c + i * g
        o = torch.sigmoid(o + p_o * self._seen(c))
        return (o * torch.tanh(c), c), {"i": i, "f": f, "g": g, "o": o}

    def _seen(self, c: Tensor) -> Tensor:
        """c as the gates see it."""
        return c if self.gradient == "full" else c.detach()

    @torch.no_grad()
    def forward(
        self, params: Params, x: Tensor, state: State | None = None, *, resets: Collection[int] = ()
    ) -> Trajectory:
        (T, N, _), inputs = x.shape, with_one(x)
        W, U = loop_order(params["weight_ih"]), loop_order(params["weight_hh"])
        pre = input_products(W, loop_order(params["bias_ih"] + params["bias_hh"]), inputs)
        h, c = (states(first, T) for first in initial_state(self, params, N, state))
        gates, tanh_c = pre.view(T, 4, -1, N), torch.empty_like(c[1:])
        self._loop(U, over_batch(params["weight_peephole"], N), gates, h, c, tanh_c, resets)
        saved = {"inputs": inputs, "h": h, "c": c, "tanh_c": tanh_c, "gates": gates}
        return trajectory_of(saved, BLOCKS, resets)

    @staticmethod
    def _loop(U: Tensor, p: Any, gates: Tensor, h: Tensor, c: Tensor, tanh_c: Tensor, resets: Collection[int]) -> None:
        """From the input products in ``gates`` and from h[0], c[0], everything in place; p (3, H·N)."""
        forward = elementwise.of(h).peephole_forward
        c_before = elementwise.before(c, resets)
        flat, hs, cs, tanhs = (elementwise.steps(part) for part in (gates, h[1:], c[1:], tanh_c))
        for t, (slab, h_before) in enumerate(zip(gates.flatten(1, 2).unbind(), before(h, resets), strict=True)):
            slab.addmm_(U, h_before)
            forward(p, flat[t], c_before[t], cs[t], tanhs[t], hs[t])

    def _carry_back(
        self, params: Params, saved: dict[str, Tensor], grad_h: Tensor, grad_c: Tensor | None, carry: Carry
    ) -> Tensor:
        assert grad_c is not None
        step = elementwise.of(grad_h)
        p = over_batch(params["weight_peephole"], grad_h.shape[2])
        backward = partial(step.peephole_backward, p) if self.gradient == "full" else step.lstm_backward
        return carry_back(backward, saved, grad_h, grad_c, params["weight_hh"], carry)

    @staticmethod
    def _parameters(alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        c_before, after, blocks = came_from(saved, "c"), saved["c"][1:], alphas.unflatten(1, (4, -1))
        by_gate = [(blocks[:, gate] * c).sum(dim=(0, 2)) for gate, c in ((I, c_before), (F, c_before), (O, after))]
        return parameter_gradients(alphas, saved) | {"weight_peephole": torch.stack(by_gate)}
