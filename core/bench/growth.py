"""How a recorded step's time and memory grow with T."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
import torch

from core.bench.sides import size
from core.cells import CELLS
from core.diagnostics.sides import recorded
from core.training.freed_memory import keep_freed_memory

LENGTHS = (100, 300, 1000, 3000, 10_000)
ROUNDS = 3


@dataclass(frozen=True)
class Growth:
    """Of one cell: milliseconds a recorded step and MB beyond the idle process, by T, and both exponents.

    An exponent is the slope of the logarithms by least squares: 1 is linear. Memory's is that of what T adds.
    """

    cell: str
    hidden: int
    lengths: tuple[int, ...]
    milliseconds: tuple[float, ...]
    megabytes: tuple[float, ...]
    time_exponent: float
    memory_exponent: float


def growth_of(name: str, H: int, say: Callable[[str], None]) -> Growth:
    """Measured in a process of its own, whose largest memory is then that of this cell alone."""
    say(f"{name} H={H}, T up to {LENGTHS[-1]:,}")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        times, sizes = process.submit(_grow, name, H).result()
    longest = slice(2, None)  # where the fixed part of both no longer matters
    return Growth(
        name, H, LENGTHS, tuple(times), tuple(sizes),
        _exponent(LENGTHS, times), _exponent(LENGTHS[longest], sizes[longest]),
    )  # fmt: skip


def _grow(name: str, H: int) -> tuple[list[float], list[float]]:
    keep_freed_memory()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    recorded(CELLS[name], size(H, 10))()
    idle, times, sizes = _peak(), [], []
    for T in LENGTHS:
        step, taken = recorded(CELLS[name], size(H, T)), []
        for _ in range(ROUNDS):
            start = time.process_time()
            step()
            taken.append(1e3 * (time.process_time() - start))
        times.append(median(taken))
        sizes.append(max(_peak() - idle, 0.01))
    return times, sizes


def _peak() -> float:
    """The largest memory this process has held so far, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux the other figure counts what the parent process had held
        return next(float(line.split()[1]) for line in status.open() if line.startswith("VmHWM")) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def _exponent(lengths: tuple[int, ...], values: list[float]) -> float:
    return float(np.polyfit(np.log(lengths), np.log(values), 1)[0])
