"""Where the GRU's reset stands: after the recurrent product or before it, and all that follows from that.

After:  blocks r z m n, where m = U_n h₋ + b_hn, n starts as W_n x + b_in, and n = tanh(n + r⊙m).
Before: blocks r z n, n = tanh(W_n x + b + U_n(r⊙h₋)).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import ClassVar, final

import torch
from torch import Tensor

from core.cells import elementwise
from core.cells.base import AtStep, Params
from core.cells.gru import compiled, plain
from core.cells.products import input_products, weight_gradient
from core.cells.trajectory import before, came_from


class Reset(ABC):
    """One place of the reset. ``sums``: place of each gate's sum among the blocks of the alphas."""

    sums: ClassVar[Mapping[str, int]]

    @abstractmethod
    def forward(self, params: Params, saved: dict[str, Tensor], resets: Collection[int]) -> AtStep:
        """See ``Cell._forward``; "gates" are added to ``saved``, "drop" is there to be filled."""

    @abstractmethod
    def backward(self, U: Tensor, saved: dict[str, Tensor], grad_h: Tensor, alphas: Tensor) -> AtStep:
        """See ``Cell._backward``."""

    @abstractmethod
    def parameters(self, alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        """See ``Cell._parameters``."""

    @abstractmethod
    def sum_of_n(
        self, by_input: Tensor, by_state: Tensor, r: Tensor, h: Tensor, U_n: Tensor, b_n: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The parts of n's sum, (T, N, H) each, given W_n x + b_in + b_hn, U_n h₋, the gate r and h₋."""

    @abstractmethod
    def handed_back_by_n(self, alpha: Tensor, r: Tensor, U_n: Tensor) -> Tensor:
        """What n sends to h₋ without the way over r."""

    @abstractmethod
    def arriving_at_r(self, alpha: Tensor, h: Tensor, U_n: Tensor, b_n: Tensor) -> Tensor:
        """∂L/∂r."""


@final
class After(Reset):
    """n = tanh(W_n x + b_in + r⊙(U_n h₋ + b_hn))."""

    sums: ClassVar[Mapping[str, int]] = {"r": 0, "z": 1, "n": 3}

    def forward(self, params: Params, saved: dict[str, Tensor], resets: Collection[int]) -> AtStep:
        U, h, drop = params["weight_hh"], saved["h"], saved["drop"]
        H = U.shape[1]
        slabs = input_products(*_rows(params), saved["inputs"])
        do, came = elementwise.choose(h, plain, compiled), elementwise.before(h, resets)
        saved["gates"] = slabs.unflatten(1, (4, H))
        gates, hs, drops = (elementwise.steps(part) for part in (saved["gates"], h[1:], drop))
        recurrent, h_before = slabs[:, : 3 * H].unbind(), before(h, resets)

        def step(t: int) -> None:
            recurrent[t].addmm_(U, h_before[t])
            do.after_forward(gates[t], came[t], drops[t], hs[t])

        return step

    def backward(self, U: Tensor, saved: dict[str, Tensor], grad_h: Tensor, alphas: Tensor) -> AtStep:
        do, U_back = elementwise.choose(grad_h, plain, compiled), U.T.contiguous()
        gates, drop, m_h, flat = (elementwise.steps(part) for part in (saved["gates"], saved["drop"], grad_h, alphas))
        arriving, recurrent = grad_h.unbind(), alphas[:, :3].flatten(1, 2).unbind()

        def step(t: int) -> None:
            do.after_backward(gates[t], drop[t], m_h[t + 1], flat[t], m_h[t])
            arriving[t].addmm_(U_back, recurrent[t])

        return step

    def parameters(self, alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        H, by_input = saved["h"].shape[1], weight_gradient(alphas, saved["inputs"])
        rzn = torch.cat([by_input[: 2 * H], by_input[3 * H :]])
        return {
            "weight_ih": rzn[:, :-1].contiguous(),
            "weight_hh": weight_gradient(alphas[:, : 3 * H], came_from(saved, "h")),
            "bias_ih": rzn[:, -1].clone(),
            "bias_hh": by_input[: 3 * H, -1].clone(),
        }

    def sum_of_n(
        self, by_input: Tensor, by_state: Tensor, r: Tensor, h: Tensor, U_n: Tensor, b_n: Tensor
    ) -> tuple[Tensor, Tensor]:
        return by_input - b_n, r * (by_state + b_n)

    def handed_back_by_n(self, alpha: Tensor, r: Tensor, U_n: Tensor) -> Tensor:
        return alpha * r @ U_n

    def arriving_at_r(self, alpha: Tensor, h: Tensor, U_n: Tensor, b_n: Tensor) -> Tensor:
        return alpha * (h @ U_n.T + b_n)


def _rows(params: Params) -> tuple[Tensor, Tensor]:
    """(4H, C) weights and (4H,) biases of the input products of r z m n: m takes no input, only its bias."""
    (W_rz, W_n), (b, b_n) = (
        params[name].tensor_split((2 * len(params[name]) // 3,)) for name in ("weight_ih", "bias_ih")
    )
    d, d_n = params["bias_hh"].tensor_split((len(b),))
    return torch.cat([W_rz, torch.zeros_like(W_n), W_n]), torch.cat([b + d, d_n, b_n])


@final
class Before(Reset):
    """n = tanh(W_n x + b_in + U_n(r⊙h₋) + b_hn)."""

    sums: ClassVar[Mapping[str, int]] = {"r": 0, "z": 1, "n": 2}

    def forward(self, params: Params, saved: dict[str, Tensor], resets: Collection[int]) -> AtStep:
        U, h, drop = params["weight_hh"], saved["h"], saved["drop"]
        H, do = U.shape[1], elementwise.choose(h, plain, compiled)
        slabs = input_products(params["weight_ih"], params["bias_ih"] + params["bias_hh"], saved["inputs"])
        saved["gates"], reset_h = slabs.unflatten(1, (3, H)), torch.empty_like(drop)
        saved["reset_h"] = reset_h
        (U_rz, U_n), n, came = U.split(2 * H), slabs[:, 2 * H :].unbind(), elementwise.before(h, resets)
        logistic, reset_hs, h_before = slabs[:, : 2 * H].unbind(), reset_h.unbind(), before(h, resets)
        gates, hs, drops, flat = (elementwise.steps(part) for part in (saved["gates"], h[1:], drop, reset_h))

        def step(t: int) -> None:
            logistic[t].addmm_(U_rz, h_before[t])
            do.before_reset(gates[t], came[t], flat[t])
            n[t].addmm_(U_n, reset_hs[t])
            do.before_forward(gates[t], came[t], drops[t], hs[t])

        return step

    def backward(self, U: Tensor, saved: dict[str, Tensor], grad_h: Tensor, alphas: Tensor) -> AtStep:
        H, do = U.shape[1], elementwise.choose(grad_h, plain, compiled)
        U_rz, U_n = U[: 2 * H].T.contiguous(), U[2 * H :].T.contiguous()
        by_reset = torch.empty_like(grad_h[:1])  # what arrives at r⊙h₋
        gates, drop, h, m_h, flat = (
            elementwise.steps(part) for part in (saved["gates"], saved["drop"], came_from(saved, "h"), grad_h, alphas)
        )
        (at_reset,), arriving = elementwise.steps(by_reset), grad_h.unbind()
        alpha_n, logistic = alphas[:, 2].unbind(), alphas[:, :2].flatten(1, 2).unbind()

        def step(t: int) -> None:
            do.before_backward(gates[t], drop[t], m_h[t + 1], flat[t])
            torch.mm(U_n, alpha_n[t], out=by_reset[0])
            do.before_reset_backward(gates[t], h[t], m_h[t + 1], at_reset, flat[t], m_h[t])
            arriving[t].addmm_(U_rz, logistic[t])

        return step

    def parameters(self, alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        H, by_input = saved["h"].shape[1], weight_gradient(alphas, saved["inputs"])
        by_h = weight_gradient(alphas[:, : 2 * H], came_from(saved, "h"))
        by_reset = weight_gradient(alphas[:, 2 * H :], saved["reset_h"])
        return {
            "weight_ih": by_input[:, :-1].contiguous(),
            "weight_hh": torch.cat([by_h, by_reset]),
            "bias_ih": by_input[:, -1].clone(),
            "bias_hh": by_input[:, -1].clone(),
        }

    def sum_of_n(
        self, by_input: Tensor, by_state: Tensor, r: Tensor, h: Tensor, U_n: Tensor, b_n: Tensor
    ) -> tuple[Tensor, Tensor]:
        return by_input, (r * h) @ U_n.T

    def handed_back_by_n(self, alpha: Tensor, r: Tensor, U_n: Tensor) -> Tensor:
        return r * (alpha @ U_n)

    def arriving_at_r(self, alpha: Tensor, h: Tensor, U_n: Tensor, b_n: Tensor) -> Tensor:
        return h * (alpha @ U_n)


RESETS: Mapping[str, Reset] = {"after": After(), "before": Before()}
