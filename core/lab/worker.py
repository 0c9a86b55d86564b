"""The worker program, ``python -m core worker``: gives queued runs their turns in warm processes, answers questions.

One per data folder, by a lock. Everything it knows stands in the catalog and in the run files, so it may be killed at
any moment: the next one takes up what it left.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import connection
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from core.budget import runs_at_once
from core.errors import UnrolledError
from core.lab import analysis, logs, trainer
from core.lab.descriptors import raise_descriptor_limit
from core.lab.heartbeat import Heartbeat
from core.lab.processes import Died, Problem, Processes
from core.questions import QUESTIONS
from core.store import (
    Catalog,
    Ended,
    QuestionRow,
    Questions,
    RunFileError,
    StorageFull,
    data_folder,
    run_path,
    stored_run,
)
from core.store.catalog import RunRow
from core.store.folder import unlink_run
from core.store.lock import SERVER_LOCK, WORKER_LOCK, FileLock
from core.store.own_data import OwnData
from core.store.questions import subject
from core.store.retention import make_room
from core.store.temporary import Temporary, sweep

log = logging.getLogger("unrolled.worker")

ALREADY_RUNNING = 75
"""Exit status where another worker has the folder (EX_TEMPFAIL)."""

TURN_SECONDS, IDLE_TURN_SECONDS = 0.02, 0.05
ACTIVE_SECONDS = 30.0
QUESTION_SECONDS = 30.0
PATIENT = frozenset(question.model_fields["kind"].default for question in QUESTIONS if not question.changes)
SERVED_SECONDS = 60.0
"""So long it is remembered whose question had a turn."""

ANALYST_NICE = 2
"""Questions give way to training, and still have half a core where two of them train: somebody waits for the answer."""

GRACE_SECONDS = 20.0
"""So long a worker whose server is gone waits for another one to mind it."""

LEAVE_SECONDS = 5.0
HOUSEKEEPING_SECONDS = 30.0
MAX_FAILURES = 3


def main(*, minded: bool = False) -> int:
    """Work until SIGTERM, SIGINT or SIGHUP; returns 75 where another worker already does.

    ``minded``: a server minds this worker, which leaves when there has been none for GRACE_SECONDS.
    """
    logs.configure()
    folder = data_folder()
    if serve(folder, minded=minded):
        return 0
    print(f"A worker already serves {folder} (process {FileLock(folder / WORKER_LOCK).holder()}).", file=sys.stderr)
    return ALREADY_RUNNING


def serve(folder: Path, *, minded: bool = False, until: Callable[[], bool] = lambda: False) -> bool:
    """Be the worker of ``folder`` until a signal or, asked at every turn, ``until`` says so; False where another one
    already is."""
    lock = FileLock(folder / WORKER_LOCK)
    if not lock.acquire(patience=0.5):
        return False
    try:
        raise_descriptor_limit()
        _own_temporary_folder(folder)
        Worker(folder, minded=minded).serve(until)
    finally:
        lock.release()
    return True


def _own_temporary_folder(folder: Path) -> None:
    """Have all temporary files of this program and of its processes where the next one sweeps what is left of them."""
    sweep(folder)
    try:
        temporary = Temporary(folder, for_sockets=True)
    except StorageFull as error:  # the worker says more of that disk when it comes to write
        log.warning("%s", error)
        return
    Finalize(
        None, temporary.remove, exitpriority=-200
    )  # after multiprocessing has removed its own folder in it, at -100
    tempfile.tempdir = os.environ["TMPDIR"] = str(temporary.path)


def after_crash(row: RunRow, step: int) -> Ended:
    """What becomes of a run whose process died with its checkpoint at ``step``: another turn, but not for ever."""
    if step <= row.step and row.failures + 1 >= MAX_FAILURES:
        why = f"Its process was ended {MAX_FAILURES} times before it got past step {max(step, 0)}"
        return Ended("failed", step, f"{why}, which too little memory does. Lower `batch_size` or `task.length`.")
    return Ended("queued", step, crashed=True)


class Worker:
    """The loop and its processes."""

    def __init__(self, folder: Path, *, minded: bool = False) -> None:
        self.asked_to_leave = self.serving = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:  # as ``nohup`` has it
                signal.signal(number, self._leave)
        self.server = FileLock(folder / SERVER_LOCK) if minded else None
        self.missed_since: float | None = None
        self.server_checked = 0.0
        os.environ["OMP_NUM_THREADS"] = "1"  # inherited: a run has one thread, the machine has many runs
        self.folder = folder
        self.heartbeat = Heartbeat(folder)
        self.catalog = Catalog(folder)
        self.questions = Questions(self.catalog)
        self.analysts = Processes(1, nice=ANALYST_NICE)
        self.served: dict[str, float] = {}
        self.trainers = Processes(runs_at_once())
        self.ended: list[tuple[RunRow, Ended]] = []
        self.look = True
        self.complaint = ""
        self.begun = False
        self.active_until = 0.0
        self.housekeeping = 0.0
        self.orphans_checked = 0.0

    def serve(self, until: Callable[[], bool]) -> None:
        """Take turns until asked to leave or ``until`` says so, then let every trainer save its state."""
        self.serving = True
        log.info("worker %d serves %s", os.getpid(), self.folder)
        while not (self.asked_to_leave or until()):
            connection.wait([*self.trainers.handles, *self.analysts.handles], timeout=self._patience())
            self.heartbeat.beat()
            self._turn_safely()
            self._look_for_server()
        self._wind_up()

    def _patience(self) -> float:
        """Seconds until the next look at the catalog: a little longer when nothing has happened for a while."""
        return TURN_SECONDS if time.monotonic() < self.active_until else IDLE_TURN_SECONDS

    def _leave(self, number: int, frame: Any) -> None:
        self.asked_to_leave = True
        if not self.serving:  # its processes are still warming up, which takes seconds, and nothing is begun
            sys.exit(0)

    def _look_for_server(self) -> None:
        """Leave where nobody minds this worker any more: its server was killed, and no other has come."""
        now = time.monotonic()
        if self.server is None or now < self.server_checked + 1.0:
            return
        self.server_checked = now
        try:
            missed = self.server.holder() is None
        except OSError:  # nothing is known; the next look may tell
            return
        self.missed_since = (self.missed_since or now) if missed else None
        if self.missed_since is not None and now > self.missed_since + GRACE_SECONDS:
            log.info("worker %d: no server has minded it for %g s", os.getpid(), GRACE_SECONDS)
            self.asked_to_leave = True

    def _turn_safely(self) -> None:
        """One turn; where the catalog cannot be read or written (damage, a full disk) the worker stays and tries
        again."""
        try:
            self.turn()
            self.complaint = ""
        except (UnrolledError, OSError) as error:
            if str(error) != self.complaint:  # said once: on a full disk the log would take what becomes free
                log.warning("%s", error)
            self.complaint = str(error)
            time.sleep(0.5)

    def turn(self) -> None:
        """Note what ended, look after what was left behind, start what waits."""
        if not self.begun:
            self.questions.give_back()
            self.begun = True
        if self._collect() or self.catalog.changed() or self.ended:
            self.look = True
        if self.look:
            self.active_until = time.monotonic() + ACTIVE_SECONDS
            self._settle()
            self._start_runs()
            self._start_question()
            self.look = False
        self._adopt_orphans()
        if time.monotonic() > self.housekeeping:
            self.housekeeping = time.monotonic() + HOUSEKEEPING_SECONDS
            self._keep_house()

    # -- runs -----------------------------------------------------------------------------------------------------

    def _start_runs(self) -> None:
        for warm in self.trainers.free:
            row = self.catalog.claim()
            if row is None:
                return
            self.trainers.give(warm, row, trainer.run_stint, str(self.folder), row.id, row.attempt)

    def _collect(self) -> bool:
        """Take in what the processes say; whether any of them became free."""
        free = len(self.trainers.free), len(self.analysts.free)
        for row, result in self.trainers.news():
            self.ended.append((row, self._ended(row, result)))
        for question, result in self.analysts.news():
            self._answer(question, result)
        self.analysts.kill_overdue(QUESTION_SECONDS)
        return (len(self.trainers.free), len(self.analysts.free)) != free

    def _settle(self) -> None:
        while self.ended:
            row, ended = self.ended[0]
            self.catalog.settle(row.id, row.attempt, ended)
            if self.catalog.get(row.id) is None:  # deleted while it was trained
                unlink_run(run_path(self.folder, row.id))
            self.ended.pop(0)

    def _ended(self, row: RunRow, result: Any) -> Ended:
        if isinstance(result, Ended):
            return result
        if isinstance(result, Problem):
            log.error("run %s: %s", row.id, result.trace, extra={"run": row.id})
            sentence = str(result.error) if result.error else f"The training failed: {result.trace.splitlines()[-1]}"
            return Ended("failed", row.step, sentence)
        return self._crashed(row, result)

    def _crashed(self, row: RunRow, died: Died) -> Ended:
        """Its process ended without a word (killed, out of memory)."""
        step = self._stored_step(row)
        log.warning("run %s: its process ended (%s) after step %d", row.id, died, step, extra={"run": row.id})
        return after_crash(row, step)

    def _stored_step(self, row: RunRow) -> int:
        try:
            return stored_run(self.folder, row.id).checkpoint_step
        except RunFileError:
            return -1

    def _adopt_orphans(self) -> None:
        """Queue what a former worker left 'running', as soon as its trainer has let go of the file."""
        if time.monotonic() < self.orphans_checked + 1.0:
            return
        self.orphans_checked = time.monotonic()
        mine = {warm.job.id for warm in self.trainers.busy}
        for row in self.catalog.list("running"):
            lock = FileLock(run_path(self.folder, row.id).with_suffix(".lock"))
            if row.id not in mine and lock.holder() is None:
                self.catalog.settle(row.id, row.attempt, Ended("queued", max(row.step, self._stored_step(row))))

    # -- questions ------------------------------------------------------------------------------------------------

    def _start_question(self) -> None:
        for warm in self.analysts.free:
            question = self.questions.take(self.served, PATIENT)
            if question is not None:
                self.served[subject(question.key)] = time.monotonic()
                self.analysts.give(warm, question, analysis.answer, str(self.folder), question.kind, question.body)

    def _answer(self, question: QuestionRow, result: Any) -> None:
        if isinstance(result, bytes):
            self.questions.answer(question.key, result)
        elif isinstance(result, Problem):
            log.error("question %s: %s", question.key, result.trace)
            self.questions.fail(question.key, str(result.error or "The computation failed. The worker's log says why."))
        else:
            self.questions.fail(question.key, "The computation took too long or too much memory. Ask for less.")

    # -- the rest -------------------------------------------------------------------------------------------------

    def _keep_house(self) -> None:
        self.questions.prune()
        self.served = {about: when for about, when in self.served.items() if when > time.monotonic() - SERVED_SECONDS}
        for run_id in make_room(self.catalog):
            self.questions.forget(run_id)
            why = "UNROLLED_MAX_GB is reached and nobody had opened it lately"
            log.info("run %s removed: %s", run_id, why, extra={"run": run_id})
        OwnData(self.catalog).sweep()

    def _wind_up(self) -> None:
        log.info("worker %d leaves", os.getpid())
        self.trainers.leave()
        self.analysts.leave()
        deadline = time.monotonic() + LEAVE_SECONDS
        while self.trainers.busy and time.monotonic() < deadline:
            connection.wait(self.trainers.handles, timeout=0.1)
            self._collect()
        self.trainers.kill()
        self.analysts.kill()
        try:
            self._settle()
        except (UnrolledError, OSError) as error:  # the next worker finds them as a killed one's
            log.warning("%s", error)


if __name__ == "__main__":
    sys.exit(main())
