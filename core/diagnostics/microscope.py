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
from core.backprop.readout import asked, losses
from core.cells import RECURRENT, Trajectory
from core.errors import UnrolledError
from core.network import READOUT, Alone, Layer, Network
from core.tasks import Batch
from core.truncation import Truncation

Clip = Literal["none", "norm", "value", "backprop"]
MakeOptimizer = Callable[[Tensor], torch.optim.Optimizer]
"""An optimiser of one vector of parameters, with whatever memory the moment's had."""


@dataclass(frozen=True)
class Forward:
    """x (T, N, C); per gate ("recurrent" for the RNN) the two parts of the sum before
    the nonlinearity, ``by_input`` (W x + both biases) and ``by_state`` (what h₋, and c in peepholes, adds), and its
    value: (T, N, H) each. A gate without weights of its own has a value alone."""

    x: Tensor
    by_input: dict[str, Tensor]
    by_state: dict[str, Tensor]
    gates: dict[str, Tensor]


@dataclass(frozen=True)
class StepLosses:
    """S asked steps (input indices): answers (S, N, O), each step's loss (S, N), its weight in its sequence's (S, N),
    0 where a sequence is not asked; ``mean`` is what is minimised."""

    steps: Tensor
    answers: Tensor
    loss: Tensor
    weight: Tensor
    mean: float


@dataclass(frozen=True)
class Backward:
    """{state: ∂L/∂state[t]} (T+1, N, H), the local part of ∂L/∂h[1:] that each step's own loss adds, or the layer above
    (T, N, H), and per gate ∂L/∂(the sum before its nonlinearity) (T, N, H); L is the batch mean.

    cuts, resets   states that nothing is handed back to: by truncation, and because the step began from zero
    several        whether losses differ in how far back they go, so that a cut is one of some of them alone
    clamp          limit of each component of what is handed back, in terms of L; None where there is none
    """

    states: dict[str, Tensor]
    local: Tensor
    gates: dict[str, Tensor]
    cuts: frozenset[int]
    resets: frozenset[int]
    several: bool
    clamp: float | None


@dataclass(frozen=True)
class Sum:
    """The layer's gradient, step by step from the end: what step t adds and what has come together so far, steps
    t … T−1, as norms (T, H) float64 over the parameters that lead into each unit (its row of every gate).

    gradient   {name: ∂L/∂parameter}, all steps together
    """

    added: Tensor
    together: Tensor
    gradient: dict[str, Tensor]


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
    """One training step, part after part, in one layer; its states stand in ``trajectory``."""

    layer: Layer
    trajectory: Trajectory
    forward: Forward
    losses: StepLosses
    backward: Backward
    sum: Sum
    update: Update


@torch.no_grad()
def slow_motion(
    network: Network,
    batch: Batch,
    optimizer: MakeOptimizer,
    *,
    truncation: Truncation | None = None,
    clip: Clip = "none",
    threshold: float = 1.0,
    trained: Literal["all", "readout"] = "all",
    of_layer: int = 0,
) -> SlowMotion:
    """The training step that starts from these weights, with a run's settings, in one layer, from 0 at the bottom; the
    update is that of everything trained. The weights stay as they are.

    ``optimizer`` gets the vector of what is trained. Raises UnrolledError for truncation "stream", whose training step
    has several updates.
    """
    if truncation is not None and truncation.mode == "stream":
        raise UnrolledError(
            "`truncation` (=stream) makes several updates in one training step; slow motion shows a single one. "
            "Choose another `truncation`."
        )
    clamp = threshold if clip == "backprop" else None
    found = gradients(network, batch, truncation=truncation, clamp=clamp, record=False)
    own = network.layer.alone(of_layer, found.trajectory, found.back, found.grad_out)
    return SlowMotion(
        own.layer,
        own.trajectory,
        _forward(own.layer, own.trajectory),
        _losses(network, batch, found.trajectory, found.loss),
        _backward(own, batch, truncation, None if clamp is None else clamp / batch.x.shape[1]),
        _sum(own.layer, own.trajectory, own.back.alphas),
        _update(network, found, optimizer, clip, threshold, trained),
    )


def _forward(layer: Layer, trajectory: Trajectory) -> Forward:
    by_input, by_state = layer.cell.sums(layer.params, trajectory)
    gates = trajectory.gates or {RECURRENT: trajectory.h[1:]}
    return Forward(trajectory.x, by_input, by_state, gates)


def _backward(own: Alone, batch: Batch, truncation: Truncation | None, clamp: float | None) -> Backward:
    back, trajectory = own.back, own.trajectory
    steps = (np.flatnonzero(batch.asked.any(axis=1)) + 1).tolist()
    passes = [] if truncation is None else truncation.passes(steps)
    cuts = frozenset(passes[0].cuts) if len(passes) == 1 else frozenset()
    gates = own.layer.cell.at_sums(trajectory, back)
    return Backward(back.states, own.local, gates, cuts, trajectory.resets, len(passes) > 1, clamp)


def _losses(network: Network, batch: Batch, trajectory: Trajectory, mean: float) -> StepLosses:
    sequences = asked(batch, trajectory.h.dtype)
    answer = network.answers(trajectory.h[1:][sequences.steps])
    loss, _ = losses(answer, sequences.target)
    return StepLosses(sequences.steps, answer, loss, sequences.weight, mean)


def _sum(layer: Layer, trajectory: Trajectory, alphas: Tensor) -> Sum:
    """Only norms are kept of every step: T gradients of a wide cell would fill the memory."""
    (T, H), together = (len(alphas), trajectory.h.shape[2]), {}
    norms = torch.zeros(2, T, H, dtype=torch.float64)
    for t in reversed(range(T)):
        step = layer.parameter_gradients(trajectory, alphas, t, t + 1)
        together = {name: part + together[name] for name, part in step.items()} if together else step
        norms[0, t], norms[1, t] = by_unit(layer, step), by_unit(layer, together)
    return Sum(norms[0], norms[1], together)


def by_unit(layer: Layer, parts: Mapping[str, Tensor]) -> Tensor:
    """(H,) float64: norms over what belongs to each unit of a cell's parameters, its row of every gate's block."""
    H = layer.hidden_size
    squares = torch.zeros(H, dtype=torch.float64)
    for name, part in parts.items():
        squares += layer.cell.by_unit(name, part.double(), H).square().sum(dim=(0, 2))
    return squares.sqrt()


def _update(
    network: Network,
    found: Measured,
    optimizer: MakeOptimizer,
    how: Clip,
    threshold: float,
    trained: str,
) -> Update:
    learns = {name: p for name, p in network.parameters.items() if trained == "all" or name.startswith(READOUT)}
    before = {name: value.detach().clone() for name, value in learns.items()}
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
