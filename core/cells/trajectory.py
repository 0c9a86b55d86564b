"""What a cell's passes leave behind: the way of a sequence through it, and the gradients of a loss.

Two layouts. What a caller sees is time first, (T, N, H). What the loops work on is *hidden-major*, (T, H, N): a gate is
then one contiguous block of a step's (gates·H, N) slab, and a step is one matrix product and a few in-place operations.
The public tensors are views of the hidden-major ones, so nothing is copied.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor

from core.anatomy.base import STATISTICS
from core.errors import UnrolledError


@dataclass(frozen=True)
class Trajectory:
    """A sequence's way through a cell, as views of what the loops left behind.

    saved   hidden-major: "inputs" with their one (T, C+1, N), the states (T+1, H, N) each, "gates" (T, blocks, H, N),
            and what else the cell's backward pass needs, (T, H, N) each
    parts   names of the states in ``saved``, h first
    blocks  place of each gate among the blocks, in torch's order; empty for a cell without gates
    sums    place of each gate's sum among the alphas of a backward pass, in torch's order
    resets  indices of states from which the next step did not go on, but from zero; no gradient passes there
    norms   parameters that the derivative of its normalisation needs, by name, with the statistics that were held
    shared  what belongs to no sequence: the statistics of a batch normalisation, (T, rows) each
    below   of the layers beneath it, from the bottom up; what is said here of gates is said of the top one
    """

    saved: dict[str, Tensor]
    parts: tuple[str, ...]
    blocks: Mapping[str, int]
    sums: Mapping[str, int]
    resets: frozenset[int] = frozenset()
    norms: Mapping[str, Tensor] = field(default_factory=dict)
    shared: Mapping[str, Tensor] = field(default_factory=dict)
    below: tuple[Trajectory, ...] = ()

    @property
    def layers(self) -> tuple[Trajectory, ...]:
        """The way through each layer alone, from the bottom up."""
        return *self.below, replace(self, below=())

    @property
    def whole(self) -> dict[str, Tensor]:
        """All that the backward pass goes by."""
        return self.saved | dict(self.shared)

    @property
    def x(self) -> Tensor:
        """(T, N, C), the inputs."""
        lowest = self.below[0] if self.below else self
        return time_first(lowest.saved["inputs"][:, :-1])

    @property
    def states(self) -> dict[str, Tensor]:
        """{"h": (T+1, N, H), …}; the first is the initial state, and that at t+1 follows from x[t]. Those of the layers
        ``below`` come after the top one's, as "h_l0", …"""
        own = {part: time_first(self.saved[part]) for part in self.parts}
        return own | _of_layers([layer.states for layer in self.below])

    @property
    def h(self) -> Tensor:
        """(T+1, N, H), the state that the readout sees."""
        return time_first(self.saved["h"])

    @property
    def c(self) -> Tensor | None:
        """(T+1, N, H), or None where the cell has no cell state."""
        return self.states.get("c")

    @property
    def gates(self) -> dict[str, Tensor]:
        """{"i": (T, N, H), …} in torch's order, after their nonlinearity; empty for a cell without gates.

        Also those without weights of their own: f of an LSTM that has none is 1, or 1 − i.
        """
        return {name: time_first(self.saved["gates"][:, place]) for name, place in self.blocks.items()}

    @property
    def last(self) -> tuple[Tensor, ...]:
        """The last state, (N, H) each, in memory of its own."""
        return tuple(part[-1].clone() for part in self.states.values())

    @property
    def gone_on_from(self) -> dict[str, Tensor]:
        """{state: (T, N, H)} that the steps started with: the states but the last, zero where they were reset."""
        own = {part: time_first(came_from(self.saved, part)) for part in self.parts}
        return own | _of_layers([layer.gone_on_from for layer in self.below])

    def between(self, first: int, stop: int) -> Trajectory:
        """Steps ``first`` … ``stop`` − 1 with the states ``first`` … ``stop``; a view."""
        saved = {name: part[first : stop + (name in self.parts)] for name, part in self.saved.items()}
        shared = {name: part[first:stop] for name, part in self.shared.items()}
        norms = {name: part[first:stop] if name.startswith(STATISTICS) else part for name, part in self.norms.items()}
        resets = frozenset(b - first for b in self.resets if first <= b < stop)
        below = tuple(layer.between(first, stop) for layer in self.below)
        return replace(self, saved=saved, norms=norms, shared=shared, resets=resets, below=below)

    @property
    def coupled(self) -> bool:
        """Whether its sequences depend on each other: they were normalised with the statistics of their batch."""
        return bool(self.shared) and not any(name.startswith(STATISTICS) for name in self.norms)

    def _must_be_apart(self) -> None:
        if self.coupled:
            raise UnrolledError(
                "`cell.normalisation` (=batch) lets the sequences of a batch depend on each other, and this takes them "
                "apart. Hold the statistics of the batch."
            )

    def tiled(self, k: int) -> Trajectory:
        """Every sequence ``k`` times along the batch, copy after copy: N·k sequences, the first N the originals."""
        self._must_be_apart()
        saved = {name: part.repeat(*[1] * (part.dim() - 1), k) for name, part in self.saved.items()}
        return replace(self, saved=saved, below=tuple(layer.tiled(k) for layer in self.below))

    def of_sequence(self, n: int) -> Trajectory:
        """That of sequence ``n`` alone; a view."""
        self._must_be_apart()
        saved = {name: part[..., n : n + 1] for name, part in self.saved.items()}
        return replace(self, saved=saved, below=tuple(layer.of_sequence(n) for layer in self.below))

    def to(self, dtype: torch.dtype) -> Trajectory:
        """The same numbers in ``dtype``; nothing is computed anew."""
        saved, norms, shared = (
            {name: part.to(dtype) for name, part in parts.items()} for parts in (self.saved, self.norms, self.shared)
        )
        below = tuple(layer.to(dtype) for layer in self.below)
        return replace(self, saved=saved, norms=norms, shared=shared, below=below)


