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

from core.backprop.profiles import Profiles, profiles
from core.cells import Back, Cell, Params, Peephole, State, Trajectory, peepholes_of
from core.diagnostics.at_gates import keeps_all
from core.errors import UnrolledError

SATURATED = 1000.0
"""A sum from which σ and tanh are exactly 0, 1, −1 in float32 and float64."""
TANH_GATES = ("g", "n")

Peepholes = Literal["kept", "removed", "cut"]


@dataclass(frozen=True)
class Probed:
    """The answer: the cell and weights that gave it, its passes, and the gradient's size per state, (T+1,) each."""

    cell: Cell
    params: dict[str, Tensor]
    trajectory: Trajectory
    back: Back
    profiles: Profiles


@torch.no_grad()
def probed(
    cell: Cell,
    params: Params,
    x: Tensor,
    grad_fn: Callable[[Trajectory], Tensor],
    force: Mapping[str, float] | None = None,
    *,
    peepholes: Peepholes = "kept",
    state: State | None = None,
    cuts: Collection[int] = (),
    resets: Collection[int] = (),
) -> Probed:
    """Forward and backward over x (T, N, C) with the gates of ``force`` held at a value, as {"f": 1.0}.

    grad_fn     ∂L/∂h[1:] (T, N, H) of the batch mean, given what the changed cell made of x
    cuts, resets   as for ``Cell.backward`` and ``Cell.forward``
    peepholes   "removed": their weights are zero; "cut": they are seen, but send no gradient back (Gers 2002)
    Raises UnrolledError where the cell has no such gate or peephole, or the gate cannot take the value.
    """
    cell, changed = changed_cell(cell, params, force or {}, peepholes)
    trajectory = cell.forward(changed, x, state, resets=resets)
    back = cell.backward(changed, trajectory, grad_fn(trajectory), cuts=cuts, parameters=False)
    return Probed(cell, changed, trajectory, back, profiles(back.grad_h, back.grad_c))


def changed_cell(
    cell: Cell, params: Params, force: Mapping[str, float], peepholes: Peepholes = "kept"
) -> tuple[Cell, dict[str, Tensor]]:
    """The cell and the weights whose own passes are those of the probe; ``params`` stays as it is."""
    changed = {name: value.detach().clone() for name, value in params.items()}
    coupled = getattr(cell, "variant", "standard") == "coupled"
    if coupled and {"i", "f"} <= force.keys():
        raise UnrolledError("`gate` (=i, f) is one gate in this cell: f is 1 − i. Force one of the two.")
    for gate, value in force.items():
        own = "i" if coupled and gate == "f" else gate
        _must_have(cell, own)
        to = before_nonlinearity(gate, value)
        _force(cell, changed, own, to if own == gate else -to)
    if peepholes != "kept":
        cell = _without_peepholes(cell, changed, peepholes)
    return cell, changed


def _must_have(cell: Cell, gate: str) -> None:
    if gate not in cell.gate_names:
        names = ", ".join(cell.gate_names)
        way_out = f"Choose one of: {names}." if names else "It has no gates; choose a gated cell."
        kind = ", a variant in which f is always 1" if keeps_all(cell) else ""
        raise UnrolledError(f"`gate` (={gate}) is not a gate of the cell `{cell.name}`{kind}. {way_out}")


def _force(cell: Cell, params: dict[str, Tensor], gate: str, to: float) -> None:
    """The sum before the ``gate`` becomes ``to``, whatever comes in."""
    block = cell.gate_names.index(gate)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        params[name].unflatten(0, (len(cell.gate_names), -1))[block] = 0
    params["bias_ih"].view(len(cell.gate_names), -1)[block] = to
    peepholes = peepholes_of(params)  # views of the rows
    if gate in peepholes:
        peepholes[gate].zero_()


def before_nonlinearity(gate: str, value: float) -> float:
    """The sum that makes ``gate`` take ``value``: the inverse of σ, or of tanh for g and n."""
    low = -1.0 if gate in TANH_GATES else 0.0
    if not low <= value <= 1:
        raise UnrolledError(
            f"`value` (={value:g}) of the gate {gate} must lie between {low:g} and 1. Choose a value in that range."
        )
    if value in (low, 1.0):
        return math.copysign(SATURATED, value - 0.5)
    return math.atanh(value) if gate in TANH_GATES else math.log(value) - math.log1p(-value)


def _without_peepholes(cell: Cell, params: dict[str, Tensor], how: Peepholes) -> Cell:
    if not isinstance(cell, Peephole):
        raise UnrolledError(
            f"`peepholes` (={how}) needs a cell with peepholes, which the cell `{cell.name}` lacks. "
            "Choose the peephole LSTM."
        )
    if how == "removed":
        params["weight_peephole"].zero_()
        return cell
    return replace(cell, gradient="gers")
