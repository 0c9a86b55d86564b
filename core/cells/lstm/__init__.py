"""The LSTM with a forget gate. Hochreiter & Schmidhuber 1997, Gers 2000; docs/reference.md, "LSTM" with p = 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from core.anatomy import Anatomy
from core.anatomy.lstm import LSTMAnatomy
from core.cells.base import Params, State
from core.cells.carousel import Carousel, without_peepholes
from core.cells.variants import forget_gate


@final
@dataclass(frozen=True)
class LSTM(Carousel):
    """c = f⊙c₋ + i⊙g, h = o⊙tanh c, with i f o = σ(W x + U h₋ + b) and g = tanh(W x + U h₋ + b).

    ``variant`` "no-forget-gate": f = 1; "coupled": f = 1 − i; "no-output-activation": h = o⊙c.
    """

    anatomy_type: ClassVar[type[Anatomy]] = LSTMAnatomy

    def step(self, params: Params, x_t: Tensor, state: State) -> tuple[State, dict[str, Tensor]]:
        h, c = state
        sums = self.sums_of(params, x_t, h)
        i, f, g = torch.sigmoid(sums["i"]), forget_gate(self.variant, sums), torch.tanh(sums["g"])
        c, o = f * c + i * g, torch.sigmoid(sums["o"])
        return (o * self.output(params, c), c), {"i": i, "f": f, "g": g, "o": o}

    def _forward_of_a_step(self, params: Params, h: Tensor) -> Callable[..., None]:
        return partial(without_peepholes(h).forward, self.hands)

    def _backward_of_a_step(self, params: Params, grad_h: Tensor) -> Callable[..., None]:
        return partial(without_peepholes(grad_h).backward, self.hands)

    def torch_layer(self, input_size: int, hidden_size: int, layers: int = 1) -> nn.RNNBase | None:
        plain = self.variant == "standard" and self.normalisation == "none"
        return nn.LSTM(input_size, hidden_size, layers) if plain else None
