"""What layers cost on top of each other, against as many of one layer.

A layer above another has H inputs, and sends their gradient down, where the lowest one has a task's few and sends
nothing. Both are told: L layers over L times one layer that is fed H inputs, and over L times the lowest one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import torch

from core.bench.sides import BATCH, size
from core.cells import CELLS, stacked
from core.diagnostics.sides import Size, interleaved, recorded

DEPTHS = (2, 3)


@dataclass(frozen=True)
class Deep:
    """Milliseconds of a recorded step, one thread: ``layers`` of them, one with H inputs, and the lowest one."""

    cell: str
    hidden: int
    length: int
    layers: int
    stack: float
    fed: float
    lowest: float

    @property
    def ratios(self) -> dict[str, float]:
        """Over as many layers, by their kind."""
        return {"fed": self.stack / (self.layers * self.fed), "lowest": self.stack / (self.layers * self.lowest)}


def deep(name: str, H: int, T: int, seconds: float, depths: Sequence[int] = DEPTHS) -> list[Deep]:
    """Of one cell, all sides in turns."""
    torch.set_num_threads(1)
    cell, small = CELLS[name], size(H, T)
    one = [recorded(cell, Size(H, T, BATCH, H)), recorded(cell, small)]
    sides = [*one, *(recorded(stacked(cell, depth), small) for depth in depths)]
    fed, lowest, *stacks = (1e3 * median(taken) for taken in interleaved(sides, seconds, time.process_time))
    return [Deep(name, H, T, depth, ms, fed, lowest) for depth, ms in zip(depths, stacks, strict=True)]
