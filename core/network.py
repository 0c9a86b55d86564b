"""What learns: recurrent layers and the linear readout on top of h. Every pass, question and update has one of these.

Parameters have names: a layer's as torch has them ("weight_ih", …), the readout's "readout.weight" and "readout.bias".
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from core.cells import Back, Cell, Params, State, Trajectory, cell_of, init_from_config
from core.config import RunConfig

READOUT = "readout."
"""What the readout's parameters' names begin with."""


@dataclass(frozen=True)
class Layer:
    """A cell with its weights. Several layers together are one of these too: their state is that of all of them."""

    cell: Cell
    params: Params

    @property
    def layers(self) -> int:
        """How many it is, one on top of the other."""
        return self.cell.layers

    def of_layer(self, layer: int) -> Layer:
        """One of them, from 0 at the bottom."""
        return Layer(*self.cell.of_layer(self.params, layer))

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

    def forward(self, x: Tensor, state: State | None = None, *, resets: Collection[int] = ()) -> Trajectory:
        """See ``Cell.forward``."""
        return self.cell.forward(self.params, x, state, resets=resets)

    def backward(self, trajectory: Trajectory, grad_out: Tensor, **how: Any) -> Back:
        """See ``Cell.backward``."""
        return self.cell.backward(self.params, trajectory, grad_out, **how)

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

    def to(self, dtype: torch.dtype) -> Layer:
        """The same numbers in ``dtype``."""
        return replace(self, params={name: value.detach().to(dtype) for name, value in self.params.items()})


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
        return cls(Layer(cell_of(config.cell), params), readout)

    @classmethod
    def named(cls, cell: Cell, parameters: Mapping[str, Tensor]) -> Network:
        """From all its parameters by name."""
        readout = {name.removeprefix(READOUT): p for name, p in parameters.items() if name.startswith(READOUT)}
        return cls(Layer(cell, {n: p for n, p in parameters.items() if not n.startswith(READOUT)}), readout)

    @property
    def parameters(self) -> dict[str, Tensor]:
        """All of them by name, the layer's first."""
        return dict(self.layer.params) | {READOUT + name: value for name, value in self.readout.items()}

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
