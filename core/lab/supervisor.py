"""The web process's care for its worker: adopt one that lives, start one that is missing, end it at shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from core.store.folder import data_folder
from core.store.lock import FileLock

log = logging.getLogger("unrolled.supervisor")

LOOK_SECONDS = 0.1
FIRST_BACKOFF, LAST_BACKOFF = 0.1, 10.0
HEALTHY_SECONDS = 5.0
"""A worker that lived that long is started again at once when it dies; one that dies sooner, ever later."""

LEAVE_SECONDS = 8.0
"""A worker lets its trainers save their state, which it gives up after five seconds itself."""


@asynccontextmanager
async def supervised_worker(folder: Path | str | None = None) -> AsyncIterator[None]:
    """While the context is open a worker serves ``folder``; its output goes to worker.log there."""
    supervisor = Supervisor(data_folder(folder))
    task = asyncio.create_task(supervisor.watch())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await supervisor.end()


class Supervisor:
    """Watches the worker of one folder, whoever started it, by the lock it holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = FileLock(folder / "worker.lock")
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.backoff = FIRST_BACKOFF

    async def watch(self) -> None:
        """Keep a worker alive for ever."""
        while True:
            if not self._lives():
                self._start()
            await asyncio.sleep(LOOK_SECONDS)

    def _lives(self) -> bool:
        """Whether a worker serves the folder, or is about to."""
        if self.process is not None and self.process.poll() is None:
            return True
        return self.lock.holder() is not None

    def _start(self) -> None:
        age = time.monotonic() - self.started
        if age > HEALTHY_SECONDS:
            self.backoff = FIRST_BACKOFF
        elif age < self.backoff:
            return
        else:
            self.backoff = min(2 * self.backoff, LAST_BACKOFF)
        log.info("starting a worker for %s", self.folder)
        environment = os.environ | {"UNROLLED_DATA": str(self.folder), "OMP_NUM_THREADS": "1"}
        with open(self.folder / "worker.log", "ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "core", "worker"],
                env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        self.started = time.monotonic()

    async def end(self) -> None:
        """End the worker that holds the lock and the one started here, gently first."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + LEAVE_SECONDS
            self._send(number)
            while self._lives() and time.monotonic() < deadline:
                await asyncio.sleep(0.02)
            if not self._lives():
                break

    def _send(self, number: signal.Signals) -> None:
        pids = {self.lock.holder(), self.process.pid if self.process and self.process.poll() is None else None}
        for pid in pids - {None, 0}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid or 0), number)
