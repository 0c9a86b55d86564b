"""What the LSTM and the peephole LSTM share: their loop and the order of blocks in it, and the way back over (h, c).

The loops keep the four blocks as o i f g: the three logistic gates are then neighbours, and so are the three that write
to c. Parameters and gates keep torch's order, i f g o.

Given the forward pass, each step is linear in the gradients that arrive (m_h at h, m_c at c):

    α_o = m_h ⊙ tanh c ⊙ σ'_o,   δc = m_c + m_h ⊙ o ⊙ (1 − tanh²c)     [+ p_o ⊙ α_o]
    α_i = δc ⊙ g ⊙ σ'_i,   α_f = δc ⊙ c₋ ⊙ σ'_f,   α_g = δc ⊙ i ⊙ (1 − g²)
    to t−1:   m_h = local + Σ_q U_qᵀ α_q,   m_c = δc ⊙ f               [+ p_i ⊙ α_i + p_f ⊙ α_f]

and the two cells differ in nothing but what stands in brackets. Without the output activation c stands for tanh c and
1 for its slope; of the other ``core.cells.variants`` the loops know nothing.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from core.cells import elementwise, variants
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
from core.cells.variants import Variant

O, I, F, G = range(4)
"""Place of each block in the loops."""
BLOCKS = {"i": I, "f": F, "g": G, "o": O}
SUMS_WITHOUT_F = {"i": 1, "g": 2, "o": 0}
"""Place of each block among alphas that lack f's."""


@dataclass(frozen=True)
class Carousel(Cell):
    """c = f⊙c₋ + i⊙g, h = o⊙tanh c, in one of its ``core.cells.variants``."""

    variant: Variant = field(default="standard", kw_only=True)

    state_parts: ClassVar[tuple[str, ...]] = ("h", "c")
    sees_c: ClassVar[bool]
    """Whether its gates have peepholes."""

    @property
    def gate_names(self) -> tuple[str, ...]:
        return variants.GATES[self.variant]

    @property
    def layout(self) -> Layout:
        return variants.layout(self.variant, self.sees_c)

    @property
    def squashes(self) -> bool:
        """Whether h = o⊙tanh c, and not o⊙c."""
        return self.variant != "no-output-activation"

    def output(self, c: Tensor) -> Tensor:
        """What the output gate lets through: tanh c, or c itself."""
        return torch.tanh(c) if self.squashes else c

    @torch.no_grad()
    def forward(
        self, params: Params, x: Tensor, state: State | None = None, *, resets: Collection[int] = ()
    ) -> Trajectory:
        (T, N, _), inputs, params = x.shape, with_one(x), variants.whole(params, self.variant)
        W, U = loop_order(params["weight_ih"]), loop_order(params["weight_hh"])
        pre = input_products(W, loop_order(params["bias_ih"] + params["bias_hh"]), inputs)
        h, c = (states(first, T) for first in initial_state(self, params, N, state))
        gates, tanh_c = pre.view(T, 4, -1, N), torch.empty_like(c[1:]) if self.squashes else c[1:]
        self._loop(self._forward_of_a_step(params, N), U, gates, h, c, tanh_c, resets)
        saved = {"inputs": inputs, "h": h, "c": c, "tanh_c": tanh_c, "gates": gates}
        sums = None if len(self.gate_names) == len(BLOCKS) else SUMS_WITHOUT_F
        return trajectory_of(saved, BLOCKS, resets, sums)

    @staticmethod
    def _loop(
        forward: Callable[..., None], U: Tensor, gates: Tensor, h: Tensor, c: Tensor, tanh_c: Tensor,
        resets: Collection[int],
    ) -> None:  # fmt: skip
        """From the input products in ``gates`` and from h[0], c[0], everything in place."""
        c_before = elementwise.before(c, resets)
        flat, hs, cs, tanhs = (elementwise.steps(part) for part in (gates, h[1:], c[1:], tanh_c))
        for t, (slab, h_before) in enumerate(zip(gates.flatten(1, 2).unbind(), before(h, resets), strict=True)):
            slab.addmm_(U, h_before)
            forward(flat[t], c_before[t], cs[t], tanhs[t], hs[t])

    def _carry_back(
        self, params: Params, saved: dict[str, Tensor], grad_h: Tensor, grad_c: Tensor | None, carry: Carry
    ) -> Tensor:
        assert grad_c is not None
        params = variants.whole(params, self.variant)
        backward = self._backward_of_a_step(params, grad_h)
        alphas = carry_back(backward, saved, grad_h, grad_c, params["weight_hh"], carry)
        return variants.folded(alphas, self.variant)

    @abstractmethod
    def _forward_of_a_step(self, params: Params, N: int) -> Callable[..., None]:
        """What a step does beside its product, see ``core.cells.plain``; ``params`` are those of four blocks."""

    @abstractmethod
    def _backward_of_a_step(self, params: Params, grad_h: Tensor) -> Callable[..., None]:
        """The way back of the same."""

    @staticmethod
    def _parameters(alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        return parameter_gradients(alphas, saved)


def loop_order(rows: Tensor) -> Tensor:
    """Parameter rows (4H, …) from torch's i f g o to the loops' o i f g."""
    i, f, g, o = rows.chunk(4)
    return torch.cat([o, i, f, g])


def torch_order(rows: Tensor, H: int) -> Tensor:
    """The way back: from o i f g to i f g o, or from o i g to i g o."""
    return torch.cat([rows[H:], rows[:H]])


def carry_back(
    backward: Callable[..., None], saved: dict[str, Tensor], grad_h: Tensor, grad_c: Tensor, U: Tensor, carry: Carry
) -> Tensor:
    """∂L/∂h and ∂L/∂c, each (T+1, H, N), in place: the first comes with the local gradients, the second with its last.

    ``backward`` is the cell's own part of a step (``core.cells.plain.lstm_backward``), U (4H, H) in torch's order. A
    cut at b leaves h[b] its local gradient and c[b] nothing. Returns the alphas (T, 4H, N).
    """
    U_back, alphas = loop_order(U).T.contiguous(), torch.empty_like(saved["gates"])
    gates, c_before, tanh_c = (
        elementwise.steps(part) for part in (saved["gates"], came_from(saved, "c"), saved["tanh_c"])
    )
    m_h, m_c, flat = (elementwise.steps(part) for part in (grad_h, grad_c, alphas))
    arriving, slabs = grad_h.unbind(), alphas.flatten(1, 2).unbind()
    for t in range(len(slabs) - 1, -1, -1):
        backward(gates[t], c_before[t], tanh_c[t], m_h[t + 1], m_c[t + 1], flat[t], m_c[t])
        local = carry.set_aside(t, arriving[t])
        arriving[t].addmm_(U_back, slabs[t])
        if local is not None:
            carry.limit(t, arriving[t]).add_(local)
            carry.limit(t, grad_c[t])
    return alphas.flatten(1, 2)


def parameter_gradients(alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
    """∂L/∂W, ∂L/∂U and both biases, from α (T, blocks·H, N), and of ``saved`` the states h and the inputs."""
    H = saved["h"].shape[1]
    product = torch_order(weight_gradient(alphas, came_from(saved, "h"), saved["inputs"]), H)
    W, U, b = product[:, H:-1].contiguous(), product[:, :H].contiguous(), product[:, -1]
    return {"weight_ih": W, "weight_hh": U, "bias_ih": b.clone(), "bias_hh": b.clone()}
