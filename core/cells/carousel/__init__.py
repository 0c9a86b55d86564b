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
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from core.anatomy.carousel import Variant
from core.cells import elementwise, variants
from core.cells.base import Params, State
from core.cells.carousel import compiled, output_norm, plain
from core.cells.carousel.plain import AS_IS, NORMALISED, SQUASHED
from core.cells.normalisation import (
    SAVED,
    Norm,
    at_products,
    back_weights,
    input_sums,
    inputs_back,
    normalised,
    parameter_gradients,
    recurrent_sums,
    sent_back,
)
from core.cells.one_layer import AtStep, OneLayer, with_norms
from core.cells.trajectory import Trajectory, before, came_from, time_first

O, I, F, G = range(4)
"""Place of each block in the loops."""
BLOCKS = {"i": I, "f": F, "g": G, "o": O}
SUMS_WITHOUT_F = {"i": 1, "g": 2, "o": 0}
"""Place of each block among alphas that lack f's."""


@dataclass(frozen=True)
class Carousel(OneLayer):
    """c = f⊙c₋ + i⊙g, h = o⊙tanh c, in one of its ``core.cells.variants``."""

    variant: Variant = field(default="standard", kw_only=True)

    @property
    def squashes(self) -> bool:
        """Whether h = o⊙tanh c, and not o⊙c."""
        return self.variant != "no-output-activation"

    @property
    def hands(self) -> int:
        """What of c its steps hand out, as ``core.cells.carousel.plain`` has it."""
        return NORMALISED if self.normalisation != "none" else SQUASHED if self.squashes else AS_IS

    def output(self, params: Params, c: Tensor) -> Tensor:
        """What the output gate lets through: tanh c, or c itself; of the normalised c where the cell has it."""
        if "gain_c" in params:
            c = normalised(c, self.norm(params, "c"), c.shape[-1]) + params["bias_c"]
        return torch.tanh(c) if self.squashes else c

    def seen(self, c: Tensor) -> Tensor:
        """c as the peepholes see it."""
        return c

    # -- the passes -----------------------------------------------------------------------------------------------

    def sums_of(self, params: Params, x_t: Tensor, h: Tensor) -> dict[str, Tensor]:
        """W x + U h₋ + b of every gate with weights of its own, (N, H) each, normalised where the cell has it."""
        whole = self.input_sums(params, x_t) + self.state_sums(params, h) + params["bias_ih"] + params["bias_hh"]
        return dict(zip(self.gate_names, whole.chunk(len(self.gate_names), dim=1), strict=True))

    def _forward(
        self, params: Params, saved: dict[str, Tensor], resets: Collection[int]
    ) -> tuple[AtStep, Mapping[str, int]]:
        params, h, c = variants.whole(params, self.variant), saved["h"], saved["c"]
        (T, N), H = (len(h) - 1, h.shape[2]), h.shape[1]
        W, U, b = (loop_order(rows) for rows in (params["weight_ih"], params["weight_hh"],
                                                 params["bias_ih"] + params["bias_hh"]))  # fmt: skip
        by_input, by_state = (self._norm_of_four(params, name) for name in ("ih", "hh"))
        pre = input_sums(W, b, by_input, saved, H)
        add = recurrent_sums(U, by_state, saved, "hh", before(h, resets), pre)
        saved["tanh_c"] = c[1:] if self.hands == AS_IS else torch.empty_like(c[1:])
        saved["gates"] = pre.view(T, 4, -1, N)
        through, c_came = self._forward_of_a_step(params, h), elementwise.before(c, resets)
        norm = self.norm(params, "c")
        handed_out = output_norm.forward(norm, params["bias_c"], saved, self.squashes) if norm else None
        gates, hs, cs, tanhs = (elementwise.steps(x) for x in (saved["gates"], h[1:], c[1:], saved["tanh_c"]))

        def step(t: int) -> None:
            add(t)
            through(gates[t], c_came[t], cs[t], tanhs[t], hs[t])
            if handed_out is not None:
                handed_out(t)

        return step, BLOCKS

    @property
    def _sums(self) -> Mapping[str, int]:
        return BLOCKS if "f" in self.gate_names else SUMS_WITHOUT_F

    def _backward(self, params: Params, saved: dict[str, Tensor], grads: dict[str, Tensor]) -> tuple[AtStep, Tensor]:
        params, grad_h = variants.whole(params, self.variant), grads["h"]
        T, blocks, H, N = saved["gates"].shape
        alphas = grad_h.new_empty(T, blocks + (self.hands == NORMALISED), H, N)
        through, norm = self._backward_of_a_step(params, grad_h), self._norm_of_four(params, "hh")
        U_back = back_weights(loop_order(params["weight_hh"]), norm)
        gates, c_came, tanh_c = (
            elementwise.steps(part) for part in (saved["gates"], came_from(saved, "c"), saved["tanh_c"])
        )
        m_h, m_c, flat = (elementwise.steps(part) for part in (grad_h, grads["c"], alphas))
        arriving, of_gates = grad_h.unbind(), alphas.flatten(1, 2)[:, : 4 * H]
        at_product, of_c, handed_in = at_products(norm, saved, "hh", of_gates), self.norm(params, "c"), None
        if of_c is not None:
            handed_in = output_norm.backward(of_c, saved, self.squashes, grads, alphas[:, 4:])

        def step(t: int) -> None:
            if handed_in is not None:
                handed_in(t)
            through(gates[t], c_came[t], tanh_c[t], m_h[t + 1], m_c[t + 1], flat[t], m_c[t])
            arriving[t].addmm_(U_back, at_product(t))

        return step, alphas

    @abstractmethod
    def _forward_of_a_step(self, params: Params, h: Tensor) -> Callable[..., None]:
        """What a step does beside its product, see ``core.cells.carousel.plain``; ``params`` are those of four blocks,
        h (T+1, H, N)."""

    @abstractmethod
    def _backward_of_a_step(self, params: Params, grad_h: Tensor) -> Callable[..., None]:
        """The way back of the same."""

    def _folded(self, alphas: Tensor, H: int) -> Tensor:
        return variants.folded(alphas, self.variant, H)

    def _parameters(self, alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        H = saved["h"].shape[1]
        kind, norm = self.normalisation, Norm.of(self.normalisation, saved, "c")
        if norm is None:
            return parameter_gradients(kind, alphas, saved, lambda rows: torch_order(rows, H))
        found = parameter_gradients(
            kind, alphas, saved | self._own(saved, H), lambda rows: torch_order(rows, H),
            lambda rows: output_first(rows, H),
        )  # fmt: skip
        return found | output_norm.parameters(norm, alphas, saved, alphas.shape[1] // H - 1)

    def _own(self, saved: Mapping[str, Tensor], H: int) -> dict[str, Tensor]:
        """Of what a normalisation saved of four blocks, what belongs to those with weights of their own."""
        own = variants.OWN_BLOCKS.get(self.variant, range(4))
        return {
            name: _blocks(rows, own, rows.shape[1] // 4) for name, rows in saved.items()
            if name.startswith(SAVED) and not name.endswith("_c")
        }  # fmt: skip

    def _norm_of_four(self, params: Params, name: str) -> Norm | None:
        """That of a product of ``whole`` parameters, in the loops' order."""
        norm = self.norm(params, name)
        return norm and norm.rows(loop_order)

    def _rows_of(self, products: dict[str, Tensor]) -> dict[str, Tensor]:
        found = dict(products)
        for name in products.keys() - {"c"}:
            H, own = len(products["c"]), list(variants.OWN_BLOCKS.get(self.variant, range(4)))
            found[name] = torch_order(products[name].unflatten(0, (4, H))[own].flatten(0, 1), H)
        return found

    def _inputs_back(self, params: Params, saved: dict[str, Tensor], alphas: Tensor) -> Tensor:
        H, norm = saved["h"].shape[1], self.norm(params, "ih")
        W = output_first(params["weight_ih"], H)
        if norm is None:
            return inputs_back(W, None, saved, alphas)
        norm = norm.rows(lambda rows: output_first(rows, H))
        return inputs_back(W, norm, saved | self._own(saved, H), alphas)

    # -- what only the formulas know ------------------------------------------------------------------------------

    def sums(self, params: Params, trajectory: Trajectory) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        params = with_norms(params, trajectory)
        names, before_step = self.gate_names, trajectory.gone_on_from
        inputs = self.input_sums(params, trajectory.x) + params["bias_ih"] + params["bias_hh"]
        by_input = dict(zip(names, inputs.chunk(len(names), dim=2), strict=True))
        products = self.state_sums(params, before_step["h"])
        by_state = dict(zip(names, products.chunk(len(names), dim=2), strict=True))
        for q, p in self.peepholes(params).items():
            by_state[q] = by_state[q] + p * (trajectory.states["c"][1:] if q == "o" else before_step["c"])
        return by_input, by_state

    def handed_back(self, params: Params, trajectory: Trajectory, alphas: Mapping[str, Tensor]) -> dict[str, Tensor]:
        params = with_norms(params, trajectory)
        h, norms = trajectory.gone_on_from["h"], self.recurrent_norms(params)
        return {q: sent_back(h @ U.T, norms.get(q), alphas[q]) @ U for q, U in self.recurrent_blocks(params).items()}

    def handed_to_c(self, params: Params, alphas: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {} if self.stops_gradient else {q: alphas[q] * p for q, p in self.peepholes(params).items()}

    def handed_within(
        self, params: Params, trajectory: Trajectory, grad_h: Tensor, *, through_gates: bool = True
    ) -> Tensor:
        params = with_norms(params, trajectory)
        o, tanh_c, m_h = trajectory.gates["o"], time_first(trajectory.saved["tanh_c"]), grad_h[1:]
        before_tanh = m_h * (o * (1 - tanh_c**2) if self.squashes else o)
        found = sent_back(trajectory.states["c"][1:], self.norm(params, "c"), before_tanh)
        if through_gates:
            at_sum = m_h * o * (1 - o) * tanh_c
            found = found + self.handed_to_c(params, dict.fromkeys(self.peepholes(params), at_sum)).get("o", 0)
        return torch.cat([torch.zeros_like(grad_h[:1]), found])

    def diagram(
        self, params: Params, trajectory: Trajectory, alphas: Mapping[str, Tensor], n: int, known: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        e, tanh_c = known, time_first(trajectory.saved["tanh_c"])[:, n]
        found = {
            "kept": e["f"] * e["c0"], "new": e["i"] * e["g"], "tanh_c": tanh_c,
            "d.o": e["dh"] * tanh_c, "d.i": e["dc"] * e["g"], "d.g": e["dc"] * e["i"], "d.tanh_c": e["dh"] * e["o"],
        }  # fmt: skip
        forget = self.anatomy.gate("f")
        if forget is not None and not forget.constant:
            found["d.f"] = e["dc"] * e["c0"]
        sent_c = e["dc"] * e["f"]
        p = self.peepholes(params)
        if p:  # zeros where the gradient is stopped
            lets = 0.0 if self.stops_gradient else 1.0
            handed = {q: lets * weight * e[f"a.{q}"] for q, weight in p.items()}
            found["at.p"] = handed.pop("o")
            found["via.p"] = torch.stack(list(handed.values())).sum(dim=0)
            sent_c = sent_c + found["via.p"]
        whole = torch.stack([e[f"via.{q}"] for q in self.gate_names]).sum(dim=0)
        return found | {"sent_h": whole, "sent_c": sent_c}

    def h_of(self, params: Params, x_t: Tensor, came_from: State, c: Tensor) -> Tensor:
        total, p = self.sums_of(params, x_t, came_from[0])["o"], self.peepholes(params)
        o = torch.sigmoid(total + p["o"] * self.seen(c) if "o" in p else total)
        return o * self.output(params, c)


def _blocks(rows: Tensor, own: Collection[int], size: int) -> Tensor:
    """(T, blocks·size, …) with the ``own`` of four blocks alone."""
    return rows if len(own) == 4 else rows.unflatten(1, (4, size))[:, list(own)].flatten(1, 2)


def without_peepholes(tensor: Tensor) -> Any:
    """A step's elementwise functions where no gate sees c, or no gradient goes through what it sees."""
    return elementwise.choose(tensor, plain, compiled)


def loop_order(rows: Tensor) -> Tensor:
    """Parameter rows (4H, …) from torch's i f g o to the loops' o i f g."""
    i, f, g, o = rows.chunk(4)
    return torch.cat([o, i, f, g])


def output_first(rows: Tensor, H: int) -> Tensor:
    """Rows from torch's order to the loops', of three blocks as of four: the last one comes first."""
    return torch.cat([rows[-H:], rows[:-H]])


def torch_order(rows: Tensor, H: int) -> Tensor:
    """The way back: from o i f g to i f g o, or from o i g to i g o."""
    return torch.cat([rows[H:], rows[:H]])
