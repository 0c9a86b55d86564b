"""Where the gradient travels: along the carousel (LSTM) or the leak (GRU), or through a gate.

REFERENCE section 2. The carousel's part is ``(∏ f) ⊙ δc``: what is left when h₋ (and c in the peepholes) sends nothing
back through any gate, nor through g; the GRU's leak is ∏ z likewise. Everything else came through a gate at some step,
and is put down to the gate that it came through *last*, the one nearest to t: what gate q sends from step k to state
k, out of the whole gradient that stands there, and what the carousel then carries on of it. So the parts sum to the
gradient, exactly.

Of the gradient before any clamping inside backpropagation, which is not linear and has no parts. One backward pass; the
sliding window, which takes several, has parts for each of them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.backprop.profiles import mean_norm, squares
from core.cells import Cell, Params, Trajectory, peepholes_of
from core.diagnostics.at_gates import RECURRENT, at_gates, enters, wide, wide_backward

CAROUSEL, LEAK = "carousel", "leak"

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Paths:
    """The gradient of a loss by path; all tensors float64 (T+1, N, H), total derivatives as in ``Back``.

    h, c   {path: part of ∂L/∂h[t]} and of ∂L/∂c[t] (None where the cell has no c). Paths: "carousel", "i", "f", "g",
           "o" (LSTM, peephole; no "f" where it has no weights of its own: a coupled gate is "i"), "leak", "r", "z",
           "n" (GRU), "recurrent" (RNN, whose gradient has one way to go)
    total_h, total_c   their sums, the gradient itself
    """

    h: dict[str, Tensor]
    c: dict[str, Tensor] | None
    total_h: Tensor
    total_c: Tensor | None

    @property
    def names(self) -> list[str]:
        return list(self.h)


@dataclass(frozen=True)
class Shares:
    """How much each path brings, by state t; (T+1,) each.

    flow    batch mean of ‖∂ℓ_n/∂state[t]‖, the state being h, or (h, c)
    part    {path: batch mean of ⟨part_n, ∂ℓ_n⟩ / ‖∂ℓ_n‖}: the part's length along the gradient, negative where it
            points against it; sums to ``flow``
    share   {path: part / flow}: sums to 1; NaN where no gradient arrives
    norm    {path: batch mean of ‖part_n‖}, which may sum to far more than ``flow``
    """

    flow: Curve
    part: dict[str, Curve]
    share: dict[str, Curve]
    norm: dict[str, Curve]

    def gates(self) -> Curve:
        """The share of all gates together: 1 − the carousel's or leak's."""
        ways = [share for name, share in self.share.items() if name not in (CAROUSEL, LEAK)]
        return np.sum(ways, axis=0)


@torch.no_grad()
def paths(cell: Cell, params: Params, trajectory: Trajectory, grad_out: Tensor, cuts: Collection[int] = ()) -> Paths:
    """The parts of the gradient of the loss with ``grad_out`` (T, N, H), as for ``Cell.backward``."""
    trajectory, back = wide_backward(cell, params, trajectory, grad_out, cuts)
    if not cell.gate_names:
        return Paths({RECURRENT: back.grad_h}, None, back.grad_h, None)
    local = torch.cat([torch.zeros_like(back.grad_h[:1]), grad_out.double()])
    alphas, cut = at_gates(trajectory, back), trajectory.resets.union(cuts)
    sent = _sent_to_h(cell, wide(params), trajectory, alphas)
    sent = {name: _arrived(part, cut) for name, part in sent.items()}
    if trajectory.c is None:
        h = {name: carried(trajectory.gates["z"], part, cut) for name, part in ({LEAK: local} | sent).items()}
        return Paths(h, None, back.grad_h, None)
    h = {CAROUSEL: local} | sent
    seen = _through_peepholes(cell, wide(params), alphas, cut)
    into_c = enters(cell, trajectory)
    at_c = {name: part * into_c + seen.get(name, 0) for name, part in h.items()}
    c = {name: carried(trajectory.gates["f"], part, cut) for name, part in at_c.items()}
    return Paths(h, c, back.grad_h, back.grad_c)


def carried(keep: Tensor, entering: Tensor, cuts: frozenset[int] = frozenset()) -> Tensor:
    """u[t] = entering[t] + keep[t]⊙u[t+1], and u[t] = entering[t] at a cut; keep (T, …), entering and u (T+1, …)."""
    u = entering.clone()
    for t in range(len(keep) - 1, -1, -1):
        if t not in cuts:
            u[t] += keep[t] * u[t + 1]
    return u


def shares(found: Paths) -> Shares:
    """What each path brings, over the whole state; as on screen, of one sequence's loss, averaged over the batch."""
    total = _states(found.total_h, found.total_c)
    size = squares(total).sqrt()  # (T+1, N)
    parts = {name: _states(found.h[name], None if found.c is None else found.c[name]) for name in found.names}
    flow, part = mean_norm(size**2), {}
    for name, value in parts.items():
        along = (value * total).sum(dim=2) / size
        part[name] = torch.where(size == 0, 0, along).sum(dim=1).numpy()  # the sum of N-folds' mean
    with np.errstate(all="ignore"):
        share = {name: value / np.where(flow == 0, np.nan, flow) for name, value in part.items()}
    return Shares(flow, part, share, {name: mean_norm(squares(value)) for name, value in parts.items()})


def _states(h: Tensor, c: Tensor | None) -> Tensor:
    return h if c is None else torch.cat([h, c], dim=2)


def _sent_to_h(cell: Cell, params: Params, trajectory: Trajectory, alphas: dict[str, Tensor]) -> dict[str, Tensor]:
    """{gate: (T, N, H)} what each gate of step t sends to h[t]: U_qᵀ α_q; the GRU's n sends through its reset."""
    blocks = dict(zip(cell.gate_names, params["weight_hh"].chunk(len(cell.gate_names)), strict=True))
    reset = trajectory.gates.get("r")
    if reset is None:
        return {name: alphas[name] @ U for name, U in blocks.items()}
    through = alphas["n"] * reset @ blocks["n"] if _resets_after(cell) else reset * (alphas["n"] @ blocks["n"])
    return {name: through if name == "n" else alphas[name] @ U for name, U in blocks.items()}


def _resets_after(cell: Cell) -> bool:
    return getattr(cell, "reset", "after") == "after"


def _arrived(sent: Tensor, cuts: frozenset[int]) -> Tensor:
    """(T, N, H) by step as (T+1, N, H) by state; nothing arrives where truncation cuts, nor at the last state."""
    room = torch.cat([sent, torch.zeros_like(sent[:1])])
    room[[t for t in cuts if t < len(sent)]] = 0
    return room


def _through_peepholes(
    cell: Cell, params: Params, alphas: dict[str, Tensor], cuts: frozenset[int]
) -> dict[str, Tensor]:
    """{gate: (T+1, N, H)} what it sends to c: i and f to the old one, o to the new one of its own step."""
    if "weight_peephole" not in params or getattr(cell, "gradient", "full") != "full":
        return {}
    p = peepholes_of(params)
    own = torch.cat([torch.zeros_like(alphas["o"][:1]), alphas["o"] * p["o"]])
    return {q: _arrived(alphas[q] * p[q], cuts) for q in p if q != "o"} | {"o": own}
