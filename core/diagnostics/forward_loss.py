"""The loss of one sequence as a function of one number of one state, computed forwards through the textbook's ``step``.

With a real change it is the plain loss, for difference quotients. With an imaginary one, iε, its imaginary part over ε
is the derivative (the complex step, Squire & Trapp 1998). ReLU, leaky or not, and a stopped gradient are not analytic;
there the imaginary part is treated as a tangent, with the slope and the stop put in by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from core.backprop.readout import Asked
from core.cells import State, Trajectory
from core.errors import UnrolledError
from core.network import Network

As = Callable[[Tensor], Tensor]
"""To the kind of number that is computed with: float64 or complex128."""


@dataclass(frozen=True)
class ForwardLoss:
    """ℓ of the one sequence in ``asked``; everything float64.

    A cut stops the change between two steps; so does a reset of the ``trajectory``, whose next step starts from zero.
    """

    network: Network
    asked: Asked
    cuts: frozenset[int]
    trajectory: Trajectory

    @property
    def analytic(self) -> bool:
        """Whether every function on the way is analytic and no gradient is stopped inside the cell."""
        return self.network.cell.analytic

    @property
    def stops(self) -> bool:
        """Whether a gradient is stopped on purpose on the way."""
        return bool(self.cuts) or self.network.cell.stops_gradient

    def changed(self, t: int, unit: int, part: str, change: complex) -> complex:
        """ℓ's part that depends on the states from t on, with ``change`` added to one number of h[t] or c[t]."""
        kind = torch.complex128 if isinstance(change, complex) else torch.float64
        return complex(self.changed_by(t, unit, part, torch.tensor([change], dtype=kind))[0])

    def changed_by(self, t: int, unit: int, part: str, changes: Tensor) -> Tensor:
        """(k,): the same for each of ``changes`` (k,) alone, real or complex."""
        kind = _complex if changes.is_complex() else _real
        varied = kind(torch.zeros(len(changes), self.trajectory.h.shape[2], dtype=torch.float64))
        varied[:, unit] = changes.to(varied.dtype)
        with nullcontext() if self.analytic else _Tangents():
            return self._from(t, self._moved(t, part, varied, kind), kind)

    def _moved(self, t: int, part: str, change: Tensor, kind: As) -> State:
        """The state at t with ``change`` (k, H) added to its part; a changed c shows in the h of its own step, and a
        changed h in the layers above."""
        state = {name: kind(values[t]) for name, values in self.trajectory.states.items()}
        state[part] = state[part] + change
        changed = tuple(value.expand_as(change) for value in state.values())
        if t == 0:
            return changed
        before = tuple(kind(values[t - 1]) for values in self.trajectory.gone_on_from.values())
        return self.network.cell.moved(self._params(kind, t - 1), kind(self.asked.x[t - 1]), before, changed, part)

    def _params(self, kind: As, t: int) -> dict[str, Tensor]:
        """Those of step t."""
        return {name: kind(value) for name, value in self.network.layer.at(t).items()}

    def _from(self, t: int, state: State, kind: As) -> Tensor:
        readout = {name: kind(value) for name, value in self.network.readout.items()}
        h = {t: state[0]}
        for k in range(t, len(self.asked.x)):
            if k in self.trajectory.resets:
                state = tuple(torch.zeros_like(part) for part in state)
            elif k in self.cuts:
                state = tuple(_stopped(part) for part in state)
            state, _ = self.network.cell.step(self._params(kind, k), kind(self.asked.x[k]), state)
            h[k + 1] = state[0]
        loss = kind(torch.zeros(len(state[0]), dtype=torch.float64))
        for place, step in enumerate(self.asked.steps.tolist()):
            if step + 1 in h:
                answer = h[step + 1] @ readout["weight"].T + readout["bias"]
                loss = loss + self.asked.weight[place, 0] * _loss_of(answer, self.asked.target[place, 0])
        return loss


class _Tangents(TorchFunctionMode):
    """Gives ReLU, leaky ReLU and ``detach`` a meaning for numbers whose imaginary part is a tangent."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.relu:
            return torch.where(args[0].real <= 0, 0, args[0])
        if func is functional.leaky_relu:
            return torch.where(args[0].real <= 0, (kwargs or {})["negative_slope"] * args[0], args[0])
        if func is Tensor.detach:
            return _stopped(args[0])
        return func(*args, **(kwargs or {}))


def one_sequence(asked: Asked, n: int) -> Asked:
    """Sequence number ``n`` of a batch, in float64."""
    if not 0 <= n < asked.x.shape[1]:
        raise UnrolledError(
            f"`sequence` (={n}) must lie between 0 and {asked.x.shape[1] - 1}. Choose one in that range."
        )
    target = asked.target[:, n : n + 1]
    return replace(
        asked,
        x=asked.x[:, n : n + 1].double(),
        target=target.double() if target.is_floating_point() else target,
        weight=asked.weight[:, n : n + 1].double(),
        last=asked.last[:, n : n + 1],
        start=None if asked.start is None else tuple(part[n : n + 1].double() for part in asked.start),
    )


def _loss_of(answer: Tensor, target: Tensor) -> Tensor:
    """The loss of each answer (k, O), written so that it is analytic: no |·|, no comparison of what may be complex."""
    if target.is_floating_point():
        return (answer[:, 0] - target) ** 2
    shift = answer.real.max(dim=1, keepdim=True).values  # a constant: it changes no derivative
    return (answer - shift).exp().sum(dim=1).log() + shift[:, 0] - answer[:, int(target)]


def _complex(value: Tensor) -> Tensor:
    return value.to(torch.complex128)


def _real(value: Tensor) -> Tensor:
    return value


def _stopped(value: Tensor) -> Tensor:
    """The value without the change that its imaginary part carries."""
    return _complex(value.real) if value.is_complex() else value
