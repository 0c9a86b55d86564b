"""What is held against what: each side is a function that carries out one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from core.backprop.profiles import profiles
from core.cells import CELLS
from core.config import RunConfig
from core.data import training_batch

BATCH, INPUTS = 32, 2
Step = Callable[[], object]

LOOPED: dict[type[nn.RNNBase], type[nn.RNNCellBase]] = {nn.RNN: nn.RNNCell, nn.GRU: nn.GRUCell, nn.LSTM: nn.LSTMCell}
"""torch's cell of each of its layers, for a loop over the steps."""


def problem(H: int, T: int) -> tuple[Tensor, Tensor]:
    """x (T, N, C) and ∂L/∂h[1:] (T, N, H) of a loss at the last step."""
    generator = torch.Generator().manual_seed(0)
    grad_out = torch.zeros(T, BATCH, H)
    grad_out[-1] = torch.randn(BATCH, H, generator=generator) / BATCH
    return torch.randn(T, BATCH, INPUTS, generator=generator), grad_out


def recorded(name: str, H: int, T: int) -> Step:
    """a: the profiles of one recorded step."""
    cell, (x, grad_out) = CELLS[name], problem(H, T)
    params = cell.init(INPUTS, H, generator=torch.Generator().manual_seed(0))

    def step() -> object:
        return profiles(cell.backward(params, cell.forward(params, x), grad_out))

    return step


def torch_layer(name: str, H: int) -> nn.RNNBase:
    """torch's layer of the cell; where it has none, the one that is nearest by states and gates."""
    cell = CELLS[name]
    nearest = nn.LSTM if len(cell.state_parts) > 1 else nn.GRU if cell.gate_names else nn.RNN
    return cell.torch_layer(INPUTS, H) or nearest(INPUTS, H)


def layer(name: str, H: int, T: int) -> Step:
    """c: torch's layer, forward and backward."""
    x, grad_out = problem(H, T)
    module = torch_layer(name, H)

    def step() -> object:
        module.zero_grad(set_to_none=True)
        module(x)[0].backward(grad_out)
        return module

    return step


def loop(name: str, H: int, T: int) -> Step:
    """d: one cell call a time step, every state's gradient retained, and their norms."""
    x, grad_out = problem(H, T)
    advance, weights = _one_step(name, H)

    def step() -> list[float]:
        for weight in weights:
            weight.grad = None
        state: tuple[Tensor, ...] = tuple(torch.zeros(BATCH, H) for _ in CELLS[name].state_parts)
        history = []
        for x_t in x:
            state = advance(x_t, state)
            for part in state:
                part.retain_grad()
            history.append(state)
        history[-1][0].backward(grad_out[-1])
        return [float(part.grad.norm(dim=1).sum()) for state in history for part in state if part.grad is not None]

    return step


def _one_step(name: str, H: int) -> tuple[Callable[[Tensor, tuple[Tensor, ...]], tuple[Tensor, ...]], list[Tensor]]:
    cell = CELLS[name]
    layer = cell.torch_layer(INPUTS, H)
    if layer is None:  # its equations, by autograd
        params = cell.init(INPUTS, H, generator=torch.Generator().manual_seed(0))
        for tensor in params.values():
            tensor.requires_grad_()
        return lambda x_t, state: cell.step(params, x_t, state)[0], list(params.values())
    make: Any = LOOPED[type(layer)]
    module, many = make(INPUTS, H), len(cell.state_parts) > 1
    weights: list[Tensor] = list(module.parameters())
    return lambda x_t, state: module(x_t, state) if many else (module(x_t, state[0]),), weights


def live_config(name: str, H: int, T: int) -> RunConfig:
    """A run of a thousand steps as a visitor would start it."""
    sizes = {"task.length": T, "cell.hidden_size": H, "batch_size": BATCH, "steps": 1000, "clip": "norm"}
    return RunConfig.from_flat({"task.name": "adding", "cell.name": name, **sizes})


def script(name: str, H: int, T: int) -> Step:
    """c′: what a training script does that records nothing: layer, linear readout, loss, backward, clip, Adam."""
    config = live_config(name, H, T)
    module, readout = torch_layer(name, H), nn.Linear(H, 1)
    weights = [*module.parameters(), *readout.parameters()]
    optimizer, step_number = torch.optim.Adam(weights, lr=config.lr), iter(range(10**9))

    def step() -> float:
        batch = training_batch(config, next(step_number))
        output, _ = module(torch.from_numpy(batch.x))
        loss = nn.functional.mse_loss(readout(output[-1]).squeeze(-1), torch.from_numpy(batch.target[-1]).float())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, config.clip_threshold)
        optimizer.step()
        return float(loss.detach())

    return step
