"""The gated recurrent unit, z the keep gate. Cho 2014 (reset before), torch and cuDNN (after); REFERENCE section 2."""

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
from core.cells.products import input_products, over_time, with_one


@final
@dataclass(frozen=True)
class GRU(Cell):
    """h = (1−z)⊙n + z⊙h₋, with r z = σ(W x + U h₋ + b).

    reset "after":  n = tanh(W_n x + b_in + r⊙m),  m = U_n h₋ + b_hn
    reset "before": n = tanh(W_n x + b_in + U_n(r⊙h₋) + b_hn)
    """

    reset: Literal["after", "before"] = "after"

    name: ClassVar[str] = "gru"
    gate_names: ClassVar[tuple[str, ...]] = ("r", "z", "n")
    state_parts: ClassVar[tuple[str, ...]] = ("h",)
    layout: ClassVar[Layout] = Layout(blocks=3, keep=1)

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
    H = U.shape[1]
    r, z, m, n = (block.unbind() for block in slabs.split(H, dim=1))
    recurrent, logistic = slabs[:, : 3 * H].unbind(), slabs[:, : 2 * H].unbind()
    hs, drops = h.unbind(), drop.unbind()
    for t, h_before in enumerate(before(h, resets)):
        recurrent[t].addmm_(U, h_before)
        logistic[t].sigmoid_()
        n[t].addcmul_(r[t], m[t]).tanh_()
        torch.sub(h_before, n[t], out=drops[t])
        torch.addcmul(n[t], z[t], drops[t], out=hs[t + 1])


def _back_after(U: Tensor, saved: dict[str, Tensor], grad_h: Tensor, carry: Carry) -> Tensor:
    gates, drop = saved["gates"], saved["drop"]
    r, z, m, n = gates.unbind(1)
    slope, one = (1 - gates[:, :2]).mul_(gates[:, :2]), gates.new_ones(())
    alphas = torch.empty_like(gates)
    a_r, a_z, a_m, a_n = alphas.unbind(1)
    torch.addcmul(one, n, n, value=-1, out=a_n).mul_(1 - z)
    torch.mul(a_n, r, out=a_m)
    torch.mul(slope[:, 0], m, out=a_r).mul_(a_n)
    torch.mul(slope[:, 1], drop, out=a_z)
    U_back, clamp = U.T.contiguous(), carry.clamp
    arriving, leaks, blocks = grad_h.unbind(), z.unbind(), alphas.unbind()
    recurrent = alphas[:, :3].flatten(1, 2).unbind()
    for t in range(len(blocks) - 1, -1, -1):
        blocks[t].mul_(arriving[t + 1])
        if t in carry.cuts:
            continue
        if clamp is None:
            arriving[t].addcmul_(arriving[t + 1], leaks[t]).addmm_(U_back, recurrent[t])
        else:
            carried = torch.mul(arriving[t + 1], leaks[t]).addmm_(U_back, recurrent[t])
            arriving[t].add_(carried.clamp_(-clamp, clamp))
    return alphas.flatten(1, 2)


def _parameters_after(alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
    pre, H = over_time(alphas), saved["h"].shape[1]
    by_input = pre @ over_time(saved["inputs"]).T
    rzn = torch.cat([by_input[: 2 * H], by_input[3 * H :]])
    return {
        "weight_ih": rzn[:, :-1].contiguous(),
        "weight_hh": pre[: 3 * H] @ over_time(came_from(saved, "h")).T,
        "bias_ih": rzn[:, -1].clone(),
        "bias_hh": by_input[: 3 * H, -1].clone(),
    }


# Reset before the product. Blocks r z n.


def _loop_before(U: Tensor, slabs: Tensor, h: Tensor, drop: Tensor, reset_h: Tensor, resets: Collection[int]) -> None:
    H = U.shape[1]
    r, z, n = (block.unbind() for block in slabs.split(H, dim=1))
    (U_rz, U_n), logistic = U.split(2 * H), slabs[:, : 2 * H].unbind()
    hs, drops, reset_hs = h.unbind(), drop.unbind(), reset_h.unbind()
    for t, h_before in enumerate(before(h, resets)):
        logistic[t].addmm_(U_rz, h_before).sigmoid_()
        torch.mul(r[t], h_before, out=reset_hs[t])
        n[t].addmm_(U_n, reset_hs[t]).tanh_()
        torch.sub(h_before, n[t], out=drops[t])
        torch.addcmul(n[t], z[t], drops[t], out=hs[t + 1])


def _back_before(U: Tensor, saved: dict[str, Tensor], grad_h: Tensor, carry: Carry) -> Tensor:
    gates, drop, h_before = saved["gates"], saved["drop"], came_from(saved, "h")
    r, z, n = gates.unbind(1)
    slope, one = (1 - gates[:, :2]).mul_(gates[:, :2]), gates.new_ones(())
    alphas = torch.empty_like(gates)
    a_r, a_z, a_n = alphas.unbind(1)
    torch.mul(slope[:, 0], h_before, out=a_r)
    torch.mul(slope[:, 1], drop, out=a_z)
    torch.addcmul(one, n, n, value=-1, out=a_n).mul_(1 - z)
    H = U.shape[1]
    U_rz, U_n = U[: 2 * H].T.contiguous(), U[2 * H :].T.contiguous()
    by_reset, clamp = torch.empty_like(grad_h[0]), carry.clamp  # by_reset: gradient arriving at r⊙h₋
    arriving, leaks, resets = grad_h.unbind(), z.unbind(), r.unbind()
    alpha_r, alpha_n, alpha_zn, logistic = (
        a_r.unbind(), a_n.unbind(), alphas[:, 1:].unbind(), alphas[:, :2].flatten(1, 2).unbind(),
    )  # fmt: skip
    for t in range(len(alpha_r) - 1, -1, -1):
        alpha_zn[t].mul_(arriving[t + 1])
        torch.mm(U_n, alpha_n[t], out=by_reset)
        alpha_r[t].mul_(by_reset)
        if t in carry.cuts:
            continue
        if clamp is None:
            arriving[t].addcmul_(arriving[t + 1], leaks[t]).addcmul_(by_reset, resets[t]).addmm_(U_rz, logistic[t])
        else:
            carried = torch.mul(arriving[t + 1], leaks[t]).addcmul_(by_reset, resets[t]).addmm_(U_rz, logistic[t])
            arriving[t].add_(carried.clamp_(-clamp, clamp))
    return alphas.flatten(1, 2)


def _parameters_before(alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
    pre, H = over_time(alphas), saved["h"].shape[1]
    by_h, by_reset = pre[: 2 * H] @ over_time(came_from(saved, "h")).T, pre[2 * H :] @ over_time(saved["reset_h"]).T
    by_input = pre @ over_time(saved["inputs"]).T
    return {
        "weight_ih": by_input[:, :-1].contiguous(),
        "weight_hh": torch.cat([by_h, by_reset]),
        "bias_ih": by_input[:, -1].clone(),
        "bias_hh": by_input[:, -1].clone(),
    }
