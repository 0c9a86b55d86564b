"""The plain RNN: h = φ(W x + U h₋ + b). Elman 1990; docs/reference.md, "Plain RNN"."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.anatomy import Anatomy
from core.anatomy.rnn import ACTIVATIONS, LEAK, Activation, RNNAnatomy
from core.cells import elementwise
from core.cells.base import RECURRENT, Params, State
from core.cells.normalisation import (
    at_products,
    back_weights,
    input_sums,
    inputs_back,
    parameter_gradients,
    recurrent_sums,
    sent_back,
)
from core.cells.one_layer import AtStep, OneLayer, with_norms
from core.cells.rnn import compiled, plain
from core.cells.trajectory import Trajectory, before

_TEXTBOOK: Mapping[Activation, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky-relu": partial(functional.leaky_relu, negative_slope=LEAK),
    "logistic": torch.sigmoid,
    "linear": lambda pre: pre,
}


@final
@dataclass(frozen=True)
class RNN(OneLayer):
    """h = φ(W x + U h₋ + b), with one of the activations φ."""

    activation: Activation = "tanh"

    anatomy_type: ClassVar[type[Anatomy]] = RNNAnatomy

    def step(self, params: Params, x_t: Tensor, state: State) -> tuple[State, dict[str, Tensor]]:
        (h,) = state
        b = params["bias_ih"] + params["bias_hh"]
        pre = self.input_sums(params, x_t) + self.state_sums(params, h) + b
        return (_TEXTBOOK[self.activation](pre),), {}

    @property
    def _function(self) -> str:
        """Name of φ in ``plain`` and ``compiled``; its derivative's ends in "_backward"."""
        return self.activation.replace("-", "_")

    def _forward(
        self, params: Params, saved: dict[str, Tensor], resets: Collection[int]
    ) -> tuple[AtStep, Mapping[str, int]]:
        h, U, b = saved["h"], params["weight_hh"], params["bias_ih"] + params["bias_hh"]
        input_sums(params["weight_ih"], b, self.norm(params, "ih"), saved, len(U), out=h[1:])
        add = recurrent_sums(U, self.norm(params, "hh"), saved, "hh", before(h, resets), h[1:])
        activate = getattr(elementwise.choose(h, plain, compiled), self._function)
        flat = elementwise.steps(h[1:])

        def step(t: int) -> None:
            add(t)
            activate(flat[t])

        return step, {}

    def _backward(self, params: Params, saved: dict[str, Tensor], grads: dict[str, Tensor]) -> tuple[AtStep, Tensor]:
        h, grad_h, norm = saved["h"][1:], grads["h"], self.norm(params, "hh")
        U_back = back_weights(params["weight_hh"], norm)
        through = getattr(elementwise.choose(h, plain, compiled), f"{self._function}_backward")
        alphas = torch.empty_like(h)
        hs, m_h, flat = (elementwise.steps(part) for part in (h, grad_h[1:], alphas))
        arriving, at_product = grad_h.unbind(), at_products(norm, saved, "hh", alphas)

        def step(t: int) -> None:
            through(hs[t], m_h[t], flat[t])
            arriving[t].addmm_(U_back, at_product(t))

        return step, alphas.unsqueeze(1)

    def _parameters(self, alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        return parameter_gradients(self.normalisation, alphas, saved)

    def _inputs_back(self, params: Params, saved: dict[str, Tensor], alphas: Tensor) -> Tensor:
        return inputs_back(params["weight_ih"], self.norm(params, "ih"), saved, alphas)

    # -- what only the formulas know ------------------------------------------------------------------------------

    def sums(self, params: Params, trajectory: Trajectory) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        params = with_norms(params, trajectory)
        inputs = self.input_sums(params, trajectory.x) + params["bias_ih"] + params["bias_hh"]
        return {RECURRENT: inputs}, {RECURRENT: self.state_sums(params, trajectory.gone_on_from["h"])}

    def handed_back(self, params: Params, trajectory: Trajectory, alphas: Mapping[str, Tensor]) -> dict[str, Tensor]:
        params = with_norms(params, trajectory)
        U, h = params["weight_hh"], trajectory.gone_on_from["h"]
        return {RECURRENT: sent_back(h @ U.T, self.norm(params, "hh"), alphas[RECURRENT]) @ U}

    def diagram(
        self, params: Params, trajectory: Trajectory, alphas: Mapping[str, Tensor], n: int, known: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        return {f"d.{RECURRENT}": known["dh"], "sent_h": known[f"via.{RECURRENT}"]}

    def slope(self, trajectory: Trajectory) -> Tensor:
        h = trajectory.h[1:].double()
        found, ones = torch.empty_like(h), torch.ones_like(h)
        getattr(plain, f"{self._function}_backward")(h, ones, found)
        return found

    def torch_layer(self, input_size: int, hidden_size: int, layers: int = 1) -> nn.RNNBase | None:
        known = self.activation in ("tanh", "relu")
        plain = known and self.normalisation == "none"
        return nn.RNN(input_size, hidden_size, layers, nonlinearity=self.activation) if plain else None

    @property
    def analytic(self) -> bool:
        return ACTIVATIONS[self.activation].bends != "at 0"
