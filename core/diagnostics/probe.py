"""What if? Gates forced to a value, peepholes taken out or made blind to gradients, on the current weights.

Nothing is retrained and no formula is changed. A forced gate is a gate whose weights are zero and whose bias is the
value's inverse, so that the very passes of the cell answer, for every cell and variant. It then takes part in no
gradient: nothing flows back through a constant. Where f is 1 − i, forcing one of the two forces the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from core.anatomy import Gate
from core.backprop.profiles import Profiles, profiles
from core.cells import Back, Cell, State, Trajectory
from core.errors import UnrolledError
from core.network import Layer

SATURATED = 1000.0
"""A sum from which σ and tanh are exactly 0, 1, −1 in float32 and float64."""

Peepholes = Literal["kept", "removed", "cut"]


@dataclass(frozen=True)
class Probed:
    """The answer: the changed layer that gave it, its passes, and the gradient's size per state, (T+1,) each."""

    layer: Layer
    trajectory: Trajectory
    back: Back
    profiles: Profiles


@torch.no_grad()
def probed(
    layer: Layer,
    x: Tensor,
    grad_fn: Callable[[Trajectory], Tensor],
    force: Mapping[str, float] | None = None,
    *,
    peepholes: Peepholes = "kept",
    of_layer: int = 0,
    state: State | None = None,
    cuts: Collection[int] = (),
    resets: Collection[int] = (),
) -> Probed:
    """Forward and backward over x (T, N, C) with the gates of ``force`` held at a value, as {"f": 1.0}.

    grad_fn     ∂L/∂h[1:] (T, N, H) of the batch mean, given what the changed cell made of x
    cuts, resets   as for ``Cell.backward`` and ``Cell.forward``
    peepholes   "removed": their weights are zero; "cut": they are seen, but send no gradient back (Gers 2002); in all
                layers
    of_layer    whose gates are held, from 0 at the bottom
    Raises UnrolledError where the cell has no such gate or peephole, or the gate cannot take the value.
    """
    layer = changed_layer(layer, force or {}, peepholes, of_layer)
    trajectory = layer.forward(x, state, resets=resets)
    back = layer.backward(trajectory, grad_fn(trajectory), cuts=cuts, parameters=False)
    return Probed(layer, trajectory, back, profiles(back))


def changed_layer(layer: Layer, force: Mapping[str, float], peepholes: Peepholes = "kept", of_layer: int = 0) -> Layer:
    """The cell and the weights whose own passes are those of the probe; ``layer`` stays as it is."""
    whole = {name: value.detach().clone() for name, value in layer.params.items()}
    cell, own = layer.cell.of_layer(whole, of_layer)
    changed = dict(own)
    for symbol, value in force.items():
        gate = _gate(cell, symbol)
        if gate.of in force:
            raise UnrolledError(
                f"`gate` (={gate.of}, {symbol}) is one gate in this cell: {symbol} is {gate.follows}. "
                "Force one of the two."
            )
        to = before_nonlinearity(gate, value)
        if gate.own:
            _force(cell, changed, symbol, to)
        else:  # 1 − the other: σ(−a) = 1 − σ(a)
            _force(cell, changed, gate.of, -to)
    cell, changed = layer.cell, layer.cell.with_layer(whole, of_layer, changed)
    if peepholes != "kept":
        cell, changed = cell.without_peepholes(changed, peepholes)
    return replace(layer, cell=cell, params=changed)


def _gate(cell: Cell, symbol: str) -> Gate:
    """The gate with this letter, which can be forced."""
    gate = cell.anatomy.gate(symbol)
    if gate is None or gate.constant:
        names = ", ".join(cell.gate_names)
        way_out = f"Choose one of: {names}." if names else "It has no gates; choose a gated cell."
        always = next(
            (f", a variant in which {g.symbol} is always {g.follows}" for g in cell.anatomy.gates if g.constant), ""
        )
        raise UnrolledError(f"`gate` (={symbol}) is not a gate of the cell `{cell.name}`{always}. {way_out}")
    return gate


def _force(cell: Cell, params: dict[str, Tensor], symbol: str, to: float) -> None:
    """The sum before the gate becomes ``to``, whatever comes in."""
    block = cell.gate_names.index(symbol)
    gains = [name for name in ("gain_ih", "gain_hh") if name in params]
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", *gains):
        params[name].unflatten(0, (len(cell.gate_names), -1))[block] = 0
    params["bias_ih"].view(len(cell.gate_names), -1)[block] = to
    peepholes = cell.peepholes(params)  # views of the rows
    if symbol in peepholes:
        peepholes[symbol].zero_()


def before_nonlinearity(gate: Gate, value: float) -> float:
    """The sum that makes ``gate`` take ``value``: the inverse of σ, or of tanh."""
    squashed = gate.squashing == "tanh"
    low = -1.0 if squashed else 0.0
    if not low <= value <= 1:
        raise UnrolledError(
            f"`value` (={value:g}) of the gate {gate.symbol} must lie between {low:g} and 1. "
            "Choose a value in that range."
        )
    if value in (low, 1.0):
        return math.copysign(SATURATED, value - 0.5)
    return math.atanh(value) if squashed else math.log(value) - math.log1p(-value)
