"""What a fully recorded step costs against torch's own layer, forward and backward, which records nothing.

    python tests/bench/engine.py [--hidden 64] [--length 200] [--batch 32] [--inputs 2] [--rounds 25]

Ours: forward with every gate kept, hand-written backward, ‖∂L/∂h[t]‖ and ‖∂L/∂c[t]‖ for every t, all weight gradients.
Both sides take turns in one process and are timed by the processor time they take, so that other programs on the
machine disturb the ratio little.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor, nn

from core.backprop.profiles import profiles
from core.cells import CELLS, Cell

LAYERS: dict[str, type[nn.RNNBase]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM, "peephole": nn.LSTM}
TARGETS = {"rnn": 0.85, "gru": 1.0, "lstm": 4.3}
"""Highest ratio of the medians at the default sizes."""


def ours(cell: Cell, x: Tensor, grad_out: Tensor, hidden: int) -> Callable[[], object]:
    params = cell.init(x.shape[2], hidden, generator=torch.Generator().manual_seed(0))

    def step() -> object:
        trajectory = cell.forward(params, x)
        back = cell.backward(params, trajectory, grad_out)
        return profiles(back.grad_h, back.grad_c)

    return step


def torchs(layer_of: type[nn.RNNBase], x: Tensor, grad_out: Tensor, hidden: int) -> Callable[[], object]:
    layer = layer_of(x.shape[2], hidden)

    def step() -> object:
        layer.zero_grad(set_to_none=True)
        output, _ = layer(x)
        output.backward(grad_out)
        return layer

    return step


def interleaved(sides: list[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Milliseconds of every round of every side, in turns, after three rounds to warm up."""
    times: list[list[float]] = [[] for _ in sides]
    for turn in range(rounds + 3):
        for side, taken in zip(sides, times):
            start = time.process_time()
            side()
            if turn >= 3:
                taken.append(1e3 * (time.process_time() - start))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"hidden": 64, "length": 200, "batch": 32, "inputs": 2, "rounds": 25}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # for both sides: a vanishing gradient ends in denormals, which are slow
    torch.manual_seed(0)
    x = torch.randn(asked.length, asked.batch, asked.inputs)
    grad_out = torch.zeros(asked.length, asked.batch, asked.hidden)
    grad_out[-1] = torch.randn(asked.batch, asked.hidden) / asked.batch  # the loss stands at the last step
    print(f"H={asked.hidden} T={asked.length} N={asked.batch} C={asked.inputs}, one thread, milliseconds")
    print(f"{'cell':10}{'ours':>8}{'torch':>8}{'ratio':>8}{'target':>8}")
    for name, cell in CELLS.items():
        sides = [ours(cell, x, grad_out, asked.hidden), torchs(LAYERS[name], x, grad_out, asked.hidden)]
        mine, theirs = (median(taken) for taken in interleaved(sides, asked.rounds))
        target = f"{TARGETS[name]:8.2f}" if name in TARGETS else f"{'–':>8}"
        print(f"{name:10}{mine:8.2f}{theirs:8.2f}{mine / theirs:8.2f}{target}")


if __name__ == "__main__":
    main()
