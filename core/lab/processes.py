"""Warm processes: Python processes that have torch imported and have done their work once, waiting for a job each.

They are forked from a small server process that has imported ``core.lab.fork_server``, so torch is loaded once and not
once a process: a new worker answers after 3 s instead of 6, a process that died is replaced in milliseconds, and all
share the memory of what was loaded. That server has one thread, so no lock is ever copied while it is held.

Why not `ProcessPoolExecutor`: one killed process breaks every job in the pool. Why not `pebble`: killing an *idle*
process of its pool while no job runs makes the whole pool unusable (5.2.3: "Unexpected error within the Pool").
Here every process has a pipe of its own, so whatever happens to one concerns none of the others.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import connection, get_all_start_methods, get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from core.errors import UnrolledError
from core.training.freed_memory import give_back_freed_memory

WARM = "core.lab.warm"
START_ATTEMPTS = 3

_context: Any = get_context("forkserver" if "forkserver" in get_all_start_methods() else "spawn")
_context.set_forkserver_preload(["core.lab.fork_server"])


@dataclass(frozen=True)
class Problem:
    """What a job raised. ``error`` is the UnrolledError itself, or None for an error of the program."""

    error: UnrolledError | None
    trace: str


@dataclass(frozen=True)
class Died:
    """The process ended under its job."""

    exitcode: int | None


@dataclass
class Warm:
    """One process; ``job`` is whatever its giver knows it by."""

    process: BaseProcess
    pipe: Connection
    ready: bool = False
    job: Any = None
    since: float = field(default_factory=time.monotonic)


class Processes:
    """``count`` processes that have imported ``module``; one that dies is replaced.

    ``nice``: by how much they give way to others on this machine (``os.nice``; 19 is most).
    """

    def __init__(self, count: int, module: str = WARM, *, nice: int = 0) -> None:
        self._module, self._nice = module, nice
        self._all = [_start(module, nice) for _ in range(count)]
        self._leaving = False

    @property
    def free(self) -> list[Warm]:
        """Those that are warm and have nothing to do."""
        return [warm for warm in self._all if warm.ready and warm.job is None]

    @property
    def busy(self) -> list[Warm]:
        """Those at work."""
        return [warm for warm in self._all if warm.job is not None]

    @property
    def handles(self) -> list[Any]:
        """What ``multiprocessing.connection.wait`` can wait on for news of any of them: a pipe closes with its process.

        Not the sentinels: those close too when the server that forked the processes dies, which harms none of them.
        """
        return [warm.pipe for warm in self._all]

    def give(self, warm: Warm, job: Any, function: Callable[..., Any], *args: Any) -> None:
        """Let a free process call ``function(*args)`` as ``job``."""
        warm.job, warm.since = job, time.monotonic()
        with contextlib.suppress(OSError):  # died meanwhile: ``news`` says so
            warm.pipe.send((function, args))

    def news(self) -> list[tuple[Any, Any]]:
        """Jobs that ended since the last call, each with its result, a Problem, or Died."""
        ended: list[tuple[Any, Any]] = []
        for warm in list(self._all):
            try:
                while warm.pipe.poll():
                    message = warm.pipe.recv()
                    if warm.ready:
                        ended.append((warm.job, message))
                    warm.ready, warm.job = True, None
            except (EOFError, OSError):
                warm.process.join()
                if warm.job is not None:
                    ended.append((warm.job, Died(warm.process.exitcode)))
                self._replace(warm)
        return ended

    def _replace(self, dead: Warm) -> None:
        self._all.remove(dead)
        dead.pipe.close()
        if not dead.ready:
            time.sleep(0.2)  # one that cannot even warm up is not started again as fast as it fails
        if not self._leaving:
            self._all.append(_start(self._module, self._nice))

    def kill_overdue(self, seconds: float) -> None:
        """Kill the processes whose job has taken longer than that; ``news`` then tells of them."""
        for warm in self.busy:
            if time.monotonic() - warm.since > seconds:
                warm.process.kill()

    def leave(self) -> None:
        """Ask all to end their jobs and leave."""
        self._leaving = True
        for warm in self._all:
            warm.process.terminate()

    def kill(self) -> None:
        """End all that are left."""
        for warm in self._all:
            warm.process.kill()
            warm.process.join()


def _start(module: str, nice: int) -> Warm:
    ours, theirs = _context.Pipe()
    for attempt in range(START_ATTEMPTS):
        process = _context.Process(target=_serve, args=(theirs, module, nice), daemon=True)
        try:
            process.start()
            break
        except (EOFError, OSError):  # the server that forks them was killed as it was asked; the next start makes anew
            if attempt + 1 == START_ATTEMPTS:
                raise
    theirs.close()  # so that its end of the pipe closes when the process dies
    return Warm(process, ours)


# -- in the process ---------------------------------------------------------------------------------------------------

leaving = threading.Event()
"""Set when this process was asked to leave: a job that can take long looks at it and ends early."""

_idle = True


def _serve(pipe: Connection, module: str, nice: int) -> None:
    """Warm up, then do one job after another until asked to leave or left alone."""
    global _idle
    os.nice(nice)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to the whole group; the worker decides
    signal.signal(signal.SIGTERM, _asked_to_leave)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    import_module(module)
    with contextlib.suppress(EOFError, OSError):  # the worker has gone, whom nothing need be told any more
        pipe.send("ready")
        while not leaving.is_set():
            _idle = True
            function, args = pipe.recv()
            _idle = False
            pipe.send(_result(function, args))
            give_back_freed_memory()  # a large run may have left a gigabyte to a process that now waits


def _result(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    try:
        return function(*args)
    except UnrolledError as error:
        return Problem(error, traceback.format_exc())
    except Exception:
        return Problem(None, traceback.format_exc())


def _asked_to_leave(number: int, frame: Any) -> None:
    leaving.set()
    if _idle:
        sys.exit(0)


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)  # as abrupt as a kill, which costs a run nothing but the seconds since its checkpoint
