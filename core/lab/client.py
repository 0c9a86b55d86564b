"""The lab as the web process and the command line see it: ask for runs, steer them, ask for previews. No torch."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.bounded import Bounded
from core.budget import Limits, check_preview, check_run
from core.config import RunConfig
from core.errors import BudgetError, UnrolledError
from core.frames import Frame
from core.lab.answers import Answer
from core.lab.asking import Asking
from core.numbers import plural
from core.own_data import Content
from core.questions import Question
from core.schedule import Schedule
from core.store import Catalog, Questions, Run, RunFileError, RunRow, StorageFull, data_folder, run_path, stored_run
from core.store.catalog import OVER, UNFINISHED, Status
from core.store.census import census
from core.store.codec import unpack_whole_frame
from core.store.drain import SENTENCE, draining
from core.store.folder import RUN_ID
from core.store.imported import import_run
from core.store.joined import hand_over, has_joined, join, open_run
from core.store.lock import WORKER_LOCK, FileLock
from core.store.notes import Note, notes_of, write_note
from core.store.own_data import OwnData, serve
from core.store.sweeps import WAVE, training
from core.sweep import MOST_RUNS

OPENED_SECONDS = 600.0
LOOK_SECONDS = 0.004
OPEN_RUNS = 64


class NotYours(UnrolledError):
    """Somebody other than its owner wants to steer a run."""


class NoAnswer(UnrolledError):
    """No worker answered a question in time."""


@dataclass(frozen=True)
class RunInfo:
    """A run's state. ``step`` is the last recorded one (-1: none yet); ``position`` counts the queued runs before it.

    ``reused``: the answer to ``submit`` is a run that was already there. ``problem``: why no more is known of it than
    its file says, or empty.
    """

    id: str
    config: RunConfig
    digest: str
    status: Status
    outcome: str
    step: int
    position: int
    created: float
    reused: bool = False
    problem: str = ""


class Lab:
    """The runs of one data folder. ``owner`` is a secret of the visitor's; only a hash of it is stored."""

    def __init__(self, folder: Path | str | None = None, limits: Limits | None = None) -> None:
        self.folder = data_folder(folder)
        self.catalog = Catalog(self.folder)
        self.questions = Questions(self.catalog)
        self.own_data = OwnData(self.catalog)
        serve(self.folder)
        self.limits = limits or Limits.of_host()
        self._runs: Bounded[str, Run] = Bounded(OPEN_RUNS)
        self._submitting = threading.Lock()
        self._asking = Asking(self.questions, self.run)

    # -- runs -----------------------------------------------------------------------------------------------------

    def submit(self, config: RunConfig, owner: str, *, until: int | None = None, own: bool = False) -> RunInfo:
        """Train ``config``, or answer with the run that already did.

        A finished run of the same settings answers whoever asks; so does an unfinished one of the same owner, which
        goes on if it was paused, and one of anybody that goes on to its end: that is joined, to be watched and not to
        be steered. ``own`` joins nobody's, nor does ``until``, which pauses at that recorded step. Raises BudgetError
        beyond the host's bounds.
        """
        return self.submit_all([config], owner, until=until, own=own)[0]

    def submit_all(
        self,
        configs: Sequence[RunConfig],
        owner: str,
        *,
        until: int | None = None,
        own: bool = False,
        of_sweep: bool = False,
    ) -> list[RunInfo]:
        """``submit`` for runs that belong together: one answer a config, in order. Those of the first seed are trained
        to their end before those of the second, and so on; those of a sweep one after the other, as they come, once all
        others of this owner are through. Beyond the host's bounds none of them is started."""
        seeds = {seed: wave for wave, seed in enumerate(sorted({config.seed for config in configs}))}
        wanted = {config.digest(): config for config in configs}
        with self._submitting:  # of those who ask for the same in one moment the first starts it, the others join
            there = {digest: self._there(digest, owner, joins=not own and until is None) for digest in wanted}
            fresh = [config for digest, config in wanted.items() if there[digest] is None]
            if fresh and draining(self.folder):
                raise UnrolledError(SENTENCE)
            for config in fresh:
                self._check_data(config)
                check_run(config, self.limits)
            self._check_share(owner, len(fresh), of_sweep)
            self._check_queue(len(fresh))
            known = {digest: self._taken_up(row, owner, until) for digest, row in there.items() if row is not None}
            fresh = [config for digest, config in wanted.items() if known.get(digest) is None]
            waves = [WAVE + place if of_sweep else seeds[config.seed] for place, config in enumerate(fresh)]
            new = self.catalog.add_all(fresh, hashed(owner), until=until, waves=waves)
            added = {row.digest: row for row in new}
        return [known.get(digest) or self._info(added[digest]) for digest in (config.digest() for config in configs)]

    def find(self, config: RunConfig, owner: str) -> RunInfo | None:
        """The run that ``submit`` would answer with, left as it is; None where it would start one."""
        row = self._there(config.digest(), owner, joins=True)
        return None if row is None else self._info(row, reused=True)

    def info(self, run_id: str) -> RunInfo | None:
        """The run's state; None where there is no such run (any text may be asked about).

        Where the catalog cannot be read, or does not know it, its file says what is recorded.
        """
        if not RUN_ID.fullmatch(run_id):
            return None
        try:
            row = self.catalog.get(run_id)
        except (RunFileError, StorageFull) as error:
            if (info := self._of_file(run_id, str(error))) is None:
                raise
            return info
        if row is None:
            return self._of_file(run_id)
        if row.opened < time.time() - OPENED_SECONDS:
            with suppress(StorageFull):  # a disk that cannot be written can still be looked at
                self.catalog.opened(run_id)
        return self._info(row)

    def run(self, run_id: str) -> Run | None:
        """The recorded run by its id alone (a URL may not name a path); None before its first turn."""
        if not RUN_ID.fullmatch(run_id):
            return None
        path = run_path(self.folder, run_id)
        if not path.exists():
            self._runs.forget(run_id)
            return None
        return self._runs.get(run_id) or self._runs.keep(run_id, stored_run(self.folder, run_id))

    def may_steer(self, run_id: str, owner: str) -> bool:
        """Whether this owner started the run."""
        row = self.catalog.get(run_id)
        return row is not None and row.owner == hashed(owner)

    def unfinished(self, owner: str) -> list[RunInfo]:
        """This owner's queued, running and paused runs."""
        return [self._info(row) for row in self.catalog.list(*UNFINISHED, owner=hashed(owner))]

    def own_runs(self, owner: str) -> list[RunInfo]:
        """All runs of this owner, the newest first."""
        rows = self.catalog.list(*UNFINISHED, *OVER, owner=hashed(owner))
        return [self._info(row) for row in sorted(rows, key=lambda row: -row.created)]

    def bring_run(self, content: bytes, owner: str) -> RunInfo:
        """Take in a run file from elsewhere as a run of this owner. Raises RunFileError and StorageFull."""
        run_id = import_run(self.catalog, content, hashed(owner))
        info = self.info(run_id)
        assert info is not None
        return info

    def notes(self, owner: str) -> dict[str, Note]:
        """What this visitor has written on runs, by run."""
        return notes_of(self.catalog, hashed(owner))

    def write_note(self, run_id: str, owner: str, note: Note) -> None:
        """Keep a name, a star and a note of this visitor's on a run."""
        write_note(self.catalog, run_id, hashed(owner), note)

    def pause(self, run_id: str, owner: str) -> None:
        """Let it rest after the frame it is at."""
        self.catalog.pause(self._own(run_id, owner).id)

    def let_rest(self, run_id: str, owner: str) -> None:
        """``pause`` it unless others have joined it."""
        if not self.shared(run_id):
            self.pause(run_id, owner)

    def shared(self, run_id: str) -> bool:
        """Whether somebody has joined the run, and waits for it beside its owner."""
        return has_joined(self.catalog, run_id)

    def resume(self, run_id: str, owner: str) -> None:
        """Let it go on to its end."""
        self.catalog.resume(self._own(run_id, owner).id)

    def step(self, run_id: str, owner: str) -> None:
        """Let it go on by one recorded step and pause there; steps asked for meanwhile add up."""
        row = self._own(run_id, owner)
        at = max(self._info(row).step, row.until if row.until is not None and row.status != "paused" else -1)
        self.catalog.resume(run_id, until=Schedule.of(row.config).next_recorded(at) if at >= 0 else 0)

    def stop(self, run_id: str, owner: str) -> None:
        """End it for good; what is recorded stays. Where others have joined it, it goes on as theirs."""
        row = self._own(run_id, owner)
        if not hand_over(self.catalog, row.id):
            self.catalog.stop(run_id, f"Stopped at step {max(self._info(row).step, 0)} of {row.config.steps}.")

    def delete(self, run_id: str, owner: str) -> None:
        """Remove it with all that it recorded and all that was asked about it."""
        row = self._own(run_id, owner)
        self.catalog.delete(row.id)
        self.questions.forget(run_id)
        if row.config.task.data_digest:
            self.own_data.gone_with_run(row.config.task.data_digest, row.owner)

    def bring(self, data: Content, owner: str) -> str:
        """Keep what a visitor brought; the digest by which a config names it. Raises UnrolledError beyond a visitor's
        share. It goes with the last run that learns from it, or after a day."""
        return self.own_data.add(data, hashed(owner))

    # -- previews -------------------------------------------------------------------------------------------------

    def preview(self, config: RunConfig, wait: float = 5.0) -> Frame:
        """The step-0 frame of ``config`` (planes too, no weights), worked out once for all visitors.

        Raises BudgetError beyond the host's memory, and NoAnswer when no worker answers within ``wait`` seconds.
        """
        key = self.request_preview(config)
        self._await(key, wait)
        question = self.questions.get(key)
        if question is None or question.answer is None:
            raise UnrolledError(question.error if question and question.error else "The preview is gone. Try again.")
        return unpack_whole_frame(question.answer)

    def request_preview(self, config: RunConfig) -> str:
        """Have the preview worked out unless it is already; returns its id at once. Raises BudgetError."""
        key = self.preview_id(config)
        if self.questions.status(key) != "answered":
            self._check_data(config)
            check_preview(config, self.limits)
            self.questions.ask(key, "preview", config.model_dump_json())
        return key

    def preview_id(self, config: RunConfig) -> str:
        """By which ``preview_of`` finds the preview again, once it was asked for."""
        return config.digest()

    def preview_of(self, preview_id: str, wait: float = 5.0) -> tuple[RunConfig, Frame]:
        """Config and frame of a preview by its id. Raises UnrolledError where it was never asked for, or long ago."""
        question = self.questions.get(preview_id)
        if question is None or question.kind != "preview":
            raise UnrolledError(f"The pinned curve `{preview_id}` is no longer stored. Pin it again.")
        try:
            config = RunConfig.stored(question.body)
        except ValueError:
            raise UnrolledError(f"The pinned curve `{preview_id}` is of an older version. Pin it again.") from None
        if question.answer is not None:
            return config, unpack_whole_frame(question.answer)
        return config, self.preview(config, wait)

    # -- questions about a moment ---------------------------------------------------------------------------------

    def ask(self, question: Question, source_id: str, step: int | None = None) -> Answer | None:
        """The answer to ``question`` about a run, or about the untrained network of ``preview-<digest>``.

        It is that of the newest stored weights at or before ``step`` (None: the newest of all). None while it is
        worked out: ask again, since a question that nobody asks for is dropped. Never blocks. Raises UnrolledError
        where there can be no answer.
        """
        return self._asking.ask(question, source_id, step)

    def wait_for(self, question: Question, source_id: str, step: int | None = None, seconds: float = 5.0) -> Answer:
        """``ask`` until it is answered. Raises NoAnswer after ``seconds``."""
        deadline = time.monotonic() + seconds
        while (answer := self.ask(question, source_id, step)) is None:
            self._patience(deadline)
        return answer

    def worker_alive(self) -> bool:
        """Whether a worker serves this folder."""
        return FileLock(self.folder / WORKER_LOCK).holder() is not None

    # -- inside ---------------------------------------------------------------------------------------------------

    def _await(self, key: str, wait: float) -> None:
        deadline = time.monotonic() + wait
        while self.questions.status(key) in ("asked", "taken"):
            self._patience(deadline)

    def _patience(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            why = "is busy with others" if self.worker_alive() else "does not run (`python -m core worker`)"
            raise NoAnswer(f"The worker that answers questions {why}. Try again in a moment.")
        time.sleep(LOOK_SECONDS)

    def _finished(self, digest: str) -> RunRow | None:
        """The finished run of this digest, if its file is still there and can be read; else it is trained anew."""
        row = self.catalog.find(digest, "finished")
        if row is not None and not run_path(self.folder, row.id).exists():
            self.catalog.delete(row.id)
            return None
        return row if row is not None and self._readable(row) else None

    def _readable(self, row: RunRow) -> bool:
        try:
            run = self.run(row.id)
            return run is not None and run.frame(run.last_step) is not None
        except RunFileError:
            return False

    def _there(self, digest: str, owner: str, *, joins: bool) -> RunRow | None:
        """A finished run of these settings, an unfinished one of this owner, or one that can be joined."""
        row = self._finished(digest) or self.catalog.find(digest, *UNFINISHED, owner=hashed(owner))
        if row is None and joins:
            row = self.catalog.get(open_run(self.catalog, digest) or "")
        return row

    def _taken_up(self, row: RunRow, owner: str, until: int | None) -> RunInfo | None:
        """A run that is there, which goes on; None where it is somebody else's and has ended meanwhile."""
        if row.status in UNFINISHED and row.owner != hashed(owner) and not join(self.catalog, row.id, hashed(owner)):
            return None
        if row.status == "paused":
            self.catalog.resume(row.id, until=until)
            row = self.catalog.get(row.id) or row
        return self._info(row, reused=True)

    def _check_data(self, config: RunConfig) -> None:
        """Raise ConfigError where the data that ``config`` names is not here, or does not suit it."""
        config.task.check()
        if config.task.data_digest:
            self.own_data.lay_out(config.task.data_digest)

    def _check_share(self, owner: str, more: int, of_sweep: bool) -> None:
        of_sweeps, others = training(self.catalog, hashed(owner))
        unfinished = of_sweeps if of_sweep else others
        most = MOST_RUNS if of_sweep else self.limits.runs_per_visitor
        if not more or unfinished + more <= most:
            return
        if more > 1:
            raise BudgetError(
                [f"{more} runs beside the {unfinished} that are still training are more than the {most} that one "
                 "visitor may have. Pause or stop some, or start fewer at once."]
            )  # fmt: skip
        raise BudgetError(
            [f"{unfinished} of your runs are still training, as many as one visitor may have. Pause or stop one."]
        )

    def _check_queue(self, more: int) -> None:
        waiting = census(self.catalog).states.get("queued", 0) if more else 0
        if more and waiting + more > self.limits.queued:
            raise BudgetError(
                [f"{plural(waiting, 'run')} of all visitors wait their turn here, and no more than "
                 f"{self.limits.queued:,} may. Try again in a while, or replay one that was trained."]
            )  # fmt: skip

    def _own(self, run_id: str, owner: str) -> RunRow:
        row = self.catalog.get(run_id)
        if row is None:
            raise UnrolledError(f"There is no run `{run_id}` any more. Start one of your own.")
        if row.owner != hashed(owner):
            raise NotYours("This run is somebody else's. Press Train to have one of your own with the same settings.")
        return row

    def _info(self, row: RunRow, *, reused: bool = False) -> RunInfo:
        position = self.catalog.position(row) if row.status == "queued" else 0
        return RunInfo(
            row.id, row.config, row.digest, row.status, row.outcome, self.step_of(row), position, row.created, reused
        )

    def _of_file(self, run_id: str, problem: str = "") -> RunInfo | None:
        """The state of a run as its file alone says it; None where there is none that can be read."""
        try:
            run = self.run(run_id)
        except RunFileError:
            return None
        if run is None:
            return None
        step = run.last_step
        over: Status = "finished" if step >= run.config.steps else "stopped"
        return RunInfo(run.id, run.config, run.digest, over, "", step, 0, run.created, problem=problem)

    def step_of(self, row: RunRow) -> int:
        """The last recorded step of a run, by its file; by the catalog where that cannot be read."""
        try:
            run = self.run(row.id)
            return row.step if run is None else run.last_step
        except RunFileError:  # the page that shows the run says so
            return row.step


def hashed(owner: str) -> str:
    """What the catalog keeps of an owner's token."""
    return hashlib.sha256(owner.encode()).hexdigest()
