"""A worker's sign of life: when it last came round its loop.

A lock says that a process holds it, also where that process was stopped or hangs. The clock is the system's monotonic
one, which all processes of a boot share: setting the time or closing a laptop makes nobody look dead.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

BEAT_SECONDS = 1.0
NAME = "worker.heartbeat"


class Heartbeat:
    """The file in ``folder`` in which the worker ``pid`` leaves its last moment."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._last = -BEAT_SECONDS

    def beat(self) -> None:
        """Leave this moment, at most once in BEAT_SECONDS. A disk that is full is no reason to stop working."""
        now = time.monotonic()
        if now < self._last + BEAT_SECONDS:
            return
        self._last = now
        with suppress(OSError):
            self.path.write_text(f"{os.getpid()} {now}")

    def age(self, pid: int | None) -> float:
        """Seconds since the worker ``pid`` left its last moment; infinite where it has left none in this boot."""
        try:
            written, moment = self.path.read_text().split()
            age = time.monotonic() - float(moment)
        except (OSError, ValueError):
            return float("inf")
        return age if int(written) == pid and age >= 0 else float("inf")
