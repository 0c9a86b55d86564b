"""The plain RNN: h = φ(W x + U h₋ + b). Elman 1990; REFERENCE section 2."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar, Literal, final

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
from core.cells.initialisation import Layout
from core.cells.products import input_products, weight_gradient, with_one


@final
@dataclass(frozen=True)
class RNN(Cell):
    """h = φ(W x + U h₋ + b), with φ = tanh or ReLU."""

    activation: Literal["tanh", "relu"] = "tanh"

    name: ClassVar[str] = "rnn"
    state_parts: ClassVar[tuple[str, ...]] = ("h",)

    @property
    def gate_names(self) -> tuple[str, ...]:
        return ()

    @property
    def layout(self) -> Layout:
        return Layout(blocks=1)

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
        (first,) = initial_state(self, params, x.shape[1], state)
        h = states(first, len(x))
        input_products(params["weight_ih"], params["bias_ih"] + params["bias_hh"], inputs, out=h[1:])
        activate = getattr(elementwise.of(h), self.activation)
        for h_before, after, flat in zip(before(h, resets), h[1:].unbind(), elementwise.steps(h[1:]), strict=True):
            after.addmm_(U, h_before)
            activate(flat)
        return trajectory_of({"inputs": inputs, "h": h}, {}, resets)

    def _carry_back(
        self, params: Params, saved: dict[str, Tensor], grad_h: Tensor, grad_c: Tensor | None, carry: Carry
    ) -> Tensor:
        U_back, h = params["weight_hh"].T.contiguous(), saved["h"][1:]
        backward, alphas = getattr(elementwise.of(h), f"{self.activation}_backward"), torch.empty_like(h)
        hs, m_h, flat = (elementwise.steps(part) for part in (h, grad_h[1:], alphas))
        arriving, slabs = grad_h.unbind(), alphas.unbind()
        for t in range(len(slabs) - 1, -1, -1):
            backward(hs[t], m_h[t], flat[t])
            local = carry.set_aside(t, arriving[t])
            arriving[t].addmm_(U_back, slabs[t])
            if local is not None:
                carry.limit(t, arriving[t]).add_(local)
        return alphas

    @staticmethod
    def _parameters(alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        product, H = weight_gradient(alphas, came_from(saved, "h"), saved["inputs"]), alphas.shape[1]
        W, U, b = product[:, H:-1].contiguous(), product[:, :H].contiguous(), product[:, -1]
        return {"weight_ih": W, "weight_hh": U, "bias_ih": b.clone(), "bias_hh": b.clone()}