@dataclass(frozen=True)
class Back:
    """Gradients of one loss.

    states      {"h": (T+1, N, H), …}, ∂L/∂state[t], total derivatives: ∂L/∂c contains c → h of the same step, and all
                of it that the layers above make of it in that step. Named as those of a ``Trajectory``
    grads       {name: ∂L/∂parameter}; empty where no parameter gradients were asked for
    by_layer    ∂L/∂pre-activations in the loops' order, (T, blocks·H, N) a layer, from the bottom up
    """

    states: dict[str, Tensor]
    grads: dict[str, Tensor]
    by_layer: tuple[Tensor, ...]

    @cached_property
    def alphas(self) -> Tensor:
        """(T, rows, N), the same layer after layer, for ``Cell.parameter_gradients``."""
        return self.by_layer[0] if len(self.by_layer) == 1 else torch.cat(self.by_layer, dim=1)

    def of_layer(self, layer: int) -> Back:
        """That of one layer, as a cell of one layer has it; without ``grads``."""
        count = len(self.by_layer)
        own = [part for part in self.states if LAYER not in part]
        states = {part: self.states[named(part, layer, count)] for part in own}
        return Back(states, {}, self.by_layer[layer : layer + 1])

    @property
    def grad_h(self) -> Tensor:
        """(T+1, N, H), ∂L/∂h[t]."""
        return self.states["h"]

    @property
    def grad_c(self) -> Tensor | None:
        """(T+1, N, H), ∂L/∂c[t], or None where the cell has no cell state."""
        return self.states.get("c")


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


LAYER = "_l"


def named(name: str, layer: int, layers: int) -> str:
    """What a part of the state is called in layer ``layer``, from 0 at the bottom, of so many: that of the top one as
    where there is no other, the rest as torch calls their weights."""
    return name if layer == layers - 1 else f"{name}{LAYER}{layer}"


def _of_layers(below: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {f"{name}{LAYER}{k}": value for k, own in enumerate(below) for name, value in own.items()}


def time_first(hidden_major: Tensor) -> Tensor:
    """(T, H, N) as (T, N, H), a view."""
    return hidden_major.transpose(1, 2)


def room_for_states(first: Tensor, T: int) -> Tensor:
    """Room for T+1 states (T+1, H, N), the first filled in."""
    room = first.new_empty(T + 1, *first.shape)
    room[0] = first
    return room


def room_for_gradients(grad_out: Tensor, arriving: Tensor | None = None) -> Tensor:
    """Room for ∂L/∂h (T+1, H, N), filled with the loss's own part, and at its end with what is ``arriving`` (H, N);
    nothing asks for h[0]."""
    T, N, H = grad_out.shape
    room = grad_out.new_empty(T + 1, H, N)
    room[0] = 0
    room[1:] = grad_out.transpose(1, 2)
    if arriving is not None:
        room[T] += arriving
    return room


def before(states: Tensor, resets: Collection[int]) -> list[Tensor]:
    """What each of the T steps goes on from: ``states`` (T+1, H, N) but the last, zeros at the ``resets``."""
    steps = list(states[:-1].unbind())
    for b in resets:
        steps[b] = torch.zeros_like(steps[b])
    return steps


def came_from(saved: Mapping[str, Tensor], part: str) -> Tensor:
    """(T, H, N), the part of the state that each step went on from."""
    return saved[f"{part}_before"] if f"{part}_before" in saved else saved[part][:-1]
