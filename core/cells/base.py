"""What every cell offers: parameters, the textbook step, and forward and backward over a whole sequence.

Two layouts. What a caller sees is time first, (T, N, H). What the loops work on is *hidden-major*, (T, H, N): a gate is
then one contiguous block of a step's (gates·H, N) slab, and a step is one matrix product and a few in-place operations.
The public tensors are views of the hidden-major ones, so nothing is copied.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import torch
from torch import Tensor

from core.cells import initialisation

Params = Mapping[str, Tensor]
State = tuple[Tensor, ...]
"""(h,) or (h, c), each (N, H)."""


_STATES = frozenset(("h", "c"))
"""The parts of ``Trajectory.saved`` that hold T+1 states; all others hold T steps."""


@dataclass(frozen=True)
class Trajectory:
    """A sequence's way through a cell, as views of what the loops left behind.

    saved   hidden-major: "inputs" with their one (T, C+1, N), "h" and "c" (T+1, H, N), "gates" (T, blocks, H, N), and
            what else the cell's backward pass needs, (T, H, N) each
    blocks  place of each gate among the blocks, in torch's order; empty for the plain RNN
    resets  indices of states from which the next step did not go on, but from zero; no gradient passes there
    sums    place of each gate's sum among the alphas of a backward pass, in torch's order, where those are other blocks
    """

    saved: dict[str, Tensor]
    blocks: Mapping[str, int]
    resets: frozenset[int] = frozenset()
    sums: Mapping[str, int] | None = None

    @property
    def x(self) -> Tensor:
        """(T, N, C), the inputs."""
        return time_first(self.saved["inputs"][:, :-1])

    @property
    def h(self) -> Tensor:
        """(T+1, N, H), h[0] the initial state; h[t+1] follows from x[t]."""
        return time_first(self.saved["h"])

    @property
    def c(self) -> Tensor | None:
        """(T+1, N, H), or None where the cell has no cell state."""
        return time_first(self.saved["c"]) if "c" in self.saved else None

    @property
    def gates(self) -> dict[str, Tensor]:
        """{"i": (T, N, H), …} in torch's order, after their nonlinearity; empty for the plain RNN.

        Also those without weights of their own: f of an LSTM that has none is 1, or 1 − i.
        """
        return {name: time_first(self.saved["gates"][:, place]) for name, place in self.blocks.items()}

    def between(self, first: int, stop: int) -> Trajectory:
        """Steps ``first`` … ``stop`` − 1 with the states ``first`` … ``stop``; a view."""
        saved = {name: part[first : stop + (name in _STATES)] for name, part in self.saved.items()}
        return replace(self, saved=saved, resets=frozenset(b - first for b in self.resets if first <= b < stop))

    def tiled(self, k: int) -> Trajectory:
        """Every sequence ``k`` times along the batch, copy after copy: N·k sequences, the first N the originals."""
        whole = self.saved.items()
        return replace(self, saved={name: part.repeat(*[1] * (part.dim() - 1), k) for name, part in whole})


@dataclass(frozen=True)
class Back:
    """Gradients of one loss.

    grad_h   (T+1, N, H), ∂L/∂h[t], total derivatives
    grad_c   (T+1, N, H), ∂L/∂c[t], total derivatives (c → h of the same step included), or None
    grads    {name: ∂L/∂parameter}; empty where no parameter gradients were asked for
    alphas   (T, blocks·H, N), ∂L/∂pre-activations in the loops' order, for ``Cell.parameter_gradients``
    """

    grad_h: Tensor
    grad_c: Tensor | None
    grads: dict[str, Tensor]
    alphas: Tensor


@dataclass(frozen=True)
class Carry:
    """What is done to the gradient between two steps: where it is cut, and to what each component is limited."""

    cuts: frozenset[int]
    clamp: float | None

    def set_aside(self, t: int, grad: Tensor) -> Tensor | None:
        """The local gradient in ``grad``, which makes room for what is carried to state t; None where nothing is done
        to that and it may simply be added."""
        if self.clamp is None and t not in self.cuts:
            return None
        local = grad.clone()
        grad.zero_()
        return local

    def limit(self, t: int, carried: Tensor) -> Tensor:
        """Do to what is ``carried`` to state t what is to be done, in place."""
        if t in self.cuts:
            return carried.zero_()
        return carried if self.clamp is None else carried.clamp_(-self.clamp, self.clamp)


@dataclass(frozen=True)
class Cell(ABC):
    """A recurrent cell. Its fields are its variant; its parameters are passed in, named and shaped as in torch.nn.

    weight_ih (gates·H, C), weight_hh (gates·H, H), bias_ih and bias_hh (gates·H), and weight_peephole (3, H), i f o,
    where the cell has peepholes; the gates' blocks in torch's order. A variant has only those of ``gate_names``.
    """

    name: ClassVar[str]
    state_parts: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def gate_names(self) -> tuple[str, ...]:
        """The gates with weights of their own, in torch's order, which is that of the parameters' blocks."""

    @property
    @abstractmethod
    def layout(self) -> initialisation.Layout:
        """Which parameters it has."""

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
    def forward(
        self, params: Params, x: Tensor, state: State | None = None, *, resets: Collection[int] = ()
    ) -> Trajectory:
        """All T steps of x (T, N, C) from ``state`` (zeros where None), keeping what ``backward`` needs.

        At the state indices ``resets`` the next step goes on from zero; the trajectory's h and c hold the states as
        they were before that.
        """

    @torch.no_grad()
    def backward(
        self,
        params: Params,
        trajectory: Trajectory,
        grad_out: Tensor,
        *,
        cuts: Collection[int] = (),
        clamp: float | None = None,
        arriving: State | None = None,
        parameters: bool = True,
    ) -> Back:
        """The hand-written backward pass.

        grad_out     (T, N, H), ∂L/∂h[1:] of the loss's own use of each h (local, not through later steps)
        cuts         state indices b where the carry from b+1 to b is zero: h[b] keeps its local gradient alone
        clamp        largest size of each component of the carry, of its h part and its c part, at every step; what
                     is left of it is then added to the local gradient. None: no limit
        arriving     ∂L/∂h[T] (and ∂L/∂c[T]) of what lies beyond the end, (N, H) each; nothing where None
        parameters   False leaves the parameters' gradients out
        """
        later = [part.T for part in arriving] if arriving is not None else [None] * len(self.state_parts)
        grad_h, grad_c = local_gradients(grad_out, later[0]), None
        if len(self.state_parts) > 1:
            grad_c = torch.empty_like(grad_h)
            grad_c[-1] = 0 if later[1] is None else later[1]
        alphas = self._carry_back(params, trajectory.saved, grad_h, grad_c, Carry(trajectory.resets.union(cuts), clamp))
        grads = self.parameter_gradients(trajectory, alphas) if parameters else {}
        return Back(time_first(grad_h), None if grad_c is None else time_first(grad_c), grads, alphas)

    @abstractmethod
    def _carry_back(
        self, params: Params, saved: dict[str, Tensor], grad_h: Tensor, grad_c: Tensor | None, carry: Carry
    ) -> Tensor:
        """The loop: fills ``grad_h`` (T+1, H, N), which comes with the local gradients, and ``grad_c``, of which only
        the last is known; returns the alphas."""

    @torch.no_grad()
    def parameter_gradients(
        self, trajectory: Trajectory, alphas: Tensor, first: int = 0, stop: int | None = None
    ) -> dict[str, Tensor]:
        """The part of ∂L/∂parameters that enters through the steps ``first`` … ``stop`` − 1 (all where None).

        alphas are those of a backward pass over this ``trajectory``. Over ranges that follow each other the parts sum
        to the whole.
        """
        stop = len(alphas) if stop is None else stop
        return self._parameters(alphas[first:stop], trajectory.between(first, stop).saved)

    @staticmethod
    @abstractmethod
    def _parameters(alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        """∂L/∂parameters from the alphas (T, blocks·H, N) and what was saved of the same steps."""


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


def before(states: Tensor, resets: Collection[int]) -> list[Tensor]:
    """What each of the T steps goes on from: ``states`` (T+1, H, N) but the last, zeros at the ``resets``."""
    steps = list(states[:-1].unbind())
    for b in resets:
        steps[b] = torch.zeros_like(steps[b])
    return steps


def trajectory_of(
    saved: dict[str, Tensor], blocks: Mapping[str, int], resets: Collection[int], sums: Mapping[str, int] | None = None
) -> Trajectory:
    """The trajectory; where there are ``resets`` it also keeps what the steps went on from."""
    if resets:
        saved |= {f"{name}_before": torch.stack(before(saved[name], resets)) for name in _STATES & saved.keys()}
    return Trajectory(saved, blocks, frozenset(resets), sums)


def came_from(saved: Mapping[str, Tensor], name: Literal["h", "c"]) -> Tensor:
    """(T, H, N), the part of the state that each step went on from."""
    return saved[f"{name}_before"] if f"{name}_before" in saved else saved[name][:-1]


def time_first(hidden_major: Tensor) -> Tensor:
    """(T, H, N) as (T, N, H), a view."""
    return hidden_major.transpose(1, 2)


def local_gradients(grad_out: Tensor, arriving: Tensor | None = None) -> Tensor:
    """Room for ∂L/∂h (T+1, H, N), filled with the loss's own part, and at its end with what is ``arriving`` (H, N);
    nothing asks for h[0]."""
    T, N, H = grad_out.shape
    room = grad_out.new_empty(T + 1, H, N)
    room[0] = 0
    room[1:] = grad_out.transpose(1, 2)
    if arriving is not None:
        room[T] += arriving
    return room
