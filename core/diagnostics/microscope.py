"""One training step in slow motion: every number of the forward sweep, the losses, the backward sweep, the sum into the
weights' gradient, the clipping and the update, of a small batch.

Computed by the passes that training uses, in the weights' own precision: what is shown is what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from core.backprop.bptt import Measured, gradients
from core.backprop.clipping import clip as clip_all
from core.backprop.clipping import compared, global_norm
from core.backprop.readout import Readout, answers, asked, losses
from core.cells import Cell, Params, Trajectory, peepholes_of
from core.diagnostics.at_gates import RECURRENT, at_gates, gone_on_from
from core.errors import UnrolledError
from core.tasks import Batch
from core.truncation import Truncation

Clip = Literal["none", "norm", "value", "backprop"]
MakeOptimizer = Callable[[Tensor], torch.optim.Optimizer]
"""An optimiser of one vector of parameters, with whatever memory the moment's had."""


@dataclass(frozen=True)
class Forward:
    """x (T, N, C); h (T+1, N, H), c alike or None; per gate ("recurrent" for the RNN) the two parts of the sum before
    the nonlinearity, ``by_input`` (W x + both biases) and ``by_state`` (what h₋, and c in peepholes, adds), and its
    value: (T, N, H) each. A gate without weights of its own has a value alone."""

    x: Tensor
    h: Tensor
    c: Tensor | None
    by_input: dict[str, Tensor]
    by_state: dict[str, Tensor]
    gates: dict[str, Tensor]


@dataclass(frozen=True)
class Losses:
    """S asked steps (input indices): answers (S, N, O), each step's loss (S, N), its weight in its sequence's (S, N),
    0 where a sequence is not asked; ``mean`` is what is minimised."""

    steps: Tensor
    answers: Tensor
    loss: Tensor
    weight: Tensor
    mean: float


@dataclass(frozen=True)
class Backward:
    """∂L/∂h[t], ∂L/∂c[t] (T+1, N, H), the local part of ∂L/∂h[1:] that each step's own loss adds (T, N, H), and per
    gate ∂L/∂(the sum before its nonlinearity) (T, N, H); L is the batch mean.

    cuts, resets   states that nothing is handed back to: by truncation, and because the step began from zero
    several        whether losses differ in how far back they go, so that a cut is one of some of them alone
    clamp          limit of each component of what is handed back, in terms of L; None where there is none
    """

    grad_h: Tensor
    grad_c: Tensor | None
    local: Tensor
    gates: dict[str, Tensor]
    cuts: frozenset[int]
    resets: frozenset[int]
    several: bool
    clamp: float | None


@dataclass(frozen=True)
class Sum:
    """The cell's gradient, step by step from the end: what step t adds and what has come together so far, steps
    t … T−1, as norms (T, H) float64 over the parameters that lead into each unit (its row of every gate).

    gradient   {name: ∂L/∂parameter}, all steps together
    """

    added: Tensor
    together: Tensor
    gradient: dict[str, Tensor]

    @property
    def added_norm(self) -> Tensor:
        """(T,) over all of the cell's parameters."""
        return self.added.norm(dim=1)

    @property
    def together_norm(self) -> Tensor:
        """(T,) over all of the cell's parameters."""
        return self.together.norm(dim=1)


@dataclass(frozen=True)
class Update:
    """Gradient before and after clipping, parameters before and after the update, by name, of what is trained.

    norm_before, norm_after, angle   of the clipping, the angle in degrees; size is the update's norm
    """

    gradient: dict[str, Tensor]
    clipped: dict[str, Tensor]
    norm_before: float
    norm_after: float
    angle: float
    before: dict[str, Tensor]
    after: dict[str, Tensor]
    size: float


@dataclass(frozen=True)
class SlowMotion:
    """One training step, part after part."""

    forward: Forward
    losses: Losses
    backward: Backward
    sum: Sum
    update: Update


@torch.no_grad()
def slow_motion(
    cell: Cell,
    params: Params,
    readout: Readout,
    batch: Batch,
    optimizer: MakeOptimizer,
    *,
    truncation: Truncation | None = None,
    clip: Clip = "none",
    threshold: float = 1.0,
    trained: Literal["all", "readout"] = "all",
) -> SlowMotion:
    """The training step that starts from these weights, with a run's settings; the weights stay as they are.

    ``optimizer`` gets the vector of what is trained. Raises UnrolledError for truncation "stream", whose training step
    has several updates.
    """
    if truncation is not None and truncation.mode == "stream":
        raise UnrolledError(
            "`truncation` (=stream) makes several updates in one training step; slow motion shows a single one. "
            "Choose another `truncation`."
        )
    clamp = threshold if clip == "backprop" else None
    found = gradients(cell, params, readout, batch, truncation=truncation, clamp=clamp, record=False)
    trajectory, back = found.trajectory, found.back
    return SlowMotion(
        _forward(cell, params, trajectory),
        _losses(readout, batch, trajectory, found.loss),
        _backward(found, batch, truncation, None if clamp is None else clamp / batch.x.shape[1]),
        _sum(cell, trajectory, back.alphas),
        _update(params, readout, found, optimizer, clip, threshold, trained),
    )


