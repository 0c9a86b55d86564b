"""The gated recurrent unit, z the keep gate: Cho 2014 (reset before), torch (after); docs/reference.md, "GRU".

The formulas that differ with the place of the reset stand in ``core.cells.gru.resets``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from torch import Tensor, nn

from core.anatomy import Anatomy
from core.anatomy.gru import GRUAnatomy
from core.cells.base import Params, State
from core.cells.gru.resets import RESETS
from core.cells.normalisation import inputs_back, normalised, sent_back
from core.cells.one_layer import AtStep, OneLayer, with_norms
from core.cells.trajectory import Trajectory


@final
@dataclass(frozen=True)
class GRU(OneLayer):
    """h = (1−z)⊙n + z⊙h₋, with r z = σ(W x + U h₋ + b).

    reset "after":  n = tanh(W_n x + b_in + r⊙m),  m = U_n h₋ + b_hn
    reset "before": n = tanh(W_n x + b_in + U_n(r⊙h₋) + b_hn)
    """

    reset: Literal["after", "before"] = "after"

    anatomy_type: ClassVar[type[Anatomy]] = GRUAnatomy

    def step(self, params: Params, x_t: Tensor, state: State) -> tuple[State, dict[str, Tensor]]:
        (h,) = state
        U_r, U_z, U_n = params["weight_hh"].chunk(3)
        b_r, b_z, b_n = params["bias_hh"].chunk(3)
        r, z, n = (self.input_sums(params, x_t) + params["bias_ih"]).chunk(3, dim=1)
        norms, H = self.recurrent_norms(params), h.shape[1]
        r = torch.sigmoid(r + normalised(h @ U_r.T, norms.get("r"), H) + b_r)
        z = torch.sigmoid(z + normalised(h @ U_z.T, norms.get("z"), H) + b_z)
        after = self.reset == "after"
        m = normalised((h if after else r * h) @ U_n.T, norms.get("n"), H) + b_n
        n = torch.tanh(n + (r * m if after else m))
        return ((1 - z) * n + z * h,), {"r": r, "z": z, "n": n}

    def _forward(
        self, params: Params, saved: dict[str, Tensor], resets: Collection[int]
    ) -> tuple[AtStep, Mapping[str, int]]:
        saved["drop"] = torch.empty_like(saved["h"][1:])  # h₋ − n
        step = RESETS[self.reset].forward(self.normalisation, params, saved, resets)
        return step, {"r": 0, "z": 1, "n": saved["gates"].shape[1] - 1}

    @property
    def _sums(self) -> Mapping[str, int]:
        return RESETS[self.reset].sums

    def _backward(self, params: Params, saved: dict[str, Tensor], grads: dict[str, Tensor]) -> tuple[AtStep, Tensor]:
        alphas = torch.empty_like(saved["gates"])
        return RESETS[self.reset].backward(self.normalisation, params, saved, grads["h"], alphas), alphas

    def _parameters(self, alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        return RESETS[self.reset].parameters(self.normalisation, alphas, saved)

    def _rows_of(self, products: dict[str, Tensor]) -> dict[str, Tensor]:
        return RESETS[self.reset].rows_of(products)

    def _inputs_back(self, params: Params, saved: dict[str, Tensor], alphas: Tensor) -> Tensor:
        return inputs_back(*RESETS[self.reset].input_rows(self.normalisation, params), saved, alphas)

    # -- what only the formulas know ------------------------------------------------------------------------------

    def sums(self, params: Params, trajectory: Trajectory) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """n sees the state through its reset gate."""
        params = with_norms(params, trajectory)
        h, names, b = trajectory.gone_on_from["h"], self.gate_names, params["bias_hh"]
        inputs = self.input_sums(params, trajectory.x) + params["bias_ih"]
        by_input = dict(zip(names, (inputs + b).chunk(3, dim=2), strict=True))
        by_state = dict(zip(names, self.state_sums(params, h).chunk(3, dim=2), strict=True))
        U_n, b_n, norm = params["weight_hh"].chunk(3)[2], b.chunk(3)[2], self.recurrent_norms(params).get("n")
        by_input["n"], by_state["n"] = RESETS[self.reset].sum_of_n(
            by_input["n"], by_state["n"], trajectory.gates["r"], h, U_n, b_n, norm
        )
        return by_input, by_state

    def handed_back(self, params: Params, trajectory: Trajectory, alphas: Mapping[str, Tensor]) -> dict[str, Tensor]:
        params = with_norms(params, trajectory)
        U, norms, h = self.recurrent_blocks(params), self.recurrent_norms(params), trajectory.gone_on_from["h"]
        found = {q: sent_back(h @ U[q].T, norms.get(q), alphas[q]) @ U[q] for q in ("r", "z")}
        through = RESETS[self.reset].handed_back_by_n(alphas["n"], trajectory.gates["r"], h, U["n"], norms.get("n"))
        return found | {"n": through}

    def diagram(
        self, params: Params, trajectory: Trajectory, alphas: Mapping[str, Tensor], n: int, known: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        params = with_norms(params, trajectory)
        U_n, b_n = self.recurrent_blocks(params)["n"], params["bias_hh"].chunk(3)[2]
        norm, h = self.recurrent_norms(params).get("n"), trajectory.gone_on_from["h"]
        at_r = RESETS[self.reset].arriving_at_r(alphas["n"], trajectory.gates["r"], h, U_n, b_n, norm)
        e = known
        gates, leak = e["via.r"] + e["via.z"] + e["via.n"], e["z"] * e["dh"]
        return {
            "kept": e["z"] * e["h0"], "new": (1 - e["z"]) * e["n"],
            "d.z": e["dh"] * (e["h0"] - e["n"]), "d.n": e["dh"] * (1 - e["z"]),
            "d.r": at_r[:, n], "via": gates, "leak": leak, "sent_h": gates + leak,
        }  # fmt: skip

    def torch_layer(self, input_size: int, hidden_size: int, layers: int = 1) -> nn.RNNBase | None:
        plain = self.reset == "after" and self.normalisation == "none"
        return nn.GRU(input_size, hidden_size, layers) if plain else None
