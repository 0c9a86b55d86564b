"""A stint: one turn of a run in a warm process, from its last checkpoint until its end, a wish, or the next one's turn.

So a paused run holds no process, and many runs share few processes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np

from core.anatomy import ANATOMIES
from core.config import RunConfig
from core.frames import Frame
from core.lab.processes import leaving
from core.numbers import exact, percent, plural, sig
from core.store import Catalog, Ended, RunWriter, StaleAttempt, StorageFull, load_run, run_path
from core.store.catalog import RunRow
from core.store.own_data import serve

CHECKPOINT_SECONDS = 2.0
POLL_SECONDS = 0.02
QUANTUM_SECONDS = 2.0


class Trains(Iterator[Frame], Protocol):
    """What a stint needs of a training."""

    def checkpoint(self) -> bytes:
        """The state after the last frame."""
        ...


Train = Callable[[RunConfig, bytes | None], Trains]


def quantum(waiting: int, fresh: int) -> float:
    """Seconds a run may go on while others wait: shorter the more there are, shortest when one is yet to begin."""
    if not waiting:
        return math.inf
    return 0.1 if fresh else max(0.5, QUANTUM_SECONDS / waiting)


def run_stint(folder: str, run_id: str, attempt: int, train: Train | None = None) -> Ended:
    """Carry the run on and say how far it came. The catalog is read here and written by the caller."""
    catalog = Catalog(folder)
    serve(catalog.folder)
    try:
        row = catalog.get(run_id)
        if row is None or row.attempt != attempt:
            return Ended("stopped", -1)
        return _carry_on(catalog, row, train or _train())
    finally:
        catalog.close()


def _train() -> Train:
    from core.training import train
    from core.training.device import device_of_host

    return partial(train, device=device_of_host())


def _carry_on(catalog: Catalog, row: RunRow, train: Train) -> Ended:
    path = run_path(catalog.folder, row.id)
    try:
        writer = RunWriter(path, row.id, row.config, row.attempt)
    except StorageFull as error:
        return Ended("paused", row.step, f"Paused: {error}")
    ended = _train_into(writer, catalog, row, train)
    return replace(ended, outcome=outcome_of(path)) if ended.status == "finished" else ended


def _train_into(writer: RunWriter, catalog: Catalog, row: RunRow, train: Train) -> Ended:
    over = False
    try:
        ended = Stint(catalog, row, writer, train).carry_out()
        over = ended.status in ("finished", "stopped")
        return ended
    except StaleAttempt:
        return Ended("stopped", row.step)
    except StorageFull as error:
        return Ended("paused", row.step, f"Paused: {error}")
    finally:
        with suppress(StorageFull):  # said already where it mattered: what is not stored is trained again
            writer.close(over=over)


class Stint:
    """One turn. Looks at the catalog at recorded frames, at most every POLL_SECONDS."""

    def __init__(self, catalog: Catalog, row: RunRow, writer: RunWriter, train: Train) -> None:
        self.catalog, self.row, self.writer = catalog, row, writer
        checkpoint = writer.checkpoint()
        self.step = -1 if checkpoint is None else checkpoint.step
        self.saved = self.step
        self.training = train(row.config, None if checkpoint is None else checkpoint.body)
        self.began = self.last_save = time.monotonic()
        self.next_look = 0.0
        self.until = row.until

    def carry_out(self) -> Ended:
        """Train until something ends the stint; whatever it is, the state is saved."""
        ended = self._train()
        if self.step > self.saved:
            self._save()
        self.writer.flush()
        return ended

    def _train(self) -> Ended:
        spent = None  # the first frame of a turn brings in what the others find in place
        for frame in self.training:
            before, spent = spent, time.process_time()
            self.writer.append(frame, None if before is None else spent - before)
            self.step = frame.step
            now = time.monotonic()
            if now - self.last_save >= CHECKPOINT_SECONDS:
                self._save()
            ended = self._look(now) or self._reached()
            if ended is not None and frame.step < self.row.config.steps:
                return ended
        return Ended("finished", self.step)

    def _save(self) -> None:
        self.writer.save_checkpoint(self.step, self.training.checkpoint())
        self.saved, self.last_save = self.step, time.monotonic()

    def _look(self, now: float) -> Ended | None:
        if leaving.is_set():
            return Ended("queued", self.step)
        if now < self.next_look:
            return None
        self.next_look = now + POLL_SECONDS
        orders = self.catalog.orders(self.row.id, self.row.attempt)
        if orders is None:
            return Ended("stopped", self.step)
        self.until = orders.until
        if orders.wanted == "stop":
            return Ended("stopped", self.step, f"Stopped at step {self.step} of {self.row.config.steps}.")
        if orders.wanted == "pause":
            return Ended("paused", self.step)
        return Ended("queued", self.step) if now - self.began > quantum(orders.waiting, orders.fresh) else None

    def _reached(self) -> Ended | None:
        return Ended("paused", self.step) if self.until is not None and self.step >= self.until else None


def outcome_of(path: Path) -> str:
    """One sentence about a run that is over."""
    run = load_run(path)
    frame = run.frame(run.last_step)
    if frame is None:
        return ""
    if math.isfinite(frame.loss):
        return f"Finished {plural(run.config.steps, 'step')} with a score of {percent(frame.score)}."
    what = "not a number" if math.isnan(frame.loss) else "infinite"
    return f"The loss is {what} from step {frame.step} on: {_why(run.scalars()['grad_norm'], run.config)}"


def _why(grad_norm: object, config: RunConfig) -> str:
    norms = np.asarray(grad_norm)[:-1]
    finite = norms[np.isfinite(norms)]
    grown = (
        f"the gradient norm had reached {sig(float(finite.max()), 3)} before"
        if finite.size
        else "the forward pass overflows"
    )
    clip = ", or clip the gradient (`clip`)" if config.clip == "none" else ""
    return f"{grown}. Lower `lr` (={exact(config.lr)}){clip}, or start the weights smaller (`cell.init`)."


def warm_up() -> None:
    """Carry out a tiny run, and with it every import and first, slow call that a real one would meet.

    On the processor, whatever the host's device: CUDA does not survive the fork that follows.
    """
    from core.training import train

    small = {"task.length": 20, "cell.hidden_size": 2, "batch_size": 2, "steps": 2}
    with TemporaryDirectory() as folder:
        catalog = Catalog(folder)
        for cell in ANATOMIES:
            catalog.add(RunConfig.from_flat({"cell.name": cell, **small}), "warm-up")
            row = catalog.claim()
            if row is not None:
                run_stint(folder, row.id, row.attempt, train)
        catalog.close()