def _forward(cell: Cell, params: Params, trajectory: Trajectory) -> Forward:
    names, (h, c_before) = cell.gate_names or (RECURRENT,), gone_on_from(trajectory)
    inputs = trajectory.x @ params["weight_ih"].T + params["bias_ih"]
    by_input = dict(zip(names, (inputs + params["bias_hh"]).chunk(len(names), dim=2), strict=True))
    by_state = dict(zip(names, (h @ params["weight_hh"].T).chunk(len(names), dim=2), strict=True))
    if "r" in by_state:  # the GRU's n sees the state through its reset gate, and torch's b_hn with it
        r, U_n, b_n = trajectory.gates["r"], params["weight_hh"].chunk(3)[2], params["bias_hh"].chunk(3)[2]
        after = getattr(cell, "reset", "after") == "after"
        by_input["n"] = by_input["n"] - b_n if after else by_input["n"]
        by_state["n"] = r * (by_state["n"] + b_n) if after else (r * h) @ U_n.T
    c = trajectory.c
    for name, p in peepholes_of(params).items():
        assert c is not None and c_before is not None
        by_state[name] = by_state[name] + p * (c[1:] if name == "o" else c_before)
    gates = trajectory.gates or {RECURRENT: trajectory.h[1:]}
    return Forward(trajectory.x, trajectory.h, c, by_input, by_state, gates)


def _backward(found: Measured, batch: Batch, truncation: Truncation | None, clamp: float | None) -> Backward:
    back, trajectory = found.back, found.trajectory
    steps = (np.flatnonzero(batch.asked.any(axis=1)) + 1).tolist()
    passes = [] if truncation is None else truncation.passes(steps)
    cuts = frozenset(passes[0].cuts) if len(passes) == 1 else frozenset()
    gates = at_gates(trajectory, back)
    return Backward(
        back.grad_h, back.grad_c, found.grad_out, gates, cuts, trajectory.resets, len(passes) > 1, clamp
    )  # fmt: skip


def _losses(readout: Readout, batch: Batch, trajectory: Trajectory, mean: float) -> Losses:
    sequences = asked(batch, trajectory.h.dtype)
    answer = answers(readout, trajectory.h[1:][sequences.steps])
    loss, _ = losses(answer, sequences.target)
    return Losses(sequences.steps, answer, loss, sequences.weight, mean)


def _sum(cell: Cell, trajectory: Trajectory, alphas: Tensor) -> Sum:
    """Only norms are kept of every step: T gradients of a wide cell would fill the memory."""
    (T, H), together = (len(alphas), trajectory.h.shape[2]), {}
    norms = torch.zeros(2, T, H, dtype=torch.float64)
    for t in reversed(range(T)):
        step = cell.parameter_gradients(trajectory, alphas, t, t + 1)
        together = {name: part + together[name] for name, part in step.items()} if together else step
        norms[0, t], norms[1, t] = by_unit(step, H), by_unit(together, H)
    return Sum(norms[0], norms[1], together)


def by_unit(parts: Mapping[str, Tensor], H: int) -> Tensor:
    """(H,) float64: norms over what belongs to each unit of a cell's parameters, its row of every gate's block."""
    squares = torch.zeros(H, dtype=torch.float64)
    for name, part in parts.items():
        wide = part.double()
        rows = wide.unsqueeze(-1) if name == "weight_peephole" else wide.reshape(-1, H, wide[0].numel())
        squares += rows.square().sum(dim=(0, 2))
    return squares.sqrt()


def _update(
    params: Params,
    readout: Readout,
    found: Measured,
    optimizer: MakeOptimizer,
    how: Clip,
    threshold: float,
    trained: str,
) -> Update:
    before = {f"readout.{name}": value.detach().clone() for name, value in readout.items()}
    if trained == "all":
        before = {name: value.detach().clone() for name, value in params.items()} | before
    gradient = {name: (found.free or found.grads)[name].reshape(value.shape) for name, value in before.items()}
    used = {name: found.grads[name].reshape(value.shape).clone() for name, value in before.items()}
    clipped = compared(gradient, used) if how == "backprop" else clip_all(used, how, threshold)
    vector = torch.cat([value.reshape(-1) for value in before.values()])
    vector.grad = torch.cat([value.reshape(-1) for value in clipped.grads.values()])
    optimizer(vector).step()
    parts = vector.split([value.numel() for value in before.values()])
    after = {name: part.view(value.shape) for (name, value), part in zip(before.items(), parts, strict=True)}
    size = global_norm({name: after[name] - value for name, value in before.items()})
    norms = clipped.norm_before, clipped.norm_after, clipped.angle
    return Update(gradient, clipped.grads, *norms, before, after, size)
