"""Where the gradient of a moment travels, over all the backward passes that its truncation asks for.

The plain RNN has one way and nothing to share out: there each step is split into the two factors it is made of, what φ
leaves of the gradient and what U then makes of that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.backprop.passes import back_through
from core.backprop.profiles import mean_norm
from core.backprop.readout import asked
from core.backprop.squares import squares
from core.cells import RECURRENT
from core.diagnostics.losses import Losses, losses_of
from core.diagnostics.paths import Paths, Shares, paths, shares, way_past_sums
from core.moment import Moment
from core.truncation import Pass

Curve = NDArray[np.float64]

MOST_NUMBERS = 1 << 21
"""In one part of a gradient, T·N·H (16 MB); of a longer way the end is followed."""
MOST_PASSES = 8
"""Where more losses than that have a reach of their own, the last one is looked at alone."""


@dataclass(frozen=True)
class Ways:
    """The gradient by path at the states ``first`` … ``asked``, one entry for each.

    shares   of the paths; the RNN's one path is everything
    error    the parts against the whole gradient: the largest of ‖Σ parts − gradient‖ / ‖gradient‖ over these states
    alone    whether it is the last loss alone
    cuts     states between which and the next one nothing passes
    slope, matrix   RNN alone, else None: by how much the step that made state t multiplies the gradient at φ and at U,
                    (‖φ′⊙δ‖ / ‖δ‖ and ‖Uᵀv‖ / ‖v‖, norms being batch means); NaN at ``first``, and where it is cut
    """

    first: int
    asked: int
    shares: Shares
    error: float
    alone: bool
    cuts: tuple[int, ...]
    slope: Curve | None = None
    matrix: Curve | None = None


@torch.no_grad()
def path_shares(moment: Moment, alone: bool, k: int = 0) -> Ways:
    """Of the last loss ``alone``, or of all losses together, in layer ``k`` from the bottom. Before any clamping inside
    backpropagation."""
    losses = losses_of(moment, moment.config.resets)
    passes = _passes(moment, losses, alone)
    if len(passes) > MOST_PASSES and not alone:
        return path_shares(moment, alone=True, k=k)
    grad_out, stop = _local(moment, losses, alone), passes[-1].stop
    first = max(0, stop - 1 - MOST_NUMBERS // grad_out[0].numel())
    passes = [_from(first, each) for each in passes if each.stop > first]
    cuts = tuple(sorted({b for each in passes for b in each.cuts} | {b for b in moment.config.resets if b >= first}))
    if way_past_sums(moment.layer.of_layer(k).cell) is None:
        return _without_gates(moment, losses, grad_out, passes, (first, stop), alone, cuts, k)
    found = _summed(moment, losses, grad_out, passes, (first, stop), k)
    if first:  # the step that made this state was left out, and with it what its c sends to its h
        first, found = first + 1, _later(found)
    return Ways(first, stop, shares(found), _error(found), alone, cuts)


def _passes(moment: Moment, losses: Losses, alone: bool) -> list[Pass]:
    states = losses.states
    if alone:
        last = asked(moment.batch).last
        states = [state for state, own in zip(states, last.any(dim=1).tolist(), strict=True) if own]
    return sorted(moment.config.truncated.passes(states), key=lambda each: each.stop)


def _local(moment: Moment, losses: Losses, alone: bool) -> Tensor:
    """∂L/∂h[1:] (T, N, H) through the readout, of all losses or of each sequence's last, which then counts in full."""
    if not alone:
        return losses.grad_out
    last, N = asked(moment.batch).last, losses.local.shape[1]
    by_answer = losses.by_answer / losses.share.clamp(min=torch.finfo(losses.share.dtype).tiny).unsqueeze(-1)
    only = replace(losses, local=moment.network.through_readout(by_answer * (last / N).unsqueeze(-1)))
    return only.grad_out


def _from(first: int, each: Pass) -> Pass:
    """The part of a pass from state ``first`` on."""
    if each.first >= first:
        return each
    return Pass(first, each.stop, tuple(s for s in each.losses if s > first), tuple(b for b in each.cuts if b >= first))


