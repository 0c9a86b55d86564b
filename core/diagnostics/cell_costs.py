"""What each cell costs at one size: time, and what is kept between the way forward and the way back."""

from __future__ import annotations

import time
from statistics import median

from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from core.cells import cell_of
from core.config import RunConfig
from core.cost import pass_seconds
from core.diagnostics.sides import Size, Step, interleaved, layer, loop, recorded

MOST_SECONDS = 0.1
"""A pass of more than that, by the model of ``core.cost``, is measured over fewer steps."""
SECONDS = 0.3
"""About what the rounds of one cell take."""


def size_of(config: RunConfig) -> Size:
    """That of ``config``, with fewer steps where a pass would take long."""
    T = config.task.length
    while T > 10 and pass_seconds(config.replace(**{"task.length": T}), config.batch_size) > MOST_SECONDS:
        T //= 2
    return Size(config.cell.hidden_size, T, config.batch_size, config.task.input_size)


def cost(config: RunConfig, size: Size) -> dict[str, float]:
    """Of a step forward and back: seconds of one core (medians of rounds in turns) and bytes kept in between, by ours,
    by torch's layer ("layer", NaN where torch has none) and by the loop ("loop")."""
    cell = cell_of(config.cell)
    known = cell.torch_layer(size.C, size.H) is not None
    sides: dict[str, Step] = {"ours": recorded(cell, size), "loop": loop(cell, size)}
    sides |= {"layer": layer(cell, size)} if known else {}
    times = interleaved(list(sides.values()), SECONDS, time.thread_time)
    found = {f"{name}.seconds": median(taken) for name, taken in zip(sides, times)}
    found |= {f"{name}.bytes": float(_saved(side)) for name, side in sides.items() if name != "ours"}
    trajectory = cell.forward(size.params(cell), size.problem()[0])
    return found | {"ours.bytes": float(_distinct([kept for way in trajectory.layers for kept in way.saved.values()]))}


def _saved(side: Step) -> int:
    """Bytes of what autograd keeps for the way back."""
    kept: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor)
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        side()
    return _distinct(kept)


def _distinct(tensors: list[Tensor]) -> int:
    """Bytes of their storages, each counted once."""
    storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
    return sum(storages.values())
