"""The catalog: which runs there are, in what state, and what their owners want of them.

A small SQLite file that the web process, the worker and every trainer write, hence with a rollback journal: a
write-ahead log written by several processes at once can be corrupted by the SQLite versions in use today.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy import delete as delete_from
from sqlalchemy.exc import DatabaseError, IntegrityError, ProgrammingError
from sqlalchemy.pool import QueuePool

from core.config import RunConfig
from core.store import tables
from core.store.database import engine_of, errorname
from core.store.errors import RunFileError, StorageFull
from core.store.folder import data_folder, new_run_id, run_path, unlink_run
from core.store.turns import Waiting, in_turn

Status = Literal["queued", "running", "paused", "finished", "stopped", "failed"]
UNFINISHED: tuple[Status, ...] = ("queued", "running", "paused")
OVER: tuple[Status, ...] = ("finished", "stopped", "failed")
Wanted = Literal["run", "pause", "stop"]

UNREADABLE = "Its settings are not of this version of Unrolled. Start the run again."

PLACE_SECONDS = 1e-5
"""Runs queued together are that far apart, which keeps their order."""

_runs = tables.runs
_columns, _joined = tables.runs.c, tables.joined.c

# Asked by every trainer fifty times a second, so built once.
_WAVE = func.coalesce(tables.waves.c.wave, 0)
_IN_WAVES = tables.runs.outerjoin(tables.waves, tables.waves.c.run == _columns.id)
_WISH = (
    select(_columns.wanted, _columns.until, _columns.owner, _WAVE.label("wave"))
    .select_from(_IN_WAVES)
    .where(_columns.id == bindparam("id"), _columns.attempt == bindparam("attempt"))
)
_QUEUED = (
    select(_columns.id, _columns.owner, _columns.step, _columns.queued, _WAVE.label("wave"))
    .select_from(_IN_WAVES)
    .where(_columns.status == "queued")
)
_BESIDE = select(_joined.run, _joined.owner).join(_runs, _joined.run == _columns.id).where(_columns.status == "queued")
_OF_RUN = tables.joined.join(_runs, _joined.run == _columns.id)
_BUSY = union_all(
    select(_columns.owner).where(_columns.status == "running"),
    select(_joined.owner).select_from(_OF_RUN).where(_columns.status == "running"),
)


def _last_turns(owner: Column[str]) -> Select[*tuple[Any, ...]]:
    """When each of some owners last had a turn: a run that has had one was put back, or over, at ``queued``."""
    query = select(owner, func.max(_columns.queued).label("last")).group_by(owner)
    among = owner.in_(bindparam("owners", expanding=True))
    return query.where(_columns.attempt > 0, _columns.status != "running", among)


_SERVED = union_all(_last_turns(_columns.owner), _last_turns(_joined.owner).select_from(_OF_RUN))
_OWN = _columns.owner == bindparam("owner")
_OVERDUE = (
    select(func.count(), func.count(case((and_(_columns.step < 0, or_(_OWN, _WAVE == 0)), 1))))
    .select_from(_IN_WAVES)
    .where(_columns.status == "queued", _columns.queued < bindparam("before"), or_(~_OWN, bindparam("wave") >= _WAVE))
)
"""Those that would have a turn before the run that asks: its owner's of a later wave would not."""


@dataclass(frozen=True)
class RunRow:
    """A run as the catalog knows it. ``owner`` is a hash; ``step`` the last one known to be stored, -1 for none."""

    id: str
    digest: str
    config: RunConfig
    owner: str
    status: Status
    outcome: str
    wanted: Wanted
    until: int | None
    attempt: int
    failures: int
    step: int
    created: float
    updated: float
    queued: float
    opened: float


@dataclass(frozen=True)
class Orders:
    """What a trainer is to know while it works: its owner's wish, and how many others wait, and are yet to begin."""

    wanted: Wanted
    until: int | None
    waiting: int
    fresh: int


