"""The web process's care for its worker, with real worker programs."""

import asyncio
import os
import signal

import pytest

from core.config import RunConfig
from core.lab.supervisor import supervised_worker
from core.store.lock import FileLock

pytestmark = pytest.mark.slow


@pytest.fixture
def lock(lab) -> FileLock:
    return FileLock(lab.folder / "worker.lock")


async def until(state) -> None:
    async with asyncio.timeout(240):
        while not state():
            await asyncio.sleep(0.01)


def test_a_missing_worker_is_started_and_ended_at_shutdown(lab, lock, alive) -> None:
    async def web() -> int:
        async with supervised_worker(lab.folder):
            await until(lab.worker_alive)
            await until(lambda: "serves" in log.read_text())
            return lock.holder() or 0

    log = lab.folder / "worker.log"

    pid = asyncio.run(web())
    assert pid and not alive(pid) and not lab.worker_alive()
    assert f"worker {pid} serves" in log.read_text() and f"worker {pid} leaves" in log.read_text()


def test_a_worker_that_dies_is_started_again_and_its_run_ends(lab, lock) -> None:
    async def web() -> None:
        async with supervised_worker(lab.folder):
            info = lab.submit(RunConfig.preset("temporal-order-lstm", steps=400), "me")
            await until(lambda: lab.info(info.id).step > 0)
            first = lock.holder()
            os.kill(first, signal.SIGKILL)
            await until(lambda: lock.holder() not in (None, 0, first))
            await until(lambda: lab.info(info.id).status == "finished")

    asyncio.run(web())
    assert not lab.worker_alive()


def test_a_worker_that_is_there_is_adopted_and_ended(lab, lock, workers) -> None:
    worker = workers.start()

    async def web() -> None:
        async with supervised_worker(lab.folder):
            for _ in range(30):  # looks of the supervisor
                await asyncio.sleep(0.02)
                assert lock.holder() == worker.pid

    asyncio.run(web())
    assert worker.wait(60) == 0
    assert (lab.folder / "worker.log").read_text().count("serves") == 1


def test_an_adopted_worker_that_dies_is_replaced(lab, lock, workers) -> None:
    worker = workers.start()

    async def web() -> None:
        async with supervised_worker(lab.folder):
            worker.kill()
            worker.wait()
            await until(lambda: lock.holder() not in (None, 0, worker.pid))

    asyncio.run(web())
    assert not lab.worker_alive()
