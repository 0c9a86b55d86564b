"""The gated recurrent unit, z the keep gate. Cho 2014 (reset before), torch and cuDNN (after); REFERENCE section 2."""

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
class GRU(Cell):
    """h = (1−z)⊙n + z⊙h₋, with r z = σ(W x + U h₋ + b).

    reset "after":  n = tanh(W_n x + b_in + r⊙m),  m = U_n h₋ + b_hn
    reset "before": n = tanh(W_n x + b_in + U_n(r⊙h₋) + b_hn)
    """

    reset: Literal["after", "before"] = "after"

    name: ClassVar[str] = "gru"
    state_parts: ClassVar[tuple[str, ...]] = ("h",)

    @property
    def gate_names(self) -> tuple[str, ...]:
        return ("r", "z", "n")

    @property
    def layout(self) -> Layout:
        return Layout(blocks=3, keep=1)

    def step(self, params: Params, x_t: Tensor, state: State) -> tuple[State, dict[str, Tensor]]:
        (h,) = state
        U_r, U_z, U_n = params["weight_hh"].chunk(3)
        b_r, b_z, b_n = params["bias_hh"].chunk(3)
        r, z, n = (x_t @ params["weight_ih"].T + params["bias_ih"]).chunk(3, dim=1)
        r, z = torch.sigmoid(r + h @ U_r.T + b_r), torch.sigmoid(z + h @ U_z.T + b_z)
        reset = r * (h @ U_n.T + b_n) if self.reset == "after" else (r * h) @ U_n.T + b_n
        n = torch.tanh(n + reset)
        return ((1 - z) * n + z * h,), {"r": r, "z": z, "n": n}

    @torch.no_grad()
    def forward(
        self, params: Params, x: Tensor, state: State | None = None, *, resets: Collection[int] = ()
    ) -> Trajectory:
        (T, N, _), inputs, U = x.shape, with_one(x), params["weight_hh"]
        (first,) = initial_state(self, params, N, state)
        h, drop = states(first, T), first.new_empty(T, *first.shape)  # drop: h₋ − n
        if self.reset == "after":
            slabs = input_products(*_rows_after(params), inputs)
            _loop_after(U, slabs, h, drop, resets)
        else:
            slabs = input_products(params["weight_ih"], params["bias_ih"] + params["bias_hh"], inputs)
        gates = slabs.view(T, -1, len(first), N)
        saved = {"inputs": inputs, "h": h, "drop": drop, "gates": gates}
        if self.reset == "before":
            saved["reset_h"] = torch.empty_like(drop)
            _loop_before(U, slabs, h, drop, saved["reset_h"], resets)
        return trajectory_of(saved, {"r": 0, "z": 1, "n": gates.shape[1] - 1}, resets)

    def _carry_back(
        self, params: Params, saved: dict[str, Tensor], grad_h: Tensor, grad_c: Tensor | None, carry: Carry
    ) -> Tensor:
        return (_back_after if self.reset == "after" else _back_before)(params["weight_hh"], saved, grad_h, carry)

    @staticmethod
    def _parameters(alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        return (_parameters_before if "reset_h" in saved else _parameters_after)(alphas, saved)


# Reset after the product. Blocks r z m n, where m = U_n h₋ + b_hn and n starts as W_n x + b_in.


def _rows_after(params: Params) -> tuple[Tensor, Tensor]:
    """(4H, C) weights and (4H,) biases of the input products: m takes no input, only its bias."""
    (W_rz, W_n), (b, b_n) = (
        params[name].tensor_split((2 * len(params[name]) // 3,)) for name in ("weight_ih", "bias_ih")
    )
    d, d_n = params["bias_hh"].tensor_split((len(b),))
    return torch.cat([W_rz, torch.zeros_like(W_n), W_n]), torch.cat([b + d, d_n, b_n])


def _loop_after(U: Tensor, slabs: Tensor, h: Tensor, drop: Tensor, resets: Collection[int]) -> None:
    H, forward = U.shape[1], elementwise.of(h).gru_after_forward
    came = elementwise.before(h, resets)
    gates, hs, drops = (elementwise.steps(part) for part in (slabs.unflatten(1, (4, H)), h[1:], drop))
    for t, (recurrent, h_before) in enumerate(zip(slabs[:, : 3 * H].unbind(), before(h, resets), strict=True)):
        recurrent.addmm_(U, h_before)
        forward(gates[t], came[t], drops[t], hs[t])


def _back_after(U: Tensor, saved: dict[str, Tensor], grad_h: Tensor, carry: Carry) -> Tensor:
    backward, U_back = elementwise.of(grad_h).gru_after_backward, U.T.contiguous()
    alphas = torch.empty_like(saved["gates"])
    gates, drop, m_h, flat = (elementwise.steps(part) for part in (saved["gates"], saved["drop"], grad_h, alphas))
    arriving, recurrent = grad_h.unbind(), alphas[:, :3].flatten(1, 2).unbind()
    for t in range(len(recurrent) - 1, -1, -1):
        local = carry.set_aside(t, arriving[t])
        backward(gates[t], drop[t], m_h[t + 1], flat[t], m_h[t])
        arriving[t].addmm_(U_back, recurrent[t])
        if local is not None:
            carry.limit(t, arriving[t]).add_(local)
    return alphas.flatten(1, 2)


def _parameters_after(alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
    H, by_input = saved["h"].shape[1], weight_gradient(alphas, saved["inputs"])
    rzn = torch.cat([by_input[: 2 * H], by_input[3 * H :]])
    return {
        "weight_ih": rzn[:, :-1].contiguous(),
        "weight_hh": weight_gradient(alphas[:, : 3 * H], came_from(saved, "h")),
        "bias_ih": rzn[:, -1].clone(),
        "bias_hh": by_input[: 3 * H, -1].clone(),
    }


# Reset before the product. Blocks r z n.


def _loop_before(U: Tensor, slabs: Tensor, h: Tensor, drop: Tensor, reset_h: Tensor, resets: Collection[int]) -> None:
    H, step = U.shape[1], elementwise.of(h)
    (U_rz, U_n), n, came = U.split(2 * H), slabs[:, 2 * H :].unbind(), elementwise.before(h, resets)
    logistic, reset_hs = slabs[:, : 2 * H].unbind(), reset_h.unbind()
    gates, hs, drops, flat = (elementwise.steps(part) for part in (slabs.unflatten(1, (3, H)), h[1:], drop, reset_h))
    for t, h_before in enumerate(before(h, resets)):
        logistic[t].addmm_(U_rz, h_before)
        step.gru_before_reset(gates[t], came[t], flat[t])
        n[t].addmm_(U_n, reset_hs[t])
        step.gru_before_forward(gates[t], came[t], drops[t], hs[t])


def _back_before(U: Tensor, saved: dict[str, Tensor], grad_h: Tensor, carry: Carry) -> Tensor:
    H, step, alphas = U.shape[1], elementwise.of(grad_h), torch.empty_like(saved["gates"])
    U_rz, U_n = U[: 2 * H].T.contiguous(), U[2 * H :].T.contiguous()
    by_reset = torch.empty_like(grad_h[:1])  # what arrives at r⊙h₋
    gates, drop, h, m_h, flat = (
        elementwise.steps(part) for part in (saved["gates"], saved["drop"], came_from(saved, "h"), grad_h, alphas)
    )
    (at_reset,), arriving = elementwise.steps(by_reset), grad_h.unbind()
    alpha_n, logistic = alphas[:, 2].unbind(), alphas[:, :2].flatten(1, 2).unbind()
    for t in range(len(logistic) - 1, -1, -1):
        local = carry.set_aside(t, arriving[t])
        step.gru_before_backward(gates[t], drop[t], m_h[t + 1], flat[t])
        torch.mm(U_n, alpha_n[t], out=by_reset[0])
        step.gru_before_reset_backward(gates[t], h[t], m_h[t + 1], at_reset, flat[t], m_h[t])
        arriving[t].addmm_(U_rz, logistic[t])
        if local is not None:
            carry.limit(t, arriving[t]).add_(local)
    return alphas.flatten(1, 2)


def _parameters_before(alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
    H, by_input = saved["h"].shape[1], weight_gradient(alphas, saved["inputs"])
    by_h = weight_gradient(alphas[:, : 2 * H], came_from(saved, "h"))
    by_reset = weight_gradient(alphas[:, 2 * H :], saved["reset_h"])
    return {
        "weight_ih": by_input[:, :-1].contiguous(),
        "weight_hh": torch.cat([by_h, by_reset]),
        "bias_ih": by_input[:, -1].clone(),
        "bias_hh": by_input[:, -1].clone(),
    }
