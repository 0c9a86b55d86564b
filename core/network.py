"""What learns: recurrent layers and the linear readout on top of h. Every pass, question and update has one of these.

Parameters have names: a layer's as torch has them ("weight_ih", …), the readout's "readout.weight" and "readout.bias".
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from core.anatomy.base import STATISTICS
from core.cells import Back, Cell, Params, State, Trajectory, cell_of, init_from_config
from core.cells.normalisation import of_steps
from core.config import RunConfig

READOUT = "readout."
"""What the readout's parameters' names begin with."""

MOMENTUM = 0.1
"""The share of a new batch in running statistics, as in torch.nn.BatchNorm1d."""


@dataclass(frozen=True)
class Layer:
    """A cell with its weights. Several layers together are one of these too: their state is that of all of them.

    running   statistics of a batch normalisation, {"mean_ih": (T, rows), …} as ``Cell.statistics`` names them: what
              training has seen at each step, for whoever is tested
    held      those that its passes take; where there are none a batch is normalised with its own, and its sequences
              depend on each other
    """

    cell: Cell
    params: Params
    running: Mapping[str, Tensor] = field(default_factory=dict)
    held: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def layers(self) -> int:
        """How many it is, one on top of the other."""
        return self.cell.layers

    def of_layer(self, layer: int) -> Layer:
        """One of them, from 0 at the bottom."""
        cell, params = self.cell.of_layer(self.params, layer)
        running, held = (self.cell.of_layer(each, layer)[1] for each in (self.running, self.held))
        return Layer(cell, params, running, held)

    @property
    def hidden_size(self) -> int:
        """H, the units of one part of the state."""
        return self._recurrent[0].shape[1]

    @property
    def rows(self) -> int:
        """Rows of all blocks of weights together, H for each."""
        return sum(len(U) for U in self._recurrent)

    @property
    def dtype(self) -> torch.dtype:
        return self._recurrent[0].dtype

    @property
    def device(self) -> torch.device:
        return self._recurrent[0].device

    @property
    def _recurrent(self) -> list[Tensor]:
        """U of each layer."""
        return [value for name, value in self.params.items() if name.startswith("weight_hh")]

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return sum(value.numel() for value in self.params.values())

    @property
    def _given(self) -> Params:
        return dict(self.params) | dict(self.held) if self.held else self.params

    def forward(
        self, x: Tensor, state: State | None = None, *, resets: Collection[int] = (), first: int = 0
    ) -> Trajectory:
        """See ``Cell.forward``."""
        return self.cell.forward(self._given, x, state, resets=resets, first=first)

    def backward(self, trajectory: Trajectory, grad_out: Tensor, **how: Any) -> Back:
        """See ``Cell.backward``."""
        return self.cell.backward(self._given, trajectory, grad_out, **how)

    def parameter_gradients(
        self, trajectory: Trajectory, alphas: Tensor, first: int = 0, stop: int | None = None
    ) -> dict[str, Tensor]:
        """See ``Cell.parameter_gradients``."""
        return self.cell.parameter_gradients(trajectory, alphas, first, stop)

    def alone(self, layer: int, trajectory: Trajectory, back: Back, grad_out: Tensor) -> Alone:
        """What becomes of one of them, from 0 at the bottom, in these passes for the loss with ``grad_out``."""
        local, ways = grad_out, trajectory.layers
        if layer + 1 < self.layers:
            above = self.of_layer(layer + 1)
            local = above.cell.input_gradient(above.params, ways[layer + 1], back.by_layer[layer + 1])
        return Alone(self.of_layer(layer), ways[layer], back.of_layer(layer), local)

    def at(self, t: int) -> Params:
        """The parameters of ``Cell.step`` at step t, with what is held of it."""
        rows = of_steps(self.held, range(t, t + 1))
        return dict(self.params) | {name: value[0] for name, value in rows.items()}

    def to(self, dtype: torch.dtype) -> Layer:
        """The same numbers in ``dtype``."""
        params, running, held = (
            {name: value.detach().to(dtype) for name, value in each.items()}
            for each in (self.params, self.running, self.held)
        )
        return Layer(self.cell, params, running, held)

    # -- the statistics of a batch normalisation ------------------------------------------------------------------

    @property
    def couples(self) -> bool:
        """Whether sequences of one batch depend on each other."""
        return self.cell.normalisation == "batch" and not self.held

    def evaluating(self) -> Layer:
        """As it is tested: with its running statistics."""
        return replace(self, held=self.running)

    def holding(self, x: Tensor, resets: Collection[int] = (), state: State | None = None) -> Layer:
        """With the statistics of the batch x (T, N, C) from ``state`` on held: the same way through it, sequence by
        sequence."""
        if not self.couples:
            return self
        return replace(self, held=self.cell.statistics(self.forward(x, state, resets=resets)))

    def follow(self, statistics: Mapping[str, Tensor], sequences: int) -> None:
        """Move the running statistics, in place, towards those of a batch of so many; a batch's variance is that of a
        sample."""
        for name, seen in statistics.items():
            of_all = sequences / (sequences - 1) if name.startswith("variance") else 1.0
            self.running[name].lerp_(seen * of_all, MOMENTUM)


@dataclass(frozen=True)
class Alone:
    """One of several layers and its passes, as those of a layer that stands alone.

    local   (T, N, H), ∂L/∂h[1:] of what uses its h within the step: the layer above, or on the top the readout
    """

    layer: Layer
    trajectory: Trajectory
    back: Back
    local: Tensor


@dataclass(frozen=True)
class Network:
    """A layer, or several as one, and the readout on the top: weight (O, H) and bias (O,), as torch.nn.Linear."""

    layer: Layer
    readout: Mapping[str, Tensor]

    @classmethod
    def of(cls, cell: Cell, params: Params, readout: Mapping[str, Tensor]) -> Network:
        """From its three parts."""
        return cls(Layer(cell, params), readout)

    @classmethod
    def drawn(cls, config: RunConfig) -> Network:
        """As a run of ``config`` starts, drawn from its seed: the layer first, then the readout."""
        generator = torch.Generator().manual_seed(config.seed)
        params = init_from_config(config.cell, config.task.input_size, config.task.length, generator)
        readout = init_readout(config.cell.hidden_size, config.task.output_size, generator=generator)
        cell = cell_of(config.cell)
        running = cell.first_statistics(config.cell.hidden_size, config.task.length)
        return cls(Layer(cell, params, running), readout)

    @classmethod
    def named(cls, cell: Cell, tensors: Mapping[str, Tensor]) -> Network:
        """From all its ``tensors`` by name."""
        readout = {name.removeprefix(READOUT): p for name, p in tensors.items() if name.startswith(READOUT)}
        running = {name: value for name, value in tensors.items() if name.startswith(STATISTICS)}
        params = {n: p for n, p in tensors.items() if n not in running and not n.startswith(READOUT)}
        return cls(Layer(cell, params, running), readout)

    @property
    def parameters(self) -> dict[str, Tensor]:
        """All of them by name, the layer's first."""
        return dict(self.layer.params) | {READOUT + name: value for name, value in self.readout.items()}

    @property
    def tensors(self) -> dict[str, Tensor]:
        """All that a moment of it is: the parameters and the running statistics."""
        return self.parameters | dict(self.layer.running)

    @property
    def cell(self) -> Cell:
        """The cell of its layer."""
        return self.layer.cell

    @property
    def hidden_size(self) -> int:
        """H."""
        return self.layer.hidden_size

    def answers(self, h: Tensor) -> Tensor:
        """(…, H) → (…, O)."""
        flat = torch.addmm(self.readout["bias"], h.reshape(-1, h.shape[-1]), self.readout["weight"].T)
        return flat.view(*h.shape[:-1], -1)

    def through_readout(self, by_answer: Tensor) -> Tensor:
        """∂L/∂h (…, H) of what ∂L/∂answer (…, O) is known of."""
        return by_answer @ self.readout["weight"]

    def to(self, dtype: torch.dtype) -> Network:
        """The same numbers in ``dtype``."""
        return Network(self.layer.to(dtype), {name: value.detach().to(dtype) for name, value in self.readout.items()})

    def wide(self) -> Network:
        """The same numbers in float64."""
        return self.to(torch.float64)


def init_readout(
    hidden_size: int, output_size: int, *, generator: torch.Generator, dtype: torch.dtype = torch.float32
) -> dict[str, Tensor]:
    """torch.nn.Linear's initialisation: every number U(±1/√H), weight first."""
    bound = 1 / math.sqrt(hidden_size)
    room = {"weight": torch.empty(output_size, hidden_size, dtype=dtype), "bias": torch.empty(output_size, dtype=dtype)}
    return {name: tensor.uniform_(-bound, bound, generator=generator) for name, tensor in room.items()}
