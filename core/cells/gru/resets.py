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

from core.anatomy.base import Normalisation
from core.cells import elementwise
from core.cells.base import Params
from core.cells.gru import compiled, plain
from core.cells.normalisation import (
    Norm,
    at_products,
    back_weights,
    input_sums,
    normalised,
    recurrent_sums,
    sent_back,
    side_gradients,
    side_of,
    side_of_inputs,
)
from core.cells.one_layer import AtStep
from core.cells.products import weight_gradient
from core.cells.trajectory import before, came_from


class Reset(ABC):
    """One place of the reset. ``sums``: place of each gate's sum among the blocks of the alphas."""

    sums: ClassVar[Mapping[str, int]]

    @abstractmethod
    def forward(self, kind: Normalisation, params: Params, saved: dict[str, Tensor], resets: Collection[int]) -> AtStep:
        """See ``Cell._forward``; "gates" are added to ``saved``, "drop" is there to be filled."""

    @abstractmethod
    def backward(
        self, kind: Normalisation, params: Params, saved: dict[str, Tensor], grad_h: Tensor, alphas: Tensor
    ) -> AtStep:
        """See ``Cell._backward``."""

    @abstractmethod
    def parameters(self, kind: Normalisation, alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        """See ``Cell._parameters``."""

    @abstractmethod
    def input_rows(self, kind: Normalisation, params: Params) -> tuple[Tensor, Norm | None]:
        """The weights of the input's products and their norm, in the order of the alphas."""

    @abstractmethod
    def rows_of(self, products: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """{product of the loops: its rows (R, …)} as {"ih", "hh": rows in the parameters' order}."""

    @abstractmethod
    def sum_of_n(
        self, by_input: Tensor, by_state: Tensor, r: Tensor, h: Tensor, U_n: Tensor, b_n: Tensor, norm: Norm | None
    ) -> tuple[Tensor, Tensor]:
        """The parts of n's sum, (T, N, H) each, given W_n x + b_in + b_hn, U_n h₋ (both normalised where there is a
        ``norm``), the gate r and h₋."""

    @abstractmethod
    def handed_back_by_n(self, alpha: Tensor, r: Tensor, h: Tensor, U_n: Tensor, norm: Norm | None) -> Tensor:
        """What n sends to h₋ without the way over r."""

    @abstractmethod
    def arriving_at_r(self, alpha: Tensor, r: Tensor, h: Tensor, U_n: Tensor, b_n: Tensor, norm: Norm | None) -> Tensor:
        """∂L/∂r, from that of n's sum."""


@final
class After(Reset):
    """n = tanh(W_n x + b_in + r⊙(U_n h₋ + b_hn))."""

    sums: ClassVar[Mapping[str, int]] = {"r": 0, "z": 1, "n": 3}

    def forward(self, kind: Normalisation, params: Params, saved: dict[str, Tensor], resets: Collection[int]) -> AtStep:
        U, h, drop = params["weight_hh"], saved["h"], saved["drop"]
        H = U.shape[1]
        slabs = input_sums(*_rows(kind, params), saved, H)
        do, came = elementwise.choose(h, plain, compiled), elementwise.before(h, resets)
        saved["gates"] = slabs.unflatten(1, (4, H))
        gates, hs, drops = (elementwise.steps(part) for part in (saved["gates"], h[1:], drop))
        add = recurrent_sums(U, Norm.of(kind, params, "hh"), saved, "hh", before(h, resets), slabs[:, : 3 * H])

        def step(t: int) -> None:
            add(t)
            do.after_forward(gates[t], came[t], drops[t], hs[t])

        return step

    def backward(
        self, kind: Normalisation, params: Params, saved: dict[str, Tensor], grad_h: Tensor, alphas: Tensor
    ) -> AtStep:
        do, norm = elementwise.choose(grad_h, plain, compiled), Norm.of(kind, params, "hh")
        U_back = back_weights(params["weight_hh"], norm)
        gates, drop, m_h, flat = (elementwise.steps(part) for part in (saved["gates"], saved["drop"], grad_h, alphas))
        arriving, recurrent = grad_h.unbind(), alphas.flatten(1, 2)[:, : U_back.shape[1]]
        at_product = at_products(norm, saved, "hh", recurrent)

        def step(t: int) -> None:
            do.after_backward(gates[t], drop[t], m_h[t + 1], flat[t], m_h[t])
            arriving[t].addmm_(U_back, at_product(t))

        return step

    def parameters(self, kind: Normalisation, alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        H, h, recurrent = saved["h"].shape[1], came_from(saved, "h"), slice(0, 3 * alphas.shape[1] // 4)
        by_input, by_state = (Norm.of(kind, saved, name) for name in ("ih", "hh"))
        if by_input is None or by_state is None:
            U, of_inputs = weight_gradient(alphas[:, recurrent], h), weight_gradient(alphas, saved["inputs"])
            rows = _without_m(of_inputs, H)
            W, b, b_h = rows[:, :-1].contiguous(), rows[:, -1], of_inputs[recurrent, -1]
            return {"weight_ih": W, "weight_hh": U, "bias_ih": b.clone(), "bias_hh": b_h.clone()}
        sides = {
            "ih": side_of_inputs(by_input.rows(lambda rows: _with_m(rows, H)), saved, _with_m(saved["weight_ih"], H)),
            "hh": side_of(by_state, saved, "hh", h),
        }
        found = side_gradients(alphas, saved, sides)
        return {name: _without_m(rows, H) if name.endswith("_ih") else rows for name, rows in found.items()}

    def input_rows(self, kind: Normalisation, params: Params) -> tuple[Tensor, Norm | None]:
        weights, _, norm = _rows(kind, params)
        return weights, norm

    def rows_of(self, products: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: _without_m(rows, len(rows) // 4) if name == "ih" else rows for name, rows in products.items()}

    def sum_of_n(
        self, by_input: Tensor, by_state: Tensor, r: Tensor, h: Tensor, U_n: Tensor, b_n: Tensor, norm: Norm | None
    ) -> tuple[Tensor, Tensor]:
        return by_input - b_n, r * (by_state + b_n)

    def handed_back_by_n(self, alpha: Tensor, r: Tensor, h: Tensor, U_n: Tensor, norm: Norm | None) -> Tensor:
        return sent_back(h @ U_n.T, norm, alpha * r) @ U_n

    def arriving_at_r(self, alpha: Tensor, r: Tensor, h: Tensor, U_n: Tensor, b_n: Tensor, norm: Norm | None) -> Tensor:
        return alpha * (normalised(h @ U_n.T, norm, h.shape[-1]) + b_n)


def _with_m(rows: Tensor, H: int) -> Tensor:
    """Rows of r z n as those of r z m n, zero for m."""
    return torch.cat([rows[: 2 * H], torch.zeros_like(rows[:H]), rows[2 * H :]])


def _without_m(rows: Tensor, H: int) -> Tensor:
    """The way back."""
    return torch.cat([rows[: 2 * H], rows[3 * H :]])


def _rows(kind: Normalisation, params: Params) -> tuple[Tensor, Tensor, Norm | None]:
    """(4H, C) weights, (4H,) biases and the norm of the input products of r z m n: m takes no input, only its bias."""
    (W_rz, W_n), (b, b_n) = (
        params[name].tensor_split((2 * len(params[name]) // 3,)) for name in ("weight_ih", "bias_ih")
    )
    d, d_n = params["bias_hh"].tensor_split((len(b),))
    norm = Norm.of(kind, params, "ih")
    norm = norm and norm.rows(lambda rows: _with_m(rows, len(W_n)))
    return torch.cat([W_rz, torch.zeros_like(W_n), W_n]), torch.cat([b + d, d_n, b_n]), norm


@final
class Before(Reset):
    """n = tanh(W_n x + b_in + U_n(r⊙h₋) + b_hn)."""

    sums: ClassVar[Mapping[str, int]] = {"r": 0, "z": 1, "n": 2}

    def forward(self, kind: Normalisation, params: Params, saved: dict[str, Tensor], resets: Collection[int]) -> AtStep:
        U, h, drop = params["weight_hh"], saved["h"], saved["drop"]
        H, do = U.shape[1], elementwise.choose(h, plain, compiled)
        slabs = input_sums(
            params["weight_ih"], params["bias_ih"] + params["bias_hh"], Norm.of(kind, params, "ih"), saved, H
        )  # fmt: skip
        saved["gates"], reset_h = slabs.unflatten(1, (3, H)), torch.empty_like(drop)
        saved["reset_h"] = reset_h
        (U_rz, U_n), (by_rz, by_n), came = U.split(2 * H), _norms(kind, params, H), elementwise.before(h, resets)
        add_rz = recurrent_sums(U_rz, by_rz, saved, "rz", before(h, resets), slabs[:, : 2 * H])
        add_n = recurrent_sums(U_n, by_n, saved, "n", list(reset_h.unbind()), slabs[:, 2 * H :])
        gates, hs, drops, flat = (elementwise.steps(part) for part in (saved["gates"], h[1:], drop, reset_h))

        def step(t: int) -> None:
            add_rz(t)
            do.before_reset(gates[t], came[t], flat[t])
            add_n(t)
            do.before_forward(gates[t], came[t], drops[t], hs[t])

        return step

    def backward(
        self, kind: Normalisation, params: Params, saved: dict[str, Tensor], grad_h: Tensor, alphas: Tensor
    ) -> AtStep:
        U, H, do = params["weight_hh"], grad_h.shape[1], elementwise.choose(grad_h, plain, compiled)
        by_rz, by_n = _norms(kind, params, H)
        U_rz, U_n = back_weights(U[: 2 * H], by_rz), back_weights(U[2 * H :], by_n)
        by_reset = torch.empty_like(grad_h[:1])  # what arrives at r⊙h₋
        gates, drop, h, m_h, flat = (
            elementwise.steps(part) for part in (saved["gates"], saved["drop"], came_from(saved, "h"), grad_h, alphas)
        )
        (at_reset,), arriving = elementwise.steps(by_reset), grad_h.unbind()
        whole = alphas.flatten(1, 2)
        at_rz = at_products(by_rz, saved, "rz", whole[:, : 2 * H])
        at_n = at_products(by_n, saved, "n", whole[:, 2 * H :])

        def step(t: int) -> None:
            do.before_backward(gates[t], drop[t], m_h[t + 1], flat[t])
            torch.mm(U_n, at_n(t), out=by_reset[0])
            do.before_reset_backward(gates[t], h[t], m_h[t + 1], at_reset, flat[t], m_h[t])
            arriving[t].addmm_(U_rz, at_rz(t))

        return step

    def parameters(self, kind: Normalisation, alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        H, h, reset_h = saved["h"].shape[1], came_from(saved, "h"), saved["reset_h"]
        by_input, (by_rz, by_n), of_rz, of_n = (
            Norm.of(kind, saved, "ih"), _norms(kind, saved, H), slice(0, 2 * H), slice(2 * H, 3 * H)
        )  # fmt: skip
        if by_input is None or by_rz is None or by_n is None:
            U = torch.cat([weight_gradient(alphas[:, of_rz], h), weight_gradient(alphas[:, of_n], reset_h)])
            of_inputs = weight_gradient(alphas, saved["inputs"])
            W, b = of_inputs[:, :-1].contiguous(), of_inputs[:, -1]
            return {"weight_ih": W, "weight_hh": U, "bias_ih": b.clone(), "bias_hh": b.clone()}
        sides = {
            "ih": side_of_inputs(by_input, saved, saved["weight_ih"]),
            "rz": side_of(by_rz, saved, "rz", h),
            "n": side_of(by_n, saved, "n", reset_h, first=2),
        }
        found = side_gradients(alphas, saved, sides)
        both = {f"{what}_hh": torch.cat([found.pop(f"{what}_rz"), found.pop(f"{what}_n")])
                for what in ("weight", "gain", "bias")}  # fmt: skip
        return found | both

    def input_rows(self, kind: Normalisation, params: Params) -> tuple[Tensor, Norm | None]:
        return params["weight_ih"], Norm.of(kind, params, "ih")

    def rows_of(self, products: Mapping[str, Tensor]) -> dict[str, Tensor]:
        if "rz" not in products:
            return dict(products)
        return {"ih": products["ih"], "hh": torch.cat([products["rz"], products["n"]])}

    def sum_of_n(
        self, by_input: Tensor, by_state: Tensor, r: Tensor, h: Tensor, U_n: Tensor, b_n: Tensor, norm: Norm | None
    ) -> tuple[Tensor, Tensor]:
        return by_input, normalised((r * h) @ U_n.T, norm, h.shape[-1])

    def handed_back_by_n(self, alpha: Tensor, r: Tensor, h: Tensor, U_n: Tensor, norm: Norm | None) -> Tensor:
        return r * (sent_back((r * h) @ U_n.T, norm, alpha) @ U_n)

    def arriving_at_r(self, alpha: Tensor, r: Tensor, h: Tensor, U_n: Tensor, b_n: Tensor, norm: Norm | None) -> Tensor:
        return h * (sent_back((r * h) @ U_n.T, norm, alpha) @ U_n)


def _norms(kind: Normalisation, params: Mapping[str, Tensor], H: int) -> tuple[Norm | None, Norm | None]:
    """Of the products with h₋ and with r⊙h₋; None where they are not normalised."""
    norm = Norm.of(kind, params, "hh")
    return (None, None) if norm is None else (norm.between(0, 2 * H), norm.between(2 * H, 3 * H))


RESETS: Mapping[str, Reset] = {"after": After(), "before": Before()}
