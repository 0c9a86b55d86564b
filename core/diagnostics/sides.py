"""One step at one size by several sides: ours, which records, torch's layer, and a loop over torch's cells.

A side is a function that carries out the step; ``interleaved`` times several of them in turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from core.backprop.profiles import profiles
from core.cells import Cell, State

Step = Callable[[], object]
FEWEST, MOST = 3, 25
"""Rounds of each side."""

LOOPED: dict[type[nn.RNNBase], type[nn.RNNCellBase]] = {nn.RNN: nn.RNNCell, nn.GRU: nn.GRUCell, nn.LSTM: nn.LSTMCell}
"""torch's cell of each of its layers, for a loop over the steps."""


@dataclass(frozen=True)
class Size:
    """T steps of N sequences with C inputs, H units."""

    H: int
    T: int
    N: int = 32
    C: int = 2

    def problem(self) -> tuple[Tensor, Tensor]:
        """x (T, N, C) and ∂L/∂h[1:] (T, N, H) of a loss at the last step."""
        generator = torch.Generator().manual_seed(0)
        grad_out = torch.zeros(self.T, self.N, self.H)
        grad_out[-1] = torch.randn(self.N, self.H, generator=generator) / self.N
        return torch.randn(self.T, self.N, self.C, generator=generator), grad_out

    def params(self, cell: Cell) -> dict[str, Tensor]:
        """Weights as torch would draw them."""
        return cell.init(self.C, self.H, generator=torch.Generator().manual_seed(0))


def recorded(cell: Cell, size: Size) -> Step:
    """Ours: every gate kept, all weights' gradients, and the size of every state's gradient."""
    params, (x, grad_out) = size.params(cell), size.problem()

    def step() -> object:
        return profiles(cell.backward(params, cell.forward(params, x), grad_out))

    return step


def torch_layer(cell: Cell, size: Size) -> nn.RNNBase:
    """torch's layer of the cell; where it has none, the one that is nearest by states and gates."""
    nearest = nn.LSTM if len(cell.anatomy.states) > 1 else nn.GRU if cell.gate_names else nn.RNN
    return cell.torch_layer(size.C, size.H) or nearest(size.C, size.H, cell.layers)


def layer(cell: Cell, size: Size) -> Step:
    """torch's layer, forward and backward: no state's gradient is seen."""
    x, grad_out = size.problem()
    module = torch_layer(cell, size)

    def step() -> object:
        module.zero_grad(set_to_none=True)
        module(x)[0].backward(grad_out)
        return module

    return step


def loop(cell: Cell, size: Size) -> Step:
    """One cell call a time step, every state's gradient retained, and their norms."""
    x, grad_out = size.problem()
    advance, weights = _one_step(cell, size)

    def step() -> list[float]:
        for weight in weights:
            weight.grad = None
        state: State = tuple(torch.zeros(size.N, size.H) for _ in cell.state_parts)
        history = []
        for x_t in x:
            state = advance(x_t, state)
            for part in state:
                part.retain_grad()
            history.append(state)
        history[-1][0].backward(grad_out[-1])
        return [float(part.grad.norm(dim=1).sum()) for state in history for part in state if part.grad is not None]

    return step


def _one_step(
    cell: Cell, size: Size
) -> tuple[Callable[[Tensor, tuple[Tensor, ...]], tuple[Tensor, ...]], list[Tensor]]:
    layer = cell.torch_layer(size.C, size.H)
    make: Any = LOOPED.get(type(layer)) if layer is not None else None
    if make is None:  # its equations, by autograd
        params = size.params(cell)
        for tensor in params.values():
            tensor.requires_grad_()
        return lambda x_t, state: cell.step(params, x_t, state)[0], list(params.values())
    modules = [make(size.H if k else size.C, size.H) for k in range(cell.layers)]
    many = len(cell.anatomy.states) > 1

    def advance(x_t: Tensor, state: State) -> State:
        made: list[State] = []
        for module, came in zip(modules, cell.by_layer(state), strict=True):
            enters = made[-1][0] if made else x_t
            made.append(module(enters, came) if many else (module(enters, came[0]),))
        return cell.as_state(made)

    return advance, [weight for module in modules for weight in module.parameters()]


def interleaved(sides: Sequence[Step], seconds: float, clock: Callable[[], float]) -> list[list[float]]:
    """Seconds of every round of every side, in turns, after one round to warm up which says how many there can be."""
    start = clock()
    for side in sides:
        side()
    rounds = max(FEWEST, min(MOST, round(seconds / max(clock() - start, 1e-9))))
    times: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, taken in zip(sides, times, strict=True):
            start = clock()
            side()
            taken.append(clock() - start)
    return times
