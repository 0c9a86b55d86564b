"""What is held against what, beside the sides of ``core.diagnostics.sides``: a live run, and a plain script."""

from __future__ import annotations

import torch
from torch import nn

from core.cells import CELLS
from core.config import RunConfig
from core.data import training_batch
from core.diagnostics.sides import Size, Step, torch_layer

BATCH, INPUTS = 32, 2


def size(H: int, T: int) -> Size:
    """That of a row of the bench."""
    return Size(H, T, BATCH, INPUTS)


def live_config(name: str, H: int, T: int) -> RunConfig:
    """A run of a thousand steps as a visitor would start it."""
    sizes = {"task.length": T, "cell.hidden_size": H, "batch_size": BATCH, "steps": 1000, "clip": "norm"}
    return RunConfig.from_flat({"task.name": "adding", "cell.name": name, **sizes})


def script(name: str, H: int, T: int) -> Step:
    """c′: what a training script does that records nothing: layer, linear readout, loss, backward, clip, Adam."""
    config = live_config(name, H, T)
    module, readout = torch_layer(CELLS[name], size(H, T)), nn.Linear(H, 1)
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
