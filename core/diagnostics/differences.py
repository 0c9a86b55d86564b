"""Check this gradient: an independent number beside ours, for one state, one unit, one sequence. All in float64.

The judge is a complex step, ∂L/∂u = Im L(u + iε)/ε: nothing is subtracted, so ε may be 1e-60 and the answer keeps all
its digits, even where it is 1e-26. Where the loss is not analytic (ReLU; Gers' peepholes stop a gradient on purpose) a
forward-mode product answers. Either goes forwards, see ``core.diagnostics.forward_loss``, and shares no line with the
backward pass.

The plain quotient (L(u + ε) − L(u − ε))/2ε stands beside it: it subtracts two nearly equal numbers, and below some
size of gradient nothing but rounding is left. That is shown, not hidden.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from core.backprop.readout import Asked, losses
from core.diagnostics.forward_loss import ForwardLoss, one_sequence
from core.errors import UnrolledError
from core.network import Network

COMPLEX_STEP = 1e-60
QUOTIENT_STEP = 1e-5
"""About the cube root of float64's rounding, where the two errors of a central quotient meet."""
DROWNED = 0.01
"""The quotient's rounding error, as a share of the gradient, from which on we call it drowned."""
_EPS = torch.finfo(torch.float64).eps

Method = Literal["complex step", "forward-mode product"]


@dataclass(frozen=True)
class Checked:
    """∂ℓ_n/∂h[t] (or c[t], a total derivative) of one unit.

    ours, independent      the hand-written pass's number and the judge's, found by ``method``
    relative_error         |ours − independent| ÷ |independent|; 0 where both are zero
    quotient, quotient_error   the plain difference quotient, and its relative error against ``independent``
    rounding               the error that float64's rounding may put into the quotient
    drowned                whether that is more than a hundredth of the gradient, if there is one
    same_question          whether the quotient is about the same derivative: it knows of no gradient that is stopped on
                           purpose, by a cut or at Gers' peepholes
    """

    ours: float
    independent: float
    method: Method
    relative_error: float
    quotient: float
    quotient_error: float
    rounding: float
    drowned: bool
    same_question: bool


@dataclass(frozen=True)
class GradientCheck:
    """One sequence's loss ℓ_n at these weights, ready to be asked about any state and unit; made by ``of``.

    gradient   {"h": (T+1, H), "c": …} ours
    """

    loss: ForwardLoss
    gradient: dict[str, Tensor]

    @staticmethod
    @torch.no_grad()
    def of(
        network: Network,
        asked: Asked,
        sequence: int = 0,
        cuts: Collection[int] = (),
        resets: Collection[int] = (),
    ) -> GradientCheck:
        """Of sequence number ``sequence`` of a batch; weights of any precision, used as they are.

        ``cuts`` as for ``Cell.backward``, ``resets`` as for ``Cell.forward``: a truncated gradient is judged as what it
        is. Raises UnrolledError for a sequence that is not there.
        """
        network, one = network.wide(), one_sequence(asked, sequence)
        trajectory = network.layer.forward(one.x, one.start, resets=resets)
        _, slope = losses(network.answers(trajectory.h[1:][one.steps]), one.target)
        grad_out = torch.zeros_like(trajectory.h[1:])
        grad_out[one.steps] = network.through_readout(slope * one.weight.unsqueeze(-1))
        back = network.layer.backward(trajectory, grad_out, cuts=cuts, parameters=False)
        gradient = {part: grad[:, 0] for part, grad in back.states.items()}
        return GradientCheck(ForwardLoss(network, one, frozenset(cuts), trajectory), gradient)

    @torch.no_grad()
    def at(self, t: int, unit: int, part: str = "h") -> Checked:
        """Judge ∂ℓ/∂h[t] (or c[t]) of ``unit``. Raises UnrolledError for what does not exist."""
        self._must_have(t, unit, part)
        ours = float(self.gradient[part][t, unit])
        independent = self.loss.changed(t, unit, part, COMPLEX_STEP * 1j).imag / COMPLEX_STEP
        above, below = (self.loss.changed(t, unit, part, sign * QUOTIENT_STEP).real for sign in (1.0, -1.0))
        quotient, rounding = (above - below) / (2 * QUOTIENT_STEP), self._rounding(t, abs(above))
        method = "complex step" if self.loss.analytic else "forward-mode product"
        drowned = independent != 0 and not rounding <= DROWNED * abs(independent)
        errors = _apart(ours, independent), _apart(quotient, independent)
        return Checked(
            ours, independent, method, errors[0], quotient, errors[1], rounding, drowned, not self.loss.stops
        )

    @torch.no_grad()
    def quotients(self, t: int, unit: int, part: str, steps: Tensor) -> Tensor:
        """(k,), the plain central quotient with each of the step sizes ``steps`` (k,) float64."""
        self._must_have(t, unit, part)
        above, below = (self.loss.changed_by(t, unit, part, sign * steps) for sign in (1.0, -1.0))
        return (above - below) / (2 * steps)

    def _must_have(self, t: int, unit: int, part: str) -> None:
        T, H = len(self.gradient["h"]) - 1, self.gradient["h"].shape[1]
        for name, value, last in (("t", t, T), ("unit", unit, H - 1)):
            if not 0 <= value <= last:
                raise UnrolledError(f"`{name}` (={value}) must lie between 0 and {last}. Choose one in that range.")
        if part not in self.gradient:
            raise UnrolledError(
                f"`part` (={part}) is no part of the state of the cell `{self.loss.network.cell.name}`. "
                f"Choose {' or '.join(self.gradient)}."
            )

    def _rounding(self, t: int, loss: float) -> float:
        """ε₆₄ (|ℓ| + Σ |∂ℓ/∂state ⊙ state|) ÷ step: every state from t on is rounded, and so is the loss itself."""
        states = self.loss.trajectory.states
        sizes = (float((grad[t:] * states[name][t:, 0]).abs().sum()) for name, grad in self.gradient.items())
        return _EPS * (loss + sum(sizes)) / QUOTIENT_STEP


def _apart(mine: float, theirs: float) -> float:
    if mine == theirs:
        return 0.0
    return abs(mine - theirs) / abs(theirs) if theirs else float("inf")
