"""The measurements: sides in turns, medians, ratios."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

import torch

from core.bench.depth import Deep, deep
from core.bench.growth import Growth, growth_of
from core.bench.live import Live
from core.bench.sides import BATCH, live_config, script, size
from core.cells import CELLS, NORMALISATIONS, every_variant
from core.cost import pass_seconds
from core.diagnostics.sides import Step, interleaved, layer, loop, recorded
from core.training.freed_memory import keep_freed_memory


@dataclass(frozen=True)
class Row:
    """Milliseconds a step at one size; ``live`` None with several threads, which a live run has not. ``normalised`` is
    the recorded step of the same cell with each normalisation."""

    cell: str
    hidden: int
    length: int
    threads: int
    recorded: float
    layer: float
    loop: float
    live: float | None
    script: float
    model: float
    normalised: dict[str, float]

    @property
    def ratios(self) -> dict[str, float | None]:
        """a ÷ c, a ÷ d and a ÷ the model of ``core.cost`` in time; b ÷ c in throughput, against the whole script and
        against the bare layer; a with each normalisation ÷ a."""
        return {
            "a/c": self.recorded / self.layer,
            "a/d": self.recorded / self.loop,
            "b/script": self.script / self.live if self.live else None,
            "b/c": self.layer / self.live if self.live else None,
            "a/model": self.recorded / self.model,
        } | {f"{norm}/a": ms / self.recorded for norm, ms in self.normalised.items()}


@dataclass(frozen=True)
class Measurements:
    """All of one run of the bench."""

    date: str
    machine: dict[str, str | int]
    versions: dict[str, str]
    rows: list[Row]
    growth: list[Growth]
    deep: list[Deep]


def measure(
    cells: Sequence[str], hidden: Sequence[int], lengths: Sequence[int], threads: Sequence[int], seconds: float,
    *, growth: bool,
) -> Measurements:  # fmt: skip
    """Everything asked for; progress goes to stderr."""
    date = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    keep_freed_memory()
    torch.set_flush_denormal(True)  # for all sides: a vanishing gradient ends in subnormal numbers, which are slow
    _warm_up(cells)
    rows = []
    for count in threads:
        for name, H, T in ((name, H, T) for H in hidden for T in lengths for name in cells):
            _say(f"{name} H={H} T={T}, {count} thread{'s' * (count > 1)}")
            rows.append(_row(name, H, T, count, seconds))
    torch.set_num_threads(1)
    deeper = []
    for name in cells:
        _say(f"{name} H={min(hidden)} T={min(lengths)}, layers")
        deeper += deep(name, min(hidden), min(lengths), seconds)
    grown = [growth_of(name, min(hidden), _say) for name in cells] if growth else []
    return Measurements(date, _machine(), _versions(), rows, grown, deeper)


def _warm_up(cells: Sequence[str]) -> None:
    """Imports and compilations, which the first step of all would otherwise pay for."""
    for name in cells:
        live = Live(name, 4, 5, time.process_time)
        live.advance()
        live.close()


def _row(name: str, H: int, T: int, threads: int, seconds: float) -> Row:
    clock = time.process_time if threads == 1 else time.perf_counter
    torch.set_num_threads(threads)
    norms = {kind: every_variant((kind,))[f"{CELLS[name].anatomy.word} {kind}"] for kind in NORMALISATIONS[1:]}
    sides: list[Step] = [make(CELLS[name], size(H, T)) for make in (recorded, layer, loop)]
    sides += [script(name, H, T), *(recorded(cell, size(H, T)) for cell in norms.values())]
    live = Live(name, H, T, clock) if threads == 1 else None
    times = interleaved([*sides, *([live.advance] if live else [])], seconds, clock)
    per_step = None if live is None else 1e3 * live.per_step()
    if live is not None:
        live.close()
    a, c, d, whole, *more = (1e3 * median(taken) for taken in times[: len(sides)])
    model = 1e3 * pass_seconds(live_config(name, H, T), BATCH)
    return Row(name, H, T, threads, a, c, d, per_step, whole, model, dict(zip(norms, more, strict=True)))


def _machine() -> dict[str, str | int]:
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as lines:
            name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    return {"processor": name, "cores": os.cpu_count() or 1, "system": platform.system(), "batch": BATCH}


def _versions() -> dict[str, str]:
    import numba
    import numpy

    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numba": numba.__version__,
        "numpy": numpy.__version__,
    }


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