def _own(grad_out: Tensor, each: Pass) -> Tensor:
    """The local gradients of the losses of ``each``, for its steps."""
    room, own = torch.zeros_like(grad_out[each.first : each.stop]), torch.tensor(each.losses) - 1
    room[own - each.first] = grad_out[own]
    return room


def _summed(
    moment: Moment, losses: Losses, grad_out: Tensor, passes: list[Pass], span: tuple[int, int], k: int
) -> Paths:
    """The parts of all passes at the states of ``span``, both ends included; parts of several passes add up."""
    (first, stop), layer = span, moment.layer.to(torch.float64)
    h: dict[str, Tensor] = {}
    c: dict[str, Tensor] = {}
    totals: dict[str, Tensor] = {}
    for each in passes:
        steps, cuts = losses.trajectory.between(each.first, each.stop), [b - each.first for b in each.cuts]
        wide, local = steps.to(torch.float64), _own(grad_out, each).double()
        own = layer.alone(k, wide, layer.backward(wide, local, cuts=cuts, parameters=False), local)
        part = paths(own.layer, own.trajectory, own.local, cuts)
        where = slice(each.first - first, each.stop - first + 1)
        by_c, totals_of = part.c or {}, {"h": part.total_h, "c": part.total_c}
        for room, values in ((h, part.h), (c, by_c), (totals, totals_of)):
            for name, value in values.items():
                if value is not None:
                    _add(room, name, value, where, stop - first + 1)
    return Paths(h, c or None, totals["h"], totals.get("c"))


def _add(room: dict[str, Tensor], name: str, value: Tensor, where: slice, states: int) -> None:
    if name not in room:
        room[name] = value.new_zeros(states, *value.shape[1:])
    room[name][where] += value


def _later(found: Paths) -> Paths:
    """All but the first state."""
    by_c = None if found.c is None else {name: part[1:] for name, part in found.c.items()}
    total_c = None if found.total_c is None else found.total_c[1:]
    return Paths({name: part[1:] for name, part in found.h.items()}, by_c, found.total_h[1:], total_c)


def _error(found: Paths) -> float:
    """See ``Ways``; NaN where there is no gradient at all."""
    off = squares(sum(found.h.values()) - found.total_h)  # type: ignore[operator]  # a sum of tensors is one
    size = squares(found.total_h)
    if found.c is not None and found.total_c is not None:
        off = off + squares(sum(found.c.values()) - found.total_c)  # type: ignore[operator]
        size = size + squares(found.total_c)
    ratio = (off.sum(dim=1) / size.sum(dim=1)).sqrt()
    ratio = ratio[size.sum(dim=1) > 0]
    return float(ratio.max()) if len(ratio) else float("nan")


def _without_gates(
    moment: Moment, losses: Losses, grad_out: Tensor, passes: list[Pass], span: tuple[int, int], alone: bool,
    cuts: tuple[int, ...], k: int,
) -> Ways:  # fmt: skip
    first, stop = span
    whole, way = moment.layer.to(torch.float64), losses.trajectory.to(torch.float64)
    found = back_through(whole, way, grad_out.double(), passes, parameters=False)
    own = whole.alone(k, way, found, grad_out.double())
    layer, trajectory, back = own.layer, own.trajectory, own.back
    alphas = layer.cell.at_sums(trajectory, back)
    sent = layer.cell.handed_back(layer.params, trajectory, alphas)[RECURRENT][first:stop]
    grad_h, after_phi = back.grad_h[first : stop + 1], alphas[RECURRENT][first:stop]
    sizes = [mean_norm(squares(part)) for part in (grad_h[1:], after_phi, sent)]
    with np.errstate(all="ignore"):
        slope, matrix = sizes[1] / sizes[0], sizes[2] / sizes[1]
    matrix[[b - first for b in cuts if first <= b < stop]] = np.nan
    found = Paths({RECURRENT: grad_h}, None, grad_h, None)
    begin = np.array([np.nan])
    return Ways(
        first, stop, shares(found), _error(found), alone, cuts, np.append(begin, slope), np.append(begin, matrix)
    )
