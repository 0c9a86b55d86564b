"""A worker of the test's own, a training without torch, and waiting for states (never for a time)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.config import RunConfig
from core.frames import SCALARS, Frame
from core.lab.client import Lab
from core.lab.processes import leaving
from core.store import Run, RunWriter, load_run
from core.store.lock import FileLock
from core.training import train

DEADLINE = 240.0
"""Seconds after which a state is given up; generous, since a test may share its machine."""


def wait_until(state: Callable[[], object], what: str = "") -> None:
    deadline = time.monotonic() + DEADLINE
    while not state():
        assert time.monotonic() < deadline, f"never came: {what or state}"
        time.sleep(0.005)


@pytest.fixture(name="wait_until")
def _wait_until() -> Callable[..., None]:
    return wait_until


class Workers:
    """Worker programs of one folder; all are ended with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = FileLock(folder / "worker.lock")
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        with open(self.folder / "worker.log", "ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "core.lab.worker"],
                env=os.environ | {"UNROLLED_DATA": str(self.folder), "UNROLLED_PROCESSES": "2"} | environment,
                stdout=log,
                stderr=log,
            )
        self.started.append(worker)
        wait_until(lambda: self.lock.holder() == worker.pid or worker.poll() is not None, "the worker's lock")
        return worker

    def end(self) -> None:
        for worker in self.started:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
            worker.wait(60)


@pytest.fixture
def lab() -> Iterator[Lab]:
    lab = Lab()
    yield lab
    lab.catalog.close()


@contextlib.contextmanager
def workers_of(folder: Path) -> Iterator[Workers]:
    workers = Workers(folder)
    try:
        yield workers
    finally:
        workers.end()


@pytest.fixture(scope="session", name="workers_of")
def _workers_of() -> Callable[[Path], contextlib.AbstractContextManager[Workers]]:
    return workers_of


@pytest.fixture
def workers(lab: Lab) -> Iterator[Workers]:
    with workers_of(lab.folder) as workers:
        yield workers


def alive(pid: int) -> bool:
    """Whether a process runs (one that is only not yet waited for does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone before, or between opening and reading
        return False


@pytest.fixture(name="alive")
def _alive() -> Callable[[int], bool]:
    return alive


@pytest.fixture
def whole(tmp_path):
    """``whole(config)``: the run of this config as it is when nobody disturbs it."""

    def record(config: RunConfig, path: Path | None = None) -> Path:
        path = path or tmp_path / f"{config.digest()}.sqlite"
        with RunWriter(path, path.stem, config, 1) as writer:
            for frame in train(config):
                writer.append(frame)
        return path

    return record


@pytest.fixture
def same_bits() -> Callable[[Run | Path | str, Run | Path | str], None]:
    """Assert that two recorded runs agree in every frame, plane and weight."""
    return _same_bits


def _same_bits(one: Run | Path | str, other: Run | Path | str) -> None:
    first, second = (run if isinstance(run, Run) else load_run(run) for run in (one, other))
    for name in ("recorded_steps", "plane_steps", "weight_steps"):
        np.testing.assert_array_equal(getattr(second, name), getattr(first, name))
    np.testing.assert_equal(second.scalars(), first.scalars())
    for mine, theirs in zip(first.frames(), second.frames(), strict=True):
        np.testing.assert_equal(vars(theirs), vars(mine))
    for step in first.weight_steps:
        np.testing.assert_equal(second.weights(step), first.weights(step))
    for step in first.plane_steps:
        np.testing.assert_equal(vars(second.planes(step)), vars(first.planes(step)))


class FakeTraining:
    """Records every step; its state is a chaotic number, so any slip in a resume shows."""

    explodes_at: int | None = None

    def __init__(self, config: RunConfig, resume: bytes | None) -> None:
        self.config = config
        self.x, self.next = np.frombuffer(resume) if resume else np.array([0.3, 0.0])

    def __iter__(self) -> FakeTraining:
        return self

    def __next__(self) -> Frame:
        step = int(self.next)
        if step > self.config.steps or (self.explodes_at is not None and step > self.explodes_at):
            raise StopIteration
        self.x, self.next = 3.9 * self.x * (1 - self.x), step + 1
        values = dict.fromkeys(SCALARS, float(self.x)) | ({"loss": float("nan")} if step == self.explodes_at else {})
        history = {name: np.array([value]) for name, value in values.items()} | {"step": np.array([step])}
        profile = np.full(4, self.x)
        weights = {"w": profile} if step % 3 == 0 else None
        return Frame(
            step=step, **values, score_step=step, param_norms={"w": 1.0}, grad_h=profile, grad_c=None, flow=profile,
            flow_last=profile, history=history, weights=weights,
        )  # fmt: skip

    def checkpoint(self) -> bytes:
        return np.array([self.x, self.next]).tobytes()


@pytest.fixture
def fake() -> type[FakeTraining]:
    return FakeTraining


@pytest.fixture(autouse=True)
def nobody_was_asked_to_leave() -> Iterator[None]:
    yield
    leaving.clear()
