"""What truncation hides: the full gradient against the truncated one, for every K, on the same weights and batch.

The gradient is a sum of parts by lag: G_k is what enters through the step k before the loss it comes from. *Sliding*
keeps the lags below K of every loss. *Windows* of K, counted back from the end, keep of each loss what lies in its own
window. With a single loss at the end both keep the last K steps. docs/reference.md, "Truncation": relative bias
‖g_K − g‖/‖g‖, cosine, and norm ratio ‖g_K‖/‖g‖.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.cost import pass_bytes, question_seconds, vector_seconds
from core.diagnostics.compared import AgainstFull, compare_parts, compare_whole, grid
from core.diagnostics.halving import halved
from core.diagnostics.losses import Losses, flat, flow_of, losses_of
from core.diagnostics.many_losses import ManyLosses
from core.moment import Moment
from core.truncation import windows

Values = NDArray[np.float64]

SEQUENCES = 8
"""Of the batch: what a question about a moved cursor looks at."""

QUICK_SECONDS, PRODUCT_SECONDS, BUDGET_SECONDS = 0.25, 0.1, 1.5
"""What following many losses back may cost: with more sequences than one, for a finer grid of K, and at all."""

STORED_NUMBERS = 30e6
"""Floats of the largest array that is kept, 120 MB."""

PASSES = 16
"""Where losses cannot be followed back to the start: for so many windows a whole backward pass each."""

MOST_BYTES = 250e6
"""The most that a pass over all sequences may hold."""


@torch.no_grad()
def truncation_bias(moment: Moment, patience: float = 1.0) -> dict[str, NDArray[Any]]:
    """Full against truncated, on all sequences of ``moment``, whatever truncation its own config has.

    ``patience`` multiplies the time that may go into it: with more of it, long tasks are followed back further and
    for more K.

    {windows|sliding}.K (n,) ascending, T last; .relative_bias, .cosine, .norm_ratio (n,) over all trained parameters,
    as the optimiser and clipping see them; .cell_relative_bias, … over the cell's alone. phi (T+1,): the flow of one
    loss by lag, mean over losses and sequences (NaN where nothing was measured).
    """
    losses = losses_of(moment)
    answer = _one_loss if losses.only_last else _many_losses
    windowed, sliding, phi = answer(moment, losses, patience)
    readout = float(torch.linalg.vector_norm(losses.readout.double().sum(dim=0)))
    cell = moment.config.trained == "all"
    found = {"windows": windowed.ratios(readout, cell=cell), "sliding": sliding.ratios(readout, cell=cell)}
    return {f"{mode}.{name}": a for mode, arrays in found.items() for name, a in arrays.items()} | {"phi": phi}


def _one_loss(moment: Moment, losses: Losses, patience: float) -> tuple[AgainstFull, AgainstFull, Values]:
    """The loss stands at the last step: a window is a run of steps, and what each step contributes is summed up."""
    T = losses.trajectory.h.shape[0] - 1
    back = moment.layer.backward(losses.trajectory, losses.grad_out, parameters=False)
    K = grid(T, _affordable(moment, patience))
    first, stop = T - K, T - np.concatenate([[0], K[:-1]])

    def part(i: int) -> Tensor:
        grads = moment.layer.parameter_gradients(losses.trajectory, back.alphas, int(first[i]), int(stop[i]))
        return flat(grads.values())

    if len(K) * moment.layer.size <= STORED_NUMBERS:
        parts = torch.stack([part(i) for i in range(len(K))])
        compared = compare_parts(K, parts.__getitem__)
    else:
        compared = compare_parts(K, part)
    return compared, compared, flow_of(back).sum(dim=1).flip(0).numpy()


def _many_losses(moment: Moment, losses: Losses, patience: float) -> tuple[AgainstFull, AgainstFull, Values]:
    T, most = losses.trajectory.h.shape[0] - 1, _many(moment, patience)
    reach = _reach(moment, losses, patience)
    many = ManyLosses(moment, losses, grid(reach, most))
    if reach == T:
        sliding = compare_parts(many.K, many.lags.__getitem__)
        return compare_whole(many.K, many.windows, many.windows[-1]), sliding, many.phi
    K = grid(T, max(4, min(PASSES, int(BUDGET_SECONDS / question_seconds(moment.config, 0, 2)))))
    rows = torch.stack([_windowed(moment, losses, k) for k in K.tolist()])
    lags = torch.cat([many.lags.double().cumsum(dim=0), rows[-1:].double()])
    sliding = compare_whole(np.append(many.K, T), lags, rows[-1])
    return compare_whole(K, rows, rows[-1]), sliding, many.phi


def _windowed(moment: Moment, losses: Losses, K: int) -> Tensor:
    """The gradient of windows of K, (P,)."""
    cuts = windows(losses.trajectory.h.shape[0] - 1, K)
    back = moment.layer.backward(losses.trajectory, losses.grad_out, cuts=cuts)
    return flat(back.grads.values())


# -- how much can be afforded -----------------------------------------------------------------------------------------


def _affordable(moment: Moment, patience: float) -> int:
    """How many K the sums over the steps of one loss can be taken for."""
    return int(patience * BUDGET_SECONDS / 2 / vector_seconds(moment.layer.size))


def _many(moment: Moment, patience: float) -> int:
    """How many K there is time and room for where losses are taken at many steps: each is a few products over all."""
    T, N, _ = moment.batch.x.shape
    room = STORED_NUMBERS / max(moment.layer.size, T * N * moment.layer.rows)
    product = 6 * vector_seconds(0) + question_seconds(moment.config, T * N, 1, steps=0)
    return max(16, int(min(room, patience * PRODUCT_SECONDS / product)))


def sequences_for(moment: Moment) -> int:
    """How many of the moment's sequences can be looked at without keeping anybody waiting."""
    states, most = np.flatnonzero(moment.batch.asked.any(axis=1)) + 1, moment.batch.x.shape[1]
    cost = 0.0 if len(states) == 1 else _seconds(moment, states, 1, moment.batch.x.shape[0])
    bytes_each = pass_bytes(moment.config, 1)
    return halved(min(SEQUENCES, most), (cost, QUICK_SECONDS), (bytes_each, MOST_BYTES))


def _seconds(moment: Moment, states: Iterable[int], sequences: int, reach: int) -> float:
    """What following the losses at ``states`` back by ``reach`` steps costs, roughly (one core of a small machine)."""
    columns = sequences * sum(min(state, reach) for state in states)
    return question_seconds(moment.config, columns, 2, steps=0)


def _reach(moment: Moment, losses: Losses, patience: float) -> int:
    """How far back every loss can be followed: to the start, if that does not take too long."""
    T = losses.trajectory.h.shape[0] - 1
    cost = _seconds(moment, losses.states, losses.local.shape[1], T)
    budget = patience * BUDGET_SECONDS
    return T if cost <= budget else max(1, int(T * budget / cost / 2))
