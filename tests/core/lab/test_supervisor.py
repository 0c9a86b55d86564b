"""The web process's care for its worker: with real worker programs, and with a system that refuses."""

import asyncio
import errno
import math
import os
import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.config import RunConfig
from core.lab import supervisor as module
from core.lab import worker as worker_module
from core.lab.supervisor import FAILURES, LAST_BACKOFF, SILENT_SECONDS, Supervisor
from core.lab.worker import GRACE_SECONDS, Worker
from core.store.lock import SERVER_LOCK, FileLock


@pytest.fixture
def lock(lab) -> FileLock:
    return FileLock(lab.folder / "worker.lock")


async def until(state) -> None:
    async with asyncio.timeout(240):
        while not state():
            await asyncio.sleep(0.01)


@pytest.mark.slow
def test_a_missing_worker_is_started_and_again_when_it_dies_and_ended_at_shutdown(lab, lock, alive) -> None:
    log = lab.folder / "worker.log"

    async def web() -> list[int]:
        async with Supervisor(lab.folder).watching():
            info = lab.submit(RunConfig.preset("temporal-order-lstm", steps=150), "me")
            await until(lambda: lab.info(info.id).step > 0)
            first = lock.holder()
            os.kill(first, signal.SIGKILL)
            await until(lambda: lock.holder() not in (None, 0, first))
            await until(lambda: lab.info(info.id).status == "finished")
            return [first, lock.holder()]

    first, second = asyncio.run(web())
    assert not alive(first) and not alive(second) and not lab.worker_alive()
    said = log.read_text()
    assert f"worker {first} serves" in said and f"worker {first} leaves" not in said
    assert f"worker {second} serves" in said and f"worker {second} leaves" in said


@pytest.mark.slow
def test_a_worker_that_is_there_is_adopted_and_ended(lab, lock, workers) -> None:
    worker = workers.start()

    async def web() -> None:
        async with Supervisor(lab.folder).watching():
            for _ in range(30):  # looks of the supervisor
                await asyncio.sleep(0.02)
                assert lock.holder() == worker.pid

    asyncio.run(web())
    assert worker.wait(60) == 0
    assert "already serves" not in (lab.folder / "worker.log").read_text()  # as a second one would have said


@pytest.mark.slow
def test_an_adopted_worker_that_dies_is_replaced(lab, lock, workers) -> None:
    worker = workers.start()

    async def web() -> None:
        async with Supervisor(lab.folder).watching():
            worker.kill()
            worker.wait()
            await until(lambda: lock.holder() not in (None, 0, worker.pid))

    asyncio.run(web())
    assert not lab.worker_alive()


