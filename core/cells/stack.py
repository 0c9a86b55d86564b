"""Layers on top of each other, as one cell: the h of a layer is the input of the next at the same time step.

Its state is that of all layers: the parts of the top one, whose h is read, then those of the others from the bottom up,
"h", "c", "h_l0", "c_l0", … Its parameters are named as those of torch's layers with ``num_layers``: "weight_ih_l0", …

Forwards each layer runs over the whole sequence before the next one; backwards, from the top down, what a layer sends
to its input is the local gradient of the one below. So each layer runs the loops of its cell as they are, and
truncation, clamping and resets are those of each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NoReturn, final

import torch
from torch import Generator, Tensor, nn

from core.anatomy import Anatomy
from core.cells.base import Cell, Params, State
from core.cells.trajectory import LAYER, Back, Trajectory, named
from core.errors import UnrolledError


@final
@dataclass(frozen=True)
class Stack(Cell):
    """So many ``layers`` of the same ``cell``, which has one."""

    cell: Cell
    count: int

    @cached_property
    def anatomy(self) -> Anatomy:
        return self.cell.anatomy.model_copy(update={"layers": self.count})

    @property
    def layers(self) -> int:
        return self.count

    @property
    def state_parts(self) -> tuple[str, ...]:
        return tuple(named(part, k, self.count) for k in (self.count - 1, *range(self.count - 1))
                     for part in self.cell.state_parts)  # fmt: skip

    def init(self, input_size: int, hidden_size: int, *, generator: Generator, **start: Any) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        for k in range(self.count):
            own = self.cell.init(hidden_size if k else input_size, hidden_size, generator=generator, **start)
            found |= _named(own, k)
        return found

    def step(self, params: Params, x_t: Tensor, state: State) -> tuple[State, dict[str, Tensor]]:
        made, gates = [], {}
        for k, came in enumerate(self.by_layer(state)):
            new, gates = self.cell.step(self._own(params, k), made[-1][0] if made else x_t, came)
            made.append(new)
        return self.as_state(made), gates

    # -- over a whole sequence ------------------------------------------------------------------------------------

    @torch.no_grad()
    def forward(
        self, params: Params, x: Tensor, state: State | None = None, *, resets: Collection[int] = (), first: int = 0
    ) -> Trajectory:
        ways: list[Trajectory] = []
        for k in range(self.count):
            came, enters = None if state is None else self.by_layer(state)[k], ways[-1].h[1:] if ways else x
            ways.append(self.cell.forward(self._own(params, k), enters, came, resets=resets, first=first))
        return replace(ways[-1], below=tuple(ways[:-1]))

    def first_statistics(self, hidden_size: int, steps: int) -> dict[str, Tensor]:
        return _joined(_named(self.cell.first_statistics(hidden_size, steps), k) for k in range(self.count))

    def statistics(self, trajectory: Trajectory) -> dict[str, Tensor]:
        return _joined(_named(self.cell.statistics(way), k) for k, way in enumerate(trajectory.layers))

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
        local, ways, found = grad_out, trajectory.layers, list[Back]()
        for k in reversed(range(self.count)):
            own = self._own(params, k)
            later = None if arriving is None else self.by_layer(arriving)[k]
            back = self.cell.backward(
                own, ways[k], local, cuts=cuts, clamp=clamp, arriving=later, parameters=parameters
            )
            found.insert(0, back)
            if k:
                local = self.cell.input_gradient(own, ways[k], back.alphas)
        states = dict(zip(self.state_parts, self.as_state([tuple(back.states.values()) for back in found])))
        grads = _joined(_named(back.grads, k) for k, back in enumerate(found))
        return Back(states, grads, tuple(back.alphas for back in found))

    @torch.no_grad()
    def parameter_gradients(
        self, trajectory: Trajectory, alphas: Tensor, first: int = 0, stop: int | None = None
    ) -> dict[str, Tensor]:
        ways = trajectory.layers
        parts = zip(ways, alphas.chunk(self.count, dim=1))
        return _joined(
            _named(self.cell.parameter_gradients(way, own, first, stop), k) for k, (way, own) in enumerate(parts)
        )

    def input_gradient(self, params: Params, trajectory: Trajectory, alphas: Tensor) -> Tensor:
        lowest = alphas.chunk(self.count, dim=1)[0]
        return self.cell.input_gradient(self._own(params, 0), trajectory.layers[0], lowest)

    # -- its layers -----------------------------------------------------------------------------------------------

    def of_layer(self, params: Params, layer: int) -> tuple[Cell, Params]:
        return self.cell, self._own(params, layer)

    def with_layer(self, params: Params, layer: int, own: Params) -> dict[str, Tensor]:
        return dict(params) | _named(own, layer)

    def by_layer(self, state: State) -> list[State]:
        size = len(self.cell.state_parts)
        top, *below = (state[first : first + size] for first in range(0, len(state), size))
        return [*below, top]

    def as_state(self, by_layer: Sequence[State]) -> State:
        *below, top = by_layer
        return tuple(part for own in (top, *below) for part in own)

    def moved(self, params: Params, x_t: Tensor, came_from: State, state: State, part: str) -> State:
        came, made = self.by_layer(came_from), self.by_layer(state)
        plain, _, below = part.partition(LAYER)
        first = int(below) if below else self.count - 1
        enters = made[first - 1][0] if first else x_t
        made[first] = self.cell.moved(self._own(params, first), enters, came[first], made[first], plain)
        for k in range(first + 1, self.count):
            made[k], _ = self.cell.step(self._own(params, k), made[k - 1][0], came[k])
        return self.as_state(made)

    def at_sums(self, trajectory: Trajectory, back: Back) -> dict[str, Tensor]:
        """Of all layers, named as the parts of the state."""
        ways = trajectory.layers
        order = (self.count - 1, *range(self.count - 1))
        return {named(gate, k, self.count): alpha for k in order
                for gate, alpha in self.cell.at_sums(ways[k], back.of_layer(k)).items()}  # fmt: skip

    def without_peepholes(self, params: dict[str, Tensor], how: str) -> tuple[Cell, dict[str, Tensor]]:
        """In every layer."""
        cell, found = self.cell, dict[str, Tensor]()
        for k in range(self.count):
            cell, own = self.cell.without_peepholes(self._own(params, k), how)
            found |= _named(own, k)
        return replace(self, cell=cell), found

    def torch_layer(self, input_size: int, hidden_size: int, layers: int = 1) -> nn.RNNBase | None:
        return self.cell.torch_layer(input_size, hidden_size, layers * self.count)

    @property
    def analytic(self) -> bool:
        return self.cell.analytic

    @property
    def stops_gradient(self) -> bool:
        return self.cell.stops_gradient

    def lacks(self, what: str) -> NoReturn:
        raise UnrolledError(
            f"`cell.layers` (={self.count}) has no single answer to {what}: each layer has its own. Ask one layer."
        )

    def _own(self, params: Params, layer: int) -> dict[str, Tensor]:
        ending = f"{LAYER}{layer}"
        return {name.removesuffix(ending): value for name, value in params.items() if name.endswith(ending)}


def _named(own: Params, layer: int) -> dict[str, Tensor]:
    return {f"{name}{LAYER}{layer}": value for name, value in own.items()}


def _joined(parts: Iterable[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {name: value for part in parts for name, value in part.items()}
