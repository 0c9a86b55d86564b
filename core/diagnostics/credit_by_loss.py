"""Itemised credit of a moment: as many losses as there is time for, each alone, and whether they add up.

Like ``credit``, with what a question needs: a budget, the gradient of all these losses together from a backward pass of
its own, and how far the rows, added up as vectors, are from that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.backprop.passes import back_through
from core.backprop.readout import Asked, asked, losses
from core.backprop.squares import squares
from core.cost import WIDE, question_seconds
from core.diagnostics.credit import ROOM, items
from core.diagnostics.halving import halved
from core.moment import Moment

Values = NDArray[np.float64]
Rows = NDArray[np.int64]

SEQUENCES, BUDGET_SECONDS = 8, 0.5
WIDE_NUMBERS = 1 << 21
"""Above so many numbers in the states of one sequence the passes are taken in float32."""


@dataclass(frozen=True)
class Itemised:
    """S losses by T+1 states.

    steps      (S,) the states that are asked, ascending
    reach      (S,) the first state that the loss's gradient gets to
    h, state   (S, T+1) batch mean of ‖∂ℓ_{s,n}/∂h[t]‖, and the same over (h, c); zero where t > s
    total_h, total_state   (T+1,) of the gradient of these losses together
    error      the largest of ‖Σ_s row_s − total‖ / ‖total‖ over all t, as vectors of all sequences; NaN where there is
               no gradient
    """

    steps: Rows
    reach: Rows
    h: Values
    state: Values
    total_h: Values
    total_state: Values
    error: float


def affordable(moment: Moment, budget: float = BUDGET_SECONDS) -> tuple[int, Rows]:
    """How many sequences, and which losses of each, there is time for; some are left out only where one sequence with
    all of them would be too slow."""
    N = moment.batch.x.shape[1]
    states = np.flatnonzero(moment.batch.asked.any(axis=1)) + 1
    each = WIDE * question_seconds(moment.config, float(states.sum()), 1)
    sequences = halved(min(SEQUENCES, N), (each, budget))
    counted = int(moment.batch.asked[:, :sequences].any(axis=1).sum())
    most = max(1, int(counted * min(1.0, 2 * budget / (sequences * each))))
    return sequences, np.unique(np.linspace(counted - 1, 0, most).round().astype(np.int64))


@torch.no_grad()
def itemised(moment: Moment, kept: Rows | None = None) -> Itemised:
    """The losses number ``kept`` (default all) of all sequences of ``moment``, under its config's truncation and before
    any clamping."""
    size = len(moment.batch.x) * moment.layer.hidden_size * moment.layer.layers
    dtype = torch.float64 if size <= WIDE_NUMBERS else torch.float32
    moment, some = replace(moment, network=moment.network.to(dtype)), _rows(asked(moment.batch, dtype), kept)
    by_h, by_state, sums = _one_by_one(moment, some)
    totals = _together(moment, some)
    sizes = [squares(part) for part in totals]
    return Itemised(
        some.steps.numpy() + 1, (by_state > 0).argmax(axis=1), by_h, by_state,
        _norm(sizes[:1]).numpy(), _norm(sizes).numpy(), _error(sums, totals),
    )  # fmt: skip


def _rows(whole: Asked, kept: Rows | None) -> Asked:
    """The losses number ``kept`` alone."""
    if kept is None:
        return whole
    parts = {name: getattr(whole, name)[torch.from_numpy(kept)] for name in ("steps", "target", "weight", "last")}
    return replace(whole, **parts)


def _one_by_one(moment: Moment, some: Asked) -> tuple[Values, Values, list[Tensor]]:
    """Norms of the rows over h and over the state, (S, T+1) each, and the sums of the rows."""
    (T, N, _), truncation = some.x.shape, moment.config.truncated
    trajectory = moment.layer.forward(some.x, some.start, resets=truncation.resets)
    at_once, S = max(1, ROOM // (T * N * moment.layer.rows)), len(some.steps)
    by_h, by_state, sums = [], [], []
    for first in range(0, S, at_once):
        which = range(first, min(first + at_once, S))
        found = list(items(moment.network, trajectory, some, truncation, which).values())
        squared = [squares(part.flatten(0, 1)).unflatten(0, (len(which), -1)) for part in found]
        by_h.append(_norm(squared[:1]))
        by_state.append(_norm(squared))
        here = [part.sum(dim=0) for part in found]
        sums = [a + b for a, b in zip(sums, here, strict=True)] if sums else here
    return torch.cat(by_h).numpy(), torch.cat(by_state).numpy(), sums


def _norm(squared: list[Tensor]) -> Tensor:
    """Mean over the sequences of the norm of one sequence's own gradient, from squares (…, N) of the batch mean's."""
    return torch.stack(squared).sum(dim=0).sqrt().sum(dim=-1)


def _together(moment: Moment, some: Asked) -> list[Tensor]:
    """∂L/∂h and, where there is a c, ∂L/∂c of all these losses, from the passes that training would take."""
    truncation = moment.config.truncated
    trajectory = moment.layer.forward(some.x, some.start, resets=truncation.resets)
    h = trajectory.h[1:]
    _, slope = losses(moment.network.answers(h[some.steps]), some.target)
    grad_out = torch.zeros_like(h)
    grad_out[some.steps] = moment.network.through_readout(slope * (some.weight / h.shape[1]).unsqueeze(-1))
    passes = truncation.passes((some.steps + 1).tolist())
    back = back_through(moment.layer, trajectory, grad_out, passes, parameters=False)
    return list(back.states.values())


def _error(sums: list[Tensor], totals: list[Tensor]) -> float:
    off = torch.stack([squares(mine - theirs).sum(dim=1) for mine, theirs in zip(sums, totals, strict=True)]).sum(dim=0)
    size = torch.stack([squares(part).sum(dim=1) for part in totals]).sum(dim=0)
    ratio = (off / size).sqrt()[size > 0]
    return float(ratio.max()) if len(ratio) else float("nan")