class Refusing:
    """A supervisor with a clock of its own, on a system that does what ``popen`` does."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.tries, self.popen = 1000.0, [], self.dies
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(module.subprocess, "Popen", lambda *given, **named: self.popen())
        self.supervisor = Supervisor(folder)

    def pass_time(self, seconds: float) -> str:
        """Look every tenth of a second; returns what a visitor then reads."""
        for _ in range(round(10 * seconds)):
            self.now += 0.1
            self.supervisor.look()
        return self.supervisor.trouble

    def dies(self) -> Any:
        self.tries.append(self.now)
        return SimpleNamespace(pid=0, poll=lambda: 1)

    def lives(self) -> Any:
        return SimpleNamespace(pid=0, poll=lambda: None)

    def refuses(self) -> Any:
        self.tries.append(self.now)
        raise OSError(errno.EMFILE, "Too many open files")


@pytest.fixture
def refusing(data_folder, monkeypatch) -> Iterator[Refusing]:
    refusing = Refusing(data_folder, monkeypatch)
    yield refusing
    refusing.supervisor.server.release()


def test_a_system_that_refuses_is_asked_again_ever_later_and_said_to_refuse(refusing, caplog) -> None:
    refusing.popen = refusing.refuses
    said = refusing.pass_time(120)
    assert said == "The worker that trains cannot be started: Too many open files; it is tried again every 10 s."
    pauses = [round(b - a, 1) for a, b in pairwise(refusing.tries)]
    assert pauses == sorted(pauses) and pauses[-1] == pytest.approx(LAST_BACKOFF, abs=0.2) and len(pauses) < 25
    assert [record.levelname for record in caplog.records] == ["ERROR"]  # once, however often it is tried
    refusing.popen = refusing.lives
    assert refusing.pass_time(20) == "" and refusing.supervisor.process is not None


def test_a_log_that_cannot_be_opened_is_said_and_tried_again(refusing) -> None:
    log = refusing.supervisor.folder / "worker.log"
    log.mkdir()
    assert refusing.pass_time(3).startswith("The worker that trains cannot be started: Is a directory (")
    assert refusing.tries == []
    log.rmdir()
    refusing.popen = refusing.lives
    assert refusing.pass_time(20) == ""


def test_a_worker_that_ends_as_soon_as_it_begins_is_said(refusing) -> None:
    assert refusing.pass_time(0.3) == ""
    assert f"it ended {FAILURES} times soon after it began" in refusing.pass_time(2)
    refusing.popen = refusing.lives
    assert refusing.pass_time(20) == ""


def test_nothing_ends_the_one_who_starts_workers(data_folder, monkeypatch) -> None:
    supervisor, looks = Supervisor(data_folder), []

    def look() -> bool:
        looks.append(1)
        raise (OSError(errno.EMFILE, "Too many open files"), MemoryError(), ValueError("odd"))[len(looks) % 3]

    monkeypatch.setattr(supervisor, "_lives", look)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0)

    async def web() -> None:
        async with supervisor.watching():
            await until(lambda: len(looks) > 10)

    asyncio.run(web())
    assert supervisor.trouble


@pytest.mark.slow
def test_a_worker_is_started_when_its_log_can_be_opened_again(lab, lock) -> None:
    log = lab.folder / "worker.log"
    log.mkdir()
    supervisor = Supervisor(lab.folder)

    async def web() -> None:
        async with supervisor.watching():
            await until(lambda: supervisor.trouble)
            log.rmdir()
            await until(lambda: lock.holder() and not supervisor.trouble)

    asyncio.run(web())
    assert not lab.worker_alive()


@pytest.mark.parametrize("minded", [True, False])
def test_a_worker_whose_server_is_gone_waits_for_another_and_then_leaves(data_folder, monkeypatch, minded) -> None:
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(worker_module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    (data_folder / "runs").mkdir(parents=True)
    server = FileLock(data_folder / SERVER_LOCK)
    worker = Worker.__new__(Worker)  # without its processes
    worker.server, worker.missed_since, worker.server_checked = FileLock(server.path) if minded else None, None, 0.0
    worker.asked_to_leave = False

    def wait(seconds: float) -> bool:
        for _ in range(round(seconds)):
            clock.now += 1.1
            worker._look_for_server()
        return worker.asked_to_leave

    assert server.acquire() and not wait(60)
    server.release()
    assert not wait(GRACE_SECONDS / 2)
    assert server.acquire() and not wait(60)  # another server has come in time
    server.release()
    assert wait(2 * GRACE_SECONDS) == minded  # one that was started by hand belongs to no server


def test_a_worker_that_was_stopped_is_killed_but_not_one_that_warms_up_nor_where_all_stood_still(
    refusing, monkeypatch
) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(module.os, "kill", lambda pid, number: killed.append((pid, number)))
    supervisor, ages = refusing.supervisor, SimpleNamespace(now=math.inf)
    monkeypatch.setattr(supervisor.lock, "holder", lambda: 4321)
    monkeypatch.setattr(supervisor.heartbeat, "age", lambda pid: ages.now)
    refusing.pass_time(3 * SILENT_SECONDS)
    assert killed == []  # it compiles its kernels, which may take minutes
    ages.now = 0.5
    refusing.pass_time(3 * SILENT_SECONDS)
    ages.now = 1000.0  # the whole machine was frozen: the server's next look comes late, and the worker beats at once
    refusing.now += 1000.0
    refusing.pass_time(1)
    ages.now = 0.5
    refusing.pass_time(SILENT_SECONDS)
    assert killed == []
    ages.now = SILENT_SECONDS + 1
    refusing.pass_time(SILENT_SECONDS - 1)
    assert killed == []
    refusing.pass_time(2)
    assert killed == [(4321, signal.SIGKILL)]
