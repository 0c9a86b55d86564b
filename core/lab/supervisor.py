"""The web process's care for its worker: adopt one that lives, start one that is missing, end it at shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from core.lab.heartbeat import Heartbeat
from core.store.folder import data_folder
from core.store.lock import SERVER_LOCK, WORKER_LOCK, FileLock

log = logging.getLogger("unrolled.supervisor")

LOOK_SECONDS = 0.1
FIRST_BACKOFF, LAST_BACKOFF = 0.1, 10.0
HEALTHY_SECONDS = 5.0
"""A worker that lived that long is started again at once when it dies; one that dies sooner, ever later."""

FAILURES = 3
"""So many workers in a row that ended soon after they began are worth a sentence."""

SILENT_SECONDS = 60.0
"""A worker that has not come round its loop for that long was stopped or hangs: it is killed, and another one started.
A turn takes milliseconds; a disk that answers slowly takes seconds."""

FROZEN_SECONDS = 5.0
"""Where this server itself has not looked for that long, everything stood still, and nobody is to blame."""

LEAVE_SECONDS = 8.0
"""A worker lets its trainers save their state, which it gives up after five seconds itself."""


class Supervisor:
    """Watches the worker of one folder, whoever started it, by the lock it holds.

    ``trouble``: why no worker runs, where none can be started: a sentence for visitors, or empty.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        self.folder = data_folder(folder)
        self.lock, self.server = FileLock(self.folder / WORKER_LOCK), FileLock(self.folder / SERVER_LOCK)
        self.heartbeat = Heartbeat(self.folder)
        self.heard = self.looked = time.monotonic()
        self.process: subprocess.Popen[bytes] | None = None
        self.tried = 0.0
        self.backoff = FIRST_BACKOFF
        self.failures = 0
        self.why = ""

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """While the context is open a worker serves the folder; its output goes to worker.log there."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await self.end()

    @property
    def trouble(self) -> str:
        """A sentence, or empty."""
        if not self.why:
            return ""
        pause = f"{max(1, round(self.backoff))} s"
        return f"The worker that trains cannot be started: {self.why}; it is tried again every {pause}."

    async def _watch(self) -> None:
        """Keep a worker alive for ever, whatever the system refuses meanwhile."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Start a worker if none lives and it is time to."""
        with contextlib.suppress(OSError):  # without it the worker leaves after a while, and is then missed below
            if not self.server.held:
                self.server.acquire()
        try:
            self._look()
        except OSError as error:  # a log that cannot be opened, no descriptor left, no memory for a process
            self._say(f"{error.strerror or error}" + (f" ({error.filename})" if error.filename else ""))
        except Exception as error:  # whatever else it is: the one who starts workers must not be gone
            self._say(f"{type(error).__name__}: {error}")

    def _look(self) -> None:
        now = time.monotonic()
        age = now - self.tried
        self._end_silent(now)
        if self._lives():
            if age > HEALTHY_SECONDS:
                self.failures, self.why, self.backoff = 0, "", FIRST_BACKOFF
            return
        if age < self.backoff:
            return
        self.tried, self.backoff = now, min(2 * self.backoff, LAST_BACKOFF)
        if self.process is not None:
            self.failures += 1
        if self.failures >= FAILURES:
            self._say(f"it ended {self.failures} times soon after it began ({self.folder / 'worker.log'} says why)")
        self.process = None
        self.process = self._started()

    def _end_silent(self, now: float) -> None:
        """Kill a worker that holds the folder, has worked and no longer does."""
        holder, frozen = self.lock.holder(), now > self.looked + FROZEN_SECONDS
        self.looked = now
        silent = holder and SILENT_SECONDS < self.heartbeat.age(holder) < math.inf  # infinite: it still warms up
        if frozen or not silent:
            self.heard = now
        elif holder and now > self.heard + SILENT_SECONDS:
            log.error("The worker %d has not come round for %g s: it is killed.", holder, SILENT_SECONDS)
            self.heard = now
            with contextlib.suppress(ProcessLookupError):
                os.kill(holder, signal.SIGKILL)

    def _lives(self) -> bool:
        """Whether a worker serves the folder, or is about to."""
        if self.process is not None and self.process.poll() is None:
            return True
        return self.lock.holder() is not None

    def _started(self) -> subprocess.Popen[bytes]:
        log.info("starting a worker for %s", self.folder)
        environment = os.environ | {"UNROLLED_DATA": str(self.folder), "OMP_NUM_THREADS": "1"}
        with open(self.folder / "worker.log", "ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "core", "worker", "--minded"],
                env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    def _say(self, why: str) -> None:
        if not self.why:
            log.error("The worker that trains cannot be started: %s; it is tried again.", why)
        self.why = why

    async def end(self) -> None:
        """End the worker that holds the lock and the one started here, gently first."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + LEAVE_SECONDS
            for pid in self._pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            while self._pids() and time.monotonic() < deadline:
                await asyncio.sleep(0.02)
            if not self._pids():
                break
        self.server.release()

    def _pids(self) -> set[int]:
        """Of the worker that holds the lock and of the one started here, as far as they live."""
        pids = {self.process.pid} if self.process is not None and self.process.poll() is None else set()
        with contextlib.suppress(OSError):
            pids.add(self.lock.holder() or 0)
        return pids - {0}