@dataclass(frozen=True)
class Ended:
    """How a stint ended. ``status`` 'queued' means: not over, give it another turn. ``crashed``: its process died."""

    status: Status
    step: int
    outcome: str = ""
    crashed: bool = False


class Catalog:
    """The catalog of a data folder. Threads and processes may share one file; each process opens its own."""

    def __init__(self, folder: Path | str | None = None) -> None:
        self.folder = data_folder(folder)
        self.path = self.folder / "catalog.sqlite"
        self._version: Any = None

    @cached_property
    def engine(self) -> Engine:
        """Made at the first use, with the tables where they are missing."""
        engine = engine_of(self.path, "rwc", pool=QueuePool, pragmas={"synchronous": "NORMAL"})
        try:
            with engine.connect().execution_options(begin="IMMEDIATE") as connection, connection.begin():
                tables.of_catalog.create_all(connection)
        except BaseException:
            engine.dispose()
            raise
        return engine

    # -- asking ---------------------------------------------------------------------------------------------------

    def get(self, run_id: str) -> RunRow | None:
        """The run's row."""
        return next(iter(self._select(select(_runs).where(_columns.id == run_id))), None)

    def find(self, digest: str, *statuses: Status, owner: str | None = None) -> RunRow | None:
        """The newest run with this digest in one of ``statuses`` (and of this owner, if one is named)."""
        query = select(_runs).where(_columns.digest == digest, _columns.status.in_(statuses))
        if owner is not None:
            query = query.where(_columns.owner == owner)
        return next(iter(self._select(query.order_by(_columns.created.desc()).limit(1))), None)

    def list(self, *statuses: Status, owner: str | None = None) -> list[RunRow]:
        """All runs in these states (of this owner), the least recently opened first."""
        query = select(_runs).where(_columns.status.in_(statuses))
        if owner is not None:
            query = query.where(_columns.owner == owner)
        return self._select(query.order_by(_columns.opened))

    def of_digests(self, digests: Sequence[str]) -> list[RunRow]:
        """All runs with one of these digests."""
        return self._select(select(_runs).where(_columns.digest.in_(digests)))

    def position(self, row: RunRow) -> int:
        """How many queued runs have their turn before this one."""
        queue = self._queue()
        return queue.index(row.id) if row.id in queue else 0

    def orders(self, run_id: str, attempt: int) -> Orders | None:
        """What its trainer is to do now; None where the run is deleted or has another attempt."""
        with self.read() as connection:
            row = connection.execute(_WISH, {"id": run_id, "attempt": attempt}).first()
            if row is None:
                return None
            # A run queued only just now may find a free process of its own in a moment.
            asked = {"before": time.time() - 0.1, "owner": row.owner, "wave": row.wave}
            waiting, fresh = connection.execute(_OVERDUE, asked).one()
        return Orders(row.wanted, row.until, waiting, fresh)

    def changed(self) -> bool:
        """Whether anything was written since the last call: one page header read, cheap enough to ask all the time."""
        with self._said():
            version = self._watch.exec_driver_sql("PRAGMA data_version").scalar()
            self._watch.rollback()
        known, self._version = self._version, version
        return version != known

    @cached_property
    def _watch(self) -> Connection:
        return self.engine.connect()  # of its own: a connection does not notice what it wrote itself

    # -- a run's life ---------------------------------------------------------------------------------------------

    def add(self, config: RunConfig, owner: str, *, until: int | None = None) -> RunRow:
        """Queue a new run."""
        return self.add_all([config], owner, until=until)[0]

    def add_all(
        self, configs: Sequence[RunConfig], owner: str, *, until: int | None = None, waves: Sequence[int] = ()
    ) -> list[RunRow]:
        """Queue new runs, all or none, in this order. ``waves``: one a run, where some wait for earlier ones to end."""
        now, shared = time.time(), {"owner": owner, "status": "queued", "until": until}
        ids = [new_run_id() for _ in configs]
        new: list[dict[str, Any]] = []
        for place, (run_id, config) in enumerate(zip(ids, configs, strict=True)):
            own = {"id": run_id, "digest": config.digest(), "config": config.model_dump_json()}
            times = dict.fromkeys(("created", "updated", "queued", "opened"), now + place * PLACE_SECONDS)
            new.append(own | shared | times)
        if new:
            with self.write() as connection:
                connection.execute(insert(_runs), new)
                later = [{"run": run_id, "wave": wave} for run_id, wave in zip(ids, waves, strict=False) if wave]
                if later:
                    connection.execute(insert(tables.waves), later)
        rows = {row.id: row for row in self._select(select(_runs).where(_columns.id.in_(ids)))}
        return [rows[run_id] for run_id in ids]

    def claim(self) -> RunRow | None:
        """Take the next queued run (``core.store.turns`` says which). Its attempt goes up."""
        while queue := self._queue():
            with self.write() as connection:  # held for no longer than that: whose turn it is was found out before
                for run_id in queue:
                    attempt = {"status": "running", "attempt": _columns.attempt + 1, "outcome": ""}
                    if self._set(connection, run_id, _columns.status == "queued", **attempt):
                        row = _row(connection.execute(select(_runs).where(_columns.id == run_id)).one())
                        if row is not None:
                            return row
                        self._set(connection, run_id, status="failed", outcome=UNREADABLE)
        return None

    def settle(self, run_id: str, attempt: int, ended: Ended) -> None:
        """Write down how a stint ended, unless the run is deleted or another attempt has it."""
        with self.write() as connection:
            found = connection.execute(
                select(_runs).where(_columns.id == run_id, _columns.attempt == attempt, _columns.status == "running")
            ).first()
            row = None if found is None else _row(found)
            if row is not None:
                failures = row.failures + 1 if ended.crashed and ended.step <= row.step else 0
                status = _next_status(row, ended)
                self._set(
                    connection, run_id, status=status, step=ended.step, outcome=ended.outcome if status == ended.status
                    else "", failures=failures, queued=time.time(),
                )  # fmt: skip

    def pause(self, run_id: str) -> None:
        """Let it rest: at once where it only waits, else as soon as its trainer looks."""
        with self.write() as connection:
            self._set(connection, run_id, _columns.status == "queued", status="paused")
            self._set(connection, run_id, _columns.status == "running", wanted="pause")

    def resume(self, run_id: str, *, until: int | None = None) -> None:
        """Let it go on, to its end or up to the recorded step ``until``."""
        with self.write() as connection:
            go_on = {"wanted": "run", "until": until, "outcome": ""}
            self._set(connection, run_id, _columns.status.in_(("queued", "running")), **go_on)
            self._set(connection, run_id, _columns.status == "paused", status="queued", queued=time.time(), **go_on)

    def stop(self, run_id: str, outcome: str) -> None:
        """End it for good where it is."""
        with self.write() as connection:
            self._set(connection, run_id, _columns.status.in_(("queued", "paused")), status="stopped", outcome=outcome)
            self._set(connection, run_id, _columns.status == "running", wanted="stop")

    def delete(self, run_id: str) -> None:
        """Remove it with its file. A trainer at work on it finds the row gone and leaves."""
        with self.write() as connection:
            connection.execute(delete_from(_runs).where(_columns.id == run_id))
            connection.execute(delete_from(tables.joined).where(_joined.run == run_id))
            connection.execute(delete_from(tables.waves).where(tables.waves.c.run == run_id))
            connection.execute(delete_from(tables.notes).where(tables.notes.c.run == run_id))
        unlink_run(run_path(self.folder, run_id))

    def opened(self, run_id: str) -> None:
        """Note that somebody looks at it: what nobody looks at is removed first when room is needed."""
        with self.write() as connection:
            connection.execute(update(_runs).where(_columns.id == run_id).values(opened=time.time()))

    # -- connections ----------------------------------------------------------------------------------------------

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in a transaction that only reads."""
        with self._said(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection that holds the write lock from the start, committed at the end."""
        with self._said(), self.engine.connect() as plain:
            connection = plain.execution_options(begin="IMMEDIATE")
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Let go of the file; whatever is asked next opens it anew."""
        watch, engine = self.__dict__.pop("_watch", None), self.__dict__.pop("engine", None)
        if watch is not None:
            with suppress(DatabaseError):
                watch.close()
        if engine is not None:
            engine.dispose()

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Turn what the disk says into a sentence, and let go of a damaged file: it may be moved away meanwhile."""
        try:
            yield
        except (DatabaseError, sqlite3.DatabaseError, UnicodeDecodeError) as error:
            problem = _problem(self.path, error)
            if isinstance(problem, RunFileError):
                self.close()
            raise problem from error

    def _select(self, query: Select[*tuple[Any, ...]]) -> list[RunRow]:
        """The rows that can be read: one that cannot is no reason to lose the others."""
        with self.read() as connection:
            rows = connection.execute(query).all()
        return [row for row in map(_row, rows) if row is not None]

    def _queue(self) -> list[str]:
        """Ids of the queued runs in the order of their turns."""
        with self.read() as connection:
            queued = connection.execute(_QUEUED).all()
            if len(queued) < 2:
                return [row.id for row in queued]
            owners = {row.id: [row.owner] for row in queued}
            for row in connection.execute(_BESIDE):
                owners[row.run].append(row.owner)
            busy = Counter(connection.execute(_BUSY).scalars())
            served: dict[str, float] = {}
            for row in connection.execute(_SERVED, {"owners": list({one for each in owners.values() for one in each})}):
                served[row.owner] = max(row.last, served.get(row.owner, row.last))
        waiting = [Waiting(row.id, tuple(owners[row.id]), row.step < 0, row.queued, row.wave) for row in queued]
        return in_turn(waiting, busy, served)

    def _set(self, connection: Connection, run_id: str, *conditions: Any, **values: Any) -> int:
        """How many rows were changed: 1, or 0 where ``conditions`` do not hold."""
        changed = update(_runs).where(_columns.id == run_id, *conditions).values(updated=time.time(), **values)
        return connection.execute(changed).rowcount


