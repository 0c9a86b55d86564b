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


def test_a_missing_worker_is_started_and_again_when_it_dies_and_ended_at_shutdown(lab, lock, alive) -> None:
    log = lab.folder / "worker.log"

    async def web() -> list[int]:
        async with supervised_worker(lab.folder):
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


def test_a_worker_that_is_there_is_adopted_and_ended(lab, lock, workers) -> None:
    worker = workers.start()

    async def web() -> None:
        async with supervised_worker(lab.folder):
            for _ in range(30):  # looks of the supervisor
                await asyncio.sleep(0.02)
                assert lock.holder() == worker.pid

    asyncio.run(web())
    assert worker.wait(60) == 0
    assert "already serves" not in (lab.folder / "worker.log").read_text()  # as a second one would have said


def test_an_adopted_worker_that_dies_is_replaced(lab, lock, workers) -> None:
    worker = workers.start()

    async def web() -> None:
        async with supervised_worker(lab.folder):
            worker.kill()
            worker.wait()
            await until(lambda: lock.holder() not in (None, 0, worker.pid))

    asyncio.run(web())
    assert not lab.worker_alive()
