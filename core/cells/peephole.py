"""The LSTM whose gates also see the cell state. Gers, Schraudolph & Schmidhuber 2002; REFERENCE section 2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal, final

import torch
from torch import Tensor

from core.cells import elementwise
from core.cells.base import Params, State, came_from
from core.cells.carousel import BLOCKS, SUMS_WITHOUT_F, Carousel, parameter_gradients
from core.cells.elementwise import over_batch
from core.cells.variants import forget_gate, peepholes_of


@final
@dataclass(frozen=True)
class Peephole(Carousel):
    """The LSTM with p_i⊙c₋ and p_f⊙c₋ added to i and f, and p_o⊙c (the new c) to o, before the σ.

    ``gradient`` "full" is the derivative of that; "gers" stops the gradient at the peepholes, as the 2002 paper does:
    no gradient reaches c through a gate, while p itself still learns. ``variant`` as of the LSTM; where there is no
    forget gate of its own there is no p_f.
    """

    gradient: Literal["full", "gers"] = "full"

    name: ClassVar[str] = "peephole"
    sees_c: ClassVar[bool] = True

    def step(self, params: Params, x_t: Tensor, state: State) -> tuple[State, dict[str, Tensor]]:
        h, c = state
        W, U, b = params["weight_ih"], params["weight_hh"], params["bias_ih"] + params["bias_hh"]
        sums = dict(zip(self.gate_names, (x_t @ W.T + h @ U.T + b).chunk(len(self.gate_names), dim=1), strict=True))
        p = peepholes_of(params)
        sums |= {q: sums[q] + p[q] * self._seen(c) for q in ("i", "f") if q in p}
        i, f, g = torch.sigmoid(sums["i"]), forget_gate(self.variant, sums), torch.tanh(sums["g"])
        c = f * c + i * g
        o = torch.sigmoid(sums["o"] + p["o"] * self._seen(c))
        return (o * self.output(c), c), {"i": i, "f": f, "g": g, "o": o}

    def _seen(self, c: Tensor) -> Tensor:
        """c as the gates see it."""
        return c if self.gradient == "full" else c.detach()

    def _forward_of_a_step(self, params: Params, N: int) -> Callable[..., None]:
        p = over_batch(params["weight_peephole"], N)
        return partial(elementwise.of(params["weight_hh"]).peephole_forward, p, self.squashes)

    def _backward_of_a_step(self, params: Params, grad_h: Tensor) -> Callable[..., None]:
        step = elementwise.of(grad_h)
        if self.gradient == "gers":
            return partial(step.lstm_backward, self.squashes)
        return partial(step.peephole_backward, over_batch(params["weight_peephole"], grad_h.shape[2]), self.squashes)

    @staticmethod
    def _parameters(alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        c_before, after = came_from(saved, "c"), saved["c"][1:]
        blocks = alphas.unflatten(1, (-1, after.shape[1]))
        places = BLOCKS if blocks.shape[1] == len(BLOCKS) else SUMS_WITHOUT_F
        seen = {"i": c_before, "f": c_before, "o": after}
        by_gate = [(blocks[:, places[q]] * c).sum(dim=(0, 2)) for q, c in seen.items() if q in places]
        return parameter_gradients(alphas, saved) | {"weight_peephole": torch.stack(by_gate)}
