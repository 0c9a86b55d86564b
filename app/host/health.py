"""Whether runs can be stored and trained now."""

from __future__ import annotations

import os
from contextlib import suppress

from core.errors import UnrolledError
from core.lab.client import Lab
from core.lab.heartbeat import Heartbeat
from core.store.lock import WORKER_LOCK, FileLock

STALE_SECONDS = 15.0
"""A worker comes round many times a second; one that is silent for that long does not answer anybody."""


def problems(lab: Lab, trouble: str = "") -> list[str]:
    """Why this server is not ready, a sentence each; empty where it is. ``trouble`` is what the supervisor says."""
    return [*filter(None, (_store(lab), trouble or _worker(lab)))]


def _store(lab: Lab) -> str:
    """A file of some size can be written beside the runs, and the catalog can be locked for writing."""
    probe = lab.folder / f"ready-{os.getpid()}.probe"
    try:
        probe.write_bytes(bytes(65536))
        with lab.catalog.write():
            pass
    except OSError as error:
        return f"{lab.folder} cannot be written: {error.strerror}."
    except UnrolledError as error:
        return str(error)
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return ""


def _worker(lab: Lab) -> str:
    holder = FileLock(lab.folder / WORKER_LOCK).holder()
    if holder is None:
        return "No worker serves the folder of runs."
    age = Heartbeat(lab.folder).age(holder)
    if age > STALE_SECONDS:
        since = f"for {age:.0f} s" if age < float("inf") else "yet"
        return f"The worker (process {holder}) has given no sign of life {since}."
    return ""
