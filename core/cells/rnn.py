"""The plain RNN: h = φ(W x + U h₋ + b). Elman 1990; REFERENCE section 2."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from torch import Tensor

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
from core.cells.initialisation import Layout
from core.cells.products import input_products, weight_gradient, with_one


@final
@dataclass(frozen=True)
class RNN(Cell):
    """h = φ(W x + U h₋ + b), with φ = tanh or ReLU."""

    activation: Literal["tanh", "relu"] = "tanh"

    name: ClassVar[str] = "rnn"
    gate_names: ClassVar[tuple[str, ...]] = ()
    state_parts: ClassVar[tuple[str, ...]] = ("h",)
    layout: ClassVar[Layout] = Layout(blocks=1)

    def step(self, params: Params, x_t: Tensor, state: State) -> tuple[State, dict[str, Tensor]]:
        (h,) = state
        W, U, b = params["weight_ih"], params["weight_hh"], params["bias_ih"] + params["bias_hh"]
        pre = x_t @ W.T + h @ U.T + b
        return (torch.tanh(pre) if self.activation == "tanh" else torch.relu(pre),), {}

    @torch.no_grad()
    def forward(
        self, params: Params, x: Tensor, state: State | None = None, *, resets: Collection[int] = ()
    ) -> Trajectory:
        inputs, U = with_one(x), params["weight_hh"]
        activate = Tensor.tanh_ if self.activation == "tanh" else Tensor.relu_
        (first,) = initial_state(self, params, x.shape[1], state)
        h = states(first, len(x))
        h[1:] = input_products(params["weight_ih"], params["bias_ih"] + params["bias_hh"], inputs)
        for h_before, after in zip(before(h, resets), h[1:].unbind()):
            activate(after.addmm_(U, h_before))
        return trajectory_of({"inputs": inputs, "h": h}, {}, resets)

    def _carry_back(
        self, params: Params, saved: dict[str, Tensor], grad_h: Tensor, grad_c: Tensor | None, carry: Carry
    ) -> Tensor:
        U_back, slopes = params["weight_hh"].T.contiguous(), self._slope(saved["h"][1:])
        arriving, alphas, clamp = grad_h.unbind(), slopes.unbind(), carry.clamp
        for t in range(len(alphas) - 1, -1, -1):
            alphas[t].mul_(arriving[t + 1])
            if t in carry.cuts:
                continue
            if clamp is None:
                arriving[t].addmm_(U_back, alphas[t])
            else:
                arriving[t].add_(torch.mm(U_back, alphas[t]).clamp_(-clamp, clamp))
        return slopes

    def _slope(self, h: Tensor) -> Tensor:
        """φ' in terms of φ's value."""
        if self.activation == "tanh":
            return torch.addcmul(h.new_ones(()), h, h, value=-1)
        return (h <= 0).logical_not_().to(h.dtype)  # so that a NaN passes as it does in autograd

    @staticmethod
    def _parameters(alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        by_h, by_input = weight_gradient(alphas, came_from(saved, "h"), saved["inputs"])
        W, b = by_input[:, :-1], by_input[:, -1]
        return {"weight_ih": W.contiguous(), "weight_hh": by_h.contiguous(), "bias_ih": b.clone(), "bias_hh": b.clone()}
