"""Writing a run: one file, one writer at a time, nothing lost that was stored."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from core.config import RunConfig
from core.frames import Frame
from core.own_data import content
from core.store import codec, tables
from core.store.database import engine_of, errorname
from core.store.errors import RunBusy, RunFileError, StaleAttempt, StorageFull
from core.store.lock import FileLock
from core.store.of_run_file import keep_at_hand

PLAIN_SECONDS = 2.0

FLUSH_SECONDS = 0.05
"""Frames are committed at most this often. It decides when a reader sees a frame, never which frames are kept."""

RESERVED_BYTES = 16_000_000
"""Frames leave so much of the disk free: for what the write-ahead log (4 MB) takes when it is folded into the file, and
for the catalog, which has to be told why the run rests."""

# Built once: for a row this small, putting the statement together costs more than carrying it out.
_ATTEMPT = select(tables.meta.c.attempt).where(tables.meta.c.run == bindparam("run"))
_INSERT = {table: insert(table) for table in (tables.frames, tables.planes, tables.weights)}


@dataclass(frozen=True)
class Checkpoint:
    """State of a training after the frame of ``step``, as ``Training.checkpoint()`` gave it."""

    step: int
    body: bytes


class RunWriter:
    """The one writer of a run file, for one attempt at the run.

    Holds a lock beside the file, so a second trainer is refused (RunBusy) as long as this process lives. Every
    transaction begins with a check that ``attempt`` is still the run's current one, else StaleAttempt; nobody else can
    change that before it is committed. A full disk raises StorageFull.
    """

    def __init__(self, path: Path, run_id: str, config: RunConfig, attempt: int) -> None:
        self.path, self.run_id, self.attempt = path, run_id, attempt
        self._lock = FileLock(path.with_suffix(".lock"))
        self._committed = 0.0
        self._is_current = False  # known for the open transaction alone
        with _storage(path):
            if not self._lock.acquire(patience=0.5):
                raise RunBusy(
                    f"The run `{run_id}` is being trained by process {self._lock.holder()}. Wait for it to end."
                )
        try:
            with _storage(path):
                if not path.exists():
                    _create(path, run_id, config)
                keep_at_hand(path, config)
                self._connection = _open(path)
                _add_what_is_missing(self._connection)
                self._take_over()
            self._former = self.last_step()  # rows up to here may be of an earlier attempt
        except BaseException:
            self._lock.release()
            raise

    # -- what a trainer does --------------------------------------------------------------------------------------

    def append(self, frame: Frame, cpu: float | None = None) -> None:
        """Store a frame; one of the same step, from before a resume, is replaced.

        ``cpu``: processor seconds since the frame before it, None where they are not known.
        """
        row = {
            "attempt": self.attempt,
            "wall": time.time(),
            "cpu": cpu,
            "history": codec.pack_history(frame),
            "profile": codec.pack_profile(frame),
        }
        with self._writing():
            self._check_room()
            self._replace(tables.frames, frame.step, row)
            if frame.planes is not None:
                self._replace(tables.planes, frame.step, {"body": codec.pack_planes(frame.planes)})
            if frame.weights is not None:
                self._replace(tables.weights, frame.step, {"body": codec.pack_weights(frame)})
            if time.monotonic() - self._committed >= FLUSH_SECONDS:
                self._commit()

    def save_checkpoint(self, step: int, body: bytes) -> None:
        """Store the state after the frame of ``step`` in place of the former checkpoint, and flush."""
        with self._writing():
            self._connection.execute(delete(tables.checkpoints).where(tables.checkpoints.c.run == self.run_id))
            self._connection.execute(insert(tables.checkpoints).values(run=self.run_id, step=step, body=body))
            self._commit()

    def flush(self) -> None:
        """Make every appended frame visible to readers."""
        with _storage(self.path):
            self._commit()

    def checkpoint(self) -> Checkpoint | None:
        """The stored checkpoint, if there is one."""
        columns = tables.checkpoints.c
        with self._writing():
            row = self._connection.execute(select(columns.step, columns.body).where(columns.run == self.run_id)).first()
        return None if row is None else Checkpoint(row.step, row.body)

    def last_step(self) -> int:
        """The last recorded step, -1 where there is none yet."""
        columns = tables.frames.c
        with self._writing():
            last = self._connection.execute(select(func.max(columns.step)).where(columns.run == self.run_id)).scalar()
        return -1 if last is None else last

    def close(self, *, over: bool = False) -> None:
        """Flush and let go. ``over`` turns the file back into a single plain one, which nobody will write again."""
        try:
            with _storage(self.path):
                self._commit()
                if over:
                    self._become_plain()
        finally:
            self._connection.close()
            self._connection.engine.dispose()
            self._lock.release(remove=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- inside ---------------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with _storage(self.path):
            if not self._is_current:
                self._check_attempt()
            try:
                yield
            except DBAPIError:
                self._is_current = False  # SQLite may have ended the transaction with the failed statement
                raise

    def _check_attempt(self) -> None:
        current = self._connection.execute(_ATTEMPT, {"run": self.run_id}).scalar()
        if current != self.attempt:
            self._connection.rollback()
            raise StaleAttempt(f"Attempt {self.attempt} at run `{self.run_id}` is over: attempt {current} has it now.")
        self._is_current = True

    def _check_room(self) -> None:
        if shutil.disk_usage(self.path.parent).free < RESERVED_BYTES:
            raise StorageFull(_full(self.path))

    def _take_over(self) -> None:
        claimed = self._connection.execute(
            update(tables.meta)
            .where(tables.meta.c.run == self.run_id, tables.meta.c.attempt <= self.attempt)
            .values(attempt=self.attempt)
        ).rowcount
        known = self._connection.execute(_ATTEMPT, {"run": self.run_id}).scalar()
        self._commit()
        if known is None:
            self._connection.close()
            raise RunFileError(f"{self.path} holds another run than its name says. Start this one again.")
        if not claimed:
            self._connection.close()
            raise StaleAttempt(f"Attempt {self.attempt} at run `{self.run_id}` comes after a later one.")

    def _replace(self, table: Table, step: int, values: dict[str, Any]) -> None:
        if step <= self._former:
            self._connection.execute(delete(table).where(table.c.run == self.run_id, table.c.step == step))
        self._connection.execute(_INSERT[table], {"run": self.run_id, "step": step, **values})

    def _become_plain(self) -> None:
        driver: Any = self._connection.connection.driver_connection
        deadline = time.monotonic() + PLAIN_SECONDS
        while True:
            try:
                driver.execute("PRAGMA journal_mode=DELETE")
                return
            except sqlite3.OperationalError as error:
                busy = errorname(error) in ("SQLITE_BUSY", "SQLITE_LOCKED")  # a reader is in the file just now
                if not busy or time.monotonic() > deadline:
                    return  # it stays in WAL mode, which every reader here can read
                time.sleep(0.01)

    def _commit(self) -> None:
        self._is_current = False
        try:
            self._connection.commit()
        except DBAPIError:
            self._connection.rollback()  # else nothing more could be done with it, not even closing it
            raise
        self._committed = time.monotonic()


def _create(path: Path, run_id: str, config: RunConfig) -> None:
    """Make the file under another name first, so that no reader ever meets a half-made one."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    header = {"application_id": tables.APPLICATION_ID, "user_version": tables.FORMAT}
    engine = engine_of(fresh, "rwc", pragmas=header)
    with engine.begin() as connection:
        tables.of_run.create_all(connection)
        connection.execute(
            insert(tables.meta).values(
                run=run_id, config=config.model_dump_json(), digest=config.digest(), attempt=0, created=time.time()
            )
        )
        if config.task.data_digest:
            body = content(config.task.data_digest).body
            connection.execute(insert(tables.data).values(run=run_id, digest=config.task.data_digest, body=body))
    fresh.rename(path)


def _open(path: Path) -> Connection:
    engine = engine_of(path, "rw", pragmas={"journal_mode": "WAL", "synchronous": "NORMAL"})
    return engine.connect()


def _add_what_is_missing(connection: Connection) -> None:
    """A run that an earlier version began has no column for processor time."""
    known = {row.name for row in connection.exec_driver_sql("PRAGMA table_info(frames)")}
    if "cpu" not in known:
        connection.exec_driver_sql("ALTER TABLE frames ADD COLUMN cpu FLOAT")
    connection.commit()


@contextmanager
def _storage(path: Path) -> Iterator[None]:
    """Turn what the disk says into a sentence."""
    try:
        yield
    except (DBAPIError, OSError) as error:
        name = errorname(error)
        if name == "SQLITE_FULL" or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(_full(path)) from error
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise RunFileError(f"The run file {path.name} is damaged. Start the run again.") from error
        if name.startswith(("SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")) or isinstance(error, OSError):
            raise StorageFull(
                f"{path} cannot be written ({getattr(error, 'orig', error)}). What was recorded is kept; "
                "check the disk and its permissions, then resume."
            ) from error
        raise


def _full(path: Path) -> str:
    return f"The disk that holds {path.parent} is full. What was recorded is kept; free some space, then resume."