def _row(row: Row[*tuple[Any, ...]]) -> RunRow | None:
    """None where its settings are not of this version, or damaged."""
    try:
        values: dict[str, Any] = row._asdict() | {"config": RunConfig.stored(row.config)}
    except ValueError:
        return None
    return RunRow(**values)


def _next_status(row: RunRow, ended: Ended) -> Status:
    """What becomes of a run: its owner may have changed their mind while the trainer was on its way out."""
    if ended.status == "queued" and row.wanted != "run":
        return "paused" if row.wanted == "pause" else "stopped"
    if ended.status == "paused" and not ended.outcome and row.wanted != "pause":
        goes_on = row.until is None or row.until > ended.step
        return "stopped" if row.wanted == "stop" else "queued" if goes_on else "paused"
    return ended.status


def _problem(path: Path, error: Exception) -> Exception:
    """What the disk says, as a sentence; ``error`` itself where it is a fault of ours."""
    if isinstance(error, (IntegrityError, ProgrammingError)):
        return error
    name, cause = errorname(error), getattr(error, "orig", error)
    if name == "SQLITE_FULL":
        return StorageFull(f"The disk that holds {path.parent} is full. Free some space, then try again.")
    if name.startswith(("SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return StorageFull(f"{path} cannot be written ({cause}). Check the disk and its permissions.")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StorageFull(f"{path} is held by another program ({cause}). Try again in a moment.")
    return RunFileError(f"The catalog {path} is damaged ({cause}). Move it away: the runs beside it stay readable.")
