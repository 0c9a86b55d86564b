"""Where the gradient travels: along the carousel (LSTM) or the leak (GRU), or through a gate.

docs/reference.md, "Paths". The carousel's part is ``(∏ f) ⊙ δc``: what is left when h₋ (and c in the peepholes) sends
nothing back through any gate, nor through g; the GRU's leak is ∏ z likewise. Everything else came through a gate at
some step, and is put down to the gate that it came through *last*, the one nearest to t: what gate q sends from step k
to state k, out of the whole gradient that stands there, and what the carousel then carries on of it. So the parts sum
to the gradient, exactly.

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

from core.anatomy import DirectPath
from core.backprop.profiles import mean_norm
from core.backprop.squares import squares
from core.cells import RECURRENT, Cell, Trajectory
from core.network import Layer

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Paths:
    """The gradient of a loss by path; all tensors float64 (T+1, N, H), total derivatives as in ``Back``.

    h, c   {path: part of ∂L/∂h[t]} and of ∂L/∂c[t] (None where the cell has no c). Paths: the direct one by its name
           ("carousel", "leak") and every gate with weights of its own; "recurrent" where there is one way to go
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

    def gates(self, direct: str) -> Curve:
        """The share of all gates together: all but that of the ``direct`` path."""
        return np.sum([share for name, share in self.share.items() if name != direct], axis=0)


@torch.no_grad()
def paths(layer: Layer, trajectory: Trajectory, grad_out: Tensor, cuts: Collection[int] = ()) -> Paths:
    """The parts of the gradient of the loss with ``grad_out`` (T, N, H), as for ``Cell.backward``.

    In float64 whatever the layer's precision: parts may be far larger than their sum.
    """
    layer, trajectory, cell = layer.to(torch.float64), trajectory.to(torch.float64), layer.cell
    back = layer.backward(trajectory, grad_out.double(), cuts=cuts, parameters=False)
    direct = way_past_sums(cell)
    if direct is None:
        return Paths({RECURRENT: back.grad_h}, None, back.grad_h, None)
    local = torch.cat([torch.zeros_like(back.grad_h[:1]), grad_out.double()])
    alphas, cut = cell.at_sums(trajectory, back), trajectory.resets.union(cuts)
    sent = cell.handed_back(layer.params, trajectory, alphas)
    h = {direct.name: local} | {name: _arrived(part, cut) for name, part in sent.items()}
    keep = trajectory.gates[direct.keeps]
    if direct.state == "h":
        return Paths({name: carried(keep, part, cut) for name, part in h.items()}, None, back.grad_h, None)
    seen, at_c = _through_peepholes(layer, alphas, cut), {}
    for name, part in h.items():
        within = cell.handed_within(layer.params, trajectory, part, through_gates=False)
        assert within is not None
        at_c[name] = carried(keep, within + seen.get(name, 0), cut)
    return Paths(h, at_c, back.grad_h, back.grad_c)


def way_past_sums(cell: Cell) -> DirectPath | None:
    """The direct path; None where there is one sum and all of the gradient goes through it. Raises UnrolledError for a
    cell that has more than that and names no direct path."""
    direct = cell.anatomy.direct_path
    if direct is None and (cell.gate_names or len(cell.state_parts) > 1):
        cell.lacks("which way its gradient takes past its sums")
    return direct


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


def _arrived(sent: Tensor, cuts: frozenset[int]) -> Tensor:
    """(T, N, H) by step as (T+1, N, H) by state; nothing arrives where truncation cuts, nor at the last state."""
    room = torch.cat([sent, torch.zeros_like(sent[:1])])
    room[[t for t in cuts if t < len(sent)]] = 0
    return room


def _through_peepholes(layer: Layer, alphas: dict[str, Tensor], cuts: frozenset[int]) -> dict[str, Tensor]:
    """{gate: (T+1, N, H)} what it sends to c: to the old one, or, handing out, to the new one of its own step."""
    found = {}
    for name, sent in layer.cell.handed_to_c(layer.params, alphas).items():
        gate = layer.cell.anatomy.gate(name)
        own = gate is not None and gate.role == "hands out"
        found[name] = torch.cat([torch.zeros_like(sent[:1]), sent]) if own else _arrived(sent, cuts)
    return found
