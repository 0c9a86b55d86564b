"""The backward passes of one truncation as one: where losses have a reach of their own, several are summed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from core.cells import Back, Trajectory
from core.network import Layer
from core.truncation import Pass


def back_through(
    layer: Layer,
    trajectory: Trajectory,
    grad_out: Tensor,
    passes: Sequence[Pass],
    *,
    clamp: float | None = None,
    parameters: bool = True,
) -> Back:
    """The sum of ``passes``, one or more, over ``trajectory``, each with the part of ``grad_out`` (T, N, H) of its own
    losses.

    Gradients are zero where no pass comes by. ``clamp`` limits the carry of every pass, as in ``Cell.backward``: that
    of the losses which share it together, that of each of the others alone.
    """
    T, only = len(grad_out), passes[0] if len(passes) == 1 else None
    if only is not None and (only.first, only.stop) == (0, T):
        return layer.backward(trajectory, grad_out, cuts=only.cuts, clamp=clamp, parameters=parameters)
    whole = None
    for each in passes:
        local = grad_out[each.first : each.stop] if only else _own(grad_out, each)
        cuts, steps = [b - each.first for b in each.cuts], trajectory.between(each.first, each.stop)
        part = layer.backward(steps, local, cuts=cuts, clamp=clamp, parameters=False)
        whole = _nothing(part, T) if whole is None else whole
        add_states(whole, part, each)
        for alphas, own in zip(whole.by_layer, part.by_layer, strict=True):
            alphas[each.first : each.stop] += own
    assert whole is not None
    first, stop = min(each.first for each in passes), max(each.stop for each in passes)
    grads = layer.parameter_gradients(trajectory, whole.alphas, first, stop) if parameters else {}
    return replace(whole, grads=grads)


def _own(grad_out: Tensor, each: Pass) -> Tensor:
    """The local gradients of the losses of ``each``, for its steps."""
    room, own = torch.zeros_like(grad_out[each.first : each.stop]), torch.tensor(each.losses) - 1
    room[own - each.first] = grad_out[own]
    return room


def _nothing(like: Back, T: int) -> Back:
    """Zero gradients of T steps, laid out as a backward pass leaves them."""
    N, H = like.grad_h.shape[1:]
    states = {part: grad.new_zeros(T + 1, H, N).transpose(1, 2) for part, grad in like.states.items()}
    return Back(states, {}, tuple(own.new_zeros(T, *own.shape[1:]) for own in like.by_layer))


def add_states(whole: Back, part: Back, each: Pass) -> None:
    """Add the gradients of the states that the pass ``each`` came by, in place."""
    states = slice(each.first, each.stop + 1)
    for name, grad in part.states.items():
        whole.states[name][states] += grad
