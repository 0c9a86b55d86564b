"""The LSTM with a forget gate. Hochreiter & Schmidhuber 1997, Gers 2000; REFERENCE section 2 with p = 0."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from core.cells import elementwise
from core.cells.base import Carry, Cell, Params, State, Trajectory, before, initial_state, states, trajectory_of
from core.cells.carousel import BLOCKS, carry_back, loop_order, parameter_gradients
from core.cells.initialisation import Layout
from core.cells.products import input_products, with_one


@final
@dataclass(frozen=True)
class LSTM(Cell):
    """c = f⊙c₋ + i⊙g, h = o⊙tanh c, with i f o = σ(W x + U h₋ + b) and g = tanh(W x + U h₋ + b)."""

    name: ClassVar[str] = "lstm"
    gate_names: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    state_parts: ClassVar[tuple[str, ...]] = ("h", "c")
    layout: ClassVar[Layout] = Layout(blocks=4, forget=1, keep=1, enter=0)

    def step(self, params: Params, x_t: Tensor, state: State) -> tuple[State, dict[str, Tensor]]:
        h, c = state
        W, U, b = params["weight_ih"], params["weight_hh"], params["bias_ih"] + params["bias_hh"]
        i, f, g, o = (x_t @ W.T + h @ U.T + b).chunk(4, dim=1)
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        c = f * c + i * g
        return (o * torch.tanh(c), c), {"i": i, "f": f, "g": g, "o": o}

    @torch.no_grad()
    def forward(
        self, params: Params, x: Tensor, state: State | None = None, *, resets: Collection[int] = ()
    ) -> Trajectory:
        (T, N, _), inputs = x.shape, with_one(x)
        W, U = loop_order(params["weight_ih"]), loop_order(params["weight_hh"])
        pre = input_products(W, loop_order(params["bias_ih"] + params["bias_hh"]), inputs)
        h, c = (states(first, T) for first in initial_state(self, params, N, state))
        gates, tanh_c = pre.view(T, 4, -1, N), torch.empty_like(c[1:])
        self._loop(U, gates, h, c, tanh_c, resets)
        saved = {"inputs": inputs, "h": h, "c": c, "tanh_c": tanh_c, "gates": gates}
        return trajectory_of(saved, BLOCKS, resets)

    @staticmethod
    def _loop(U: Tensor, gates: Tensor, h: Tensor, c: Tensor, tanh_c: Tensor, resets: Collection[int]) -> None:
        """From the input products in ``gates`` and from h[0], c[0], everything in place."""
        forward = elementwise.of(h).lstm_forward
        c_before = elementwise.before(c, resets)
        flat, hs, cs, tanhs = (elementwise.steps(part) for part in (gates, h[1:], c[1:], tanh_c))
        for t, (slab, h_before) in enumerate(zip(gates.flatten(1, 2).unbind(), before(h, resets), strict=True)):
            slab.addmm_(U, h_before)
            forward(flat[t], c_before[t], cs[t], tanhs[t], hs[t])

    def _carry_back(
        self, params: Params, saved: dict[str, Tensor], grad_h: Tensor, grad_c: Tensor | None, carry: Carry
    ) -> Tensor:
        assert grad_c is not None
        return carry_back(elementwise.of(grad_h).lstm_backward, saved, grad_h, grad_c, params["weight_hh"], carry)

    @staticmethod
    def _parameters(alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        return parameter_gradients(alphas, saved)
