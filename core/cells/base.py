"""What every cell offers: parameters, the textbook step, and forward and backward over a whole sequence.

Two layouts. What a caller sees is time first, (T, N, H). What the loops work on is *hidden-major*, (T, H, N): a gate is
then one contiguous block of a step's (gates·H, N) slab, and a step is one matrix product and a few in-place operations.
The public tensors are views of the hidden-major ones, so nothing is copied.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from core.cells import initialisation

Params = Mapping[str, Tensor]
State = tuple[Tensor, ...]
"""(h,) or (h, c), each (N, H)."""


@dataclass(frozen=True)
class Trajectory:
    """A sequence's way through a cell.

    x       (T, N, C), the inputs
    h       (T+1, N, H), h[0] the initial state; h[t+1] follows from x[t]
    c       (T+1, N, H), or None where the cell has no cell state
    gates   {"i": (T, N, H), …} in torch's order, after their nonlinearity; empty for the plain RNN
    saved   what else the backward pass needs, hidden-major
    """

    x: Tensor
    h: Tensor
    c: Tensor | None
    gates: dict[str, Tensor]
    saved: dict[str, Tensor]


@dataclass(frozen=True)
class Back:
    """Gradients of one loss.

    grad_h   (T+1, N, H), ∂L/∂h[t], total derivatives
    grad_c   (T+1, N, H), ∂L/∂c[t], total derivatives (c → h of the same step included), or None
    grads    {name: ∂L/∂parameter}; empty where no parameter gradients were asked for
    """

    grad_h: Tensor
    grad_c: Tensor | None
    grads: dict[str, Tensor]


@dataclass(frozen=True)
class Cell(ABC):
    """A recurrent cell. Its fields are its variant; its parameters are passed in, named and shaped as in torch.nn.

    weight_ih (gates·H, C), weight_hh (gates·H, H), bias_ih and bias_hh (gates·H), and weight_peephole (3, H) where the
    cell has peepholes; the gates' blocks in torch's order.
    """

    name: ClassVar[str]
    gate_names: ClassVar[tuple[str, ...]]
    """In torch's order, which is that of the parameters' blocks."""
    state_parts: ClassVar[tuple[str, ...]]
    layout: ClassVar[initialisation.Layout]

    def init(
        self,
        input_size: int,
        hidden_size: int,
        *,
        generator: torch.Generator,
        scheme: str = "default",
        forget_bias: float | None = None,
        time_span: int | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> dict[str, Tensor]:
        """New parameters; see ``core.cells.initialisation`` for the schemes.

        ``forget_bias`` is the sum of both bias vectors on the forget gate, ``time_span`` the T of the chrono scheme.
        Raises ConfigError where the cell lacks the gate a setting speaks of.
        """
        return initialisation.draw(
            self.layout, input_size, hidden_size, generator, scheme, forget_bias, time_span, dtype
        )  # fmt: skip

    @abstractmethod
    def step(self, params: Params, x_t: Tensor, state: State) -> tuple[State, dict[str, Tensor]]:
        """One step as the textbook has it, differentiable: the truth that ``forward`` is tested against.

        x_t (N, C), the state's parts (N, H); returns the new state and the gates, each (N, H).
        """

    @abstractmethod
    def forward(self, params: Params, x: Tensor, state: State | None = None) -> Trajectory:
        """All T steps of x (T, N, C) from ``state`` (zeros where None), keeping what ``backward`` needs."""

    @abstractmethod
    def backward(
        self,
        params: Params,
        trajectory: Trajectory,
        grad_out: Tensor,
        *,
        cuts: Collection[int] = (),
        parameters: bool = True,
    ) -> Back:
        """The hand-written backward pass.

        grad_out     (T, N, H), ∂L/∂h[1:] of the loss's own use of each h (local, not through later steps)
        cuts         state indices b where the carry from b+1 to b is zero: h[b] keeps its local gradient alone
        parameters   False leaves the parameters' gradients out
        """


def initial_state(cell: Cell, params: Params, n: int, state: State | None) -> list[Tensor]:
    """The parts of ``state`` hidden-major, (H, N); zeros where None."""
    weight = params["weight_hh"]
    if state is None:
        return [weight.new_zeros(weight.shape[1], n) for _ in cell.state_parts]
    return [part.T for part in state]


def states(first: Tensor, T: int) -> Tensor:
    """Room for T+1 states (T+1, H, N), the first filled in."""
    room = first.new_empty(T + 1, *first.shape)
    room[0] = first
    return room


def time_first(hidden_major: Tensor) -> Tensor:
    """(T, H, N) as (T, N, H), a view."""
    return hidden_major.transpose(1, 2)


def local_gradients(grad_out: Tensor) -> Tensor:
    """Room for ∂L/∂h (T+1, H, N), filled with the loss's own part; nothing asks for h[0]."""
    T, N, H = grad_out.shape
    room = grad_out.new_empty(T + 1, H, N)
    room[0] = 0
    room[1:] = grad_out.transpose(1, 2)
    return room
