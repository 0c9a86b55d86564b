"""The LSTM with a forget gate. Hochreiter & Schmidhuber 1997, Gers 2000; REFERENCE section 2 with p = 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import torch
from torch import Tensor

from core.cells import elementwise
from core.cells.base import Params, State
from core.cells.carousel import Carousel
from core.cells.variants import forget_gate


@final
@dataclass(frozen=True)
class LSTM(Carousel):
    """c = f⊙c₋ + i⊙g, h = o⊙tanh c, with i f o = σ(W x + U h₋ + b) and g = tanh(W x + U h₋ + b).

    ``variant`` "no-forget-gate": f = 1; "coupled": f = 1 − i; "no-output-activation": h = o⊙c.
    """

    name: ClassVar[str] = "lstm"
    sees_c: ClassVar[bool] = False

    def step(self, params: Params, x_t: Tensor, state: State) -> tuple[State, dict[str, Tensor]]:
        h, c = state
        W, U, b = params["weight_ih"], params["weight_hh"], params["bias_ih"] + params["bias_hh"]
        sums = dict(zip(self.gate_names, (x_t @ W.T + h @ U.T + b).chunk(len(self.gate_names), dim=1), strict=True))
        i, f, g = torch.sigmoid(sums["i"]), forget_gate(self.variant, sums), torch.tanh(sums["g"])
        c, o = f * c + i * g, torch.sigmoid(sums["o"])
        return (o * self.output(c), c), {"i": i, "f": f, "g": g, "o": o}

    def _forward_of_a_step(self, params: Params, N: int) -> Callable[..., None]:
        return partial(elementwise.of(params["weight_hh"]).lstm_forward, self.squashes)

    def _backward_of_a_step(self, params: Params, grad_h: Tensor) -> Callable[..., None]:
        return partial(elementwise.of(grad_h).lstm_backward, self.squashes)
