"""Training the cards' runs, each in a process with one thread, so that the cores belong to the processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from datetime import date

import torch

from core.config import ENGINE_VERSION, RunConfig
from core.gallery.stored import Run
from core.machine import machine
from core.promises.measuring import trained


def build(configs: Iterable[RunConfig], processes: int) -> Iterator[Run]:
    """The run of each of ``configs``, as they come."""
    with multiprocessing.get_context("spawn").Pool(processes, torch.set_num_threads, (1,)) as pool:
        yield from pool.imap_unordered(_run, configs)


def _run(config: RunConfig) -> Run:
    today = date.today().isoformat()
    return Run(config.label, config.seed, ENGINE_VERSION, today, machine(), config.digest(), trained(config))
