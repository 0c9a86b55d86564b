"""Reading a run, live or over: read-only, a connection per question, so that no reader holds up the writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from sqlalchemy import Connection, Row, Select, Table, func, select
from sqlalchemy.exc import DatabaseError, OperationalError

from core.config import RunConfig
from core.frames import Floats, Frame, Planes
from core.store import codec, tables
from core.store.database import engine_of
from core.store.errors import RunFileError
from core.store.folder import RUN_ID, data_folder, run_path
from core.store.of_run_file import keep_at_hand

CHUNK = 64
"""Rows read per connection: a reader that held one open would keep the writer's log from shrinking."""

RATE_SECONDS = 5.0


def load_run(id_or_path: str | Path, folder: Path | str | None = None) -> Run:
    """The run with this id in ``folder`` (UNROLLED_DATA, else ./data), or the run file at this path.

    Raises RunFileError where there is none, or where the file is damaged, foreign or of a newer version.
    """
    path = Path(id_or_path)
    if not path.exists() and RUN_ID.fullmatch(str(id_or_path)):
        return stored_run(data_folder(folder, make=False), str(id_or_path))
    return Run(path)


def stored_run(folder: Path, run_id: str) -> Run:
    """The run with this id in the data folder ``folder``. Raises RunFileError, also where the file of that name holds
    another run."""
    run = Run(run_path(folder, run_id))
    if run.id != run_id:
        raise RunFileError(f"{run.path} holds another run than its name says. Give the file that run's name.")
    return run


class Run:
    """A stored run. Everything is read when it is asked for, so a live run answers with what it has by now."""

    id: str
    config: RunConfig
    digest: str
    created: float

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise RunFileError(f"There is no run at {path}. Check the id, or the folder that UNROLLED_DATA names.")
        self._engine = engine_of(path.absolute(), "ro")
        with self._reading() as connection:
            _check_header(path, connection)
            row = connection.execute(select(tables.meta)).first()
        if row is None:
            raise RunFileError(f"{path} holds no run. Use another file.")
        self.id, self.digest, self.created = row.run, row.digest, row.created
        try:
            self.config = RunConfig.stored(row.config)
        except ValueError as error:
            raise RunFileError(f"The settings in {path} are not of this version of Unrolled: {error}") from None
        keep_at_hand(path, self.config)

    # -- frames ---------------------------------------------------------------------------------------------------

    def frames(self, after: int = -1) -> Iterator[Frame]:
        """The recorded frames later than step ``after``, in order, without planes and weights; ends at the newest."""
        columns = tables.frames.c
        while rows := self._rows(
            select(columns.step, columns.history, columns.profile)
            .where(columns.run == self.id, columns.step > after)
            .order_by(columns.step)
            .limit(CHUNK)
        ):
            yield from (self._decoded(partial(codec.unpack_frame, row.history, row.profile)) for row in rows)
            after = rows[-1].step

    def frame(self, step: int) -> Frame | None:
        """The recorded frame at ``step`` or the last one before it; None before the first."""
        columns = tables.frames.c
        row = self._latest(tables.frames, step, columns.history, columns.profile)
        return None if row is None else self._decoded(partial(codec.unpack_frame, row.history, row.profile))

    def planes(self, step: int) -> Planes | None:
        """The planes kept at ``step`` or last before it (``plane_steps`` says where there are some)."""
        row = self._latest(tables.planes, step, tables.planes.c.body)
        return None if row is None else self._decoded(partial(codec.unpack_planes, row.body))

    def weights(self, step: int) -> dict[str, Floats] | None:
        """The weights kept at ``step`` or last before it (``weight_steps`` says where there are some)."""
        row = self._latest(tables.weights, step, tables.weights.c.body)
        return None if row is None else self._decoded(partial(codec.unpack_weights, row.body))

    def carried(self, step: int) -> tuple[Floats, ...] | None:
        """The state that goes with these weights where the run goes along an endless sequence: what that step's batch
        goes on from, (N, H) each part; else None."""
        row = self._latest(tables.weights, step, tables.weights.c.body)
        return None if row is None else self._decoded(partial(codec.unpack_carried, row.body))

    def scalars(self, after: int = -1) -> dict[str, NDArray[Any]]:
        """``{name: (n,)}`` of ``step`` and every scalar, for every training step later than ``after``."""
        columns = tables.frames.c
        rows = self._rows(
            select(columns.history).where(columns.run == self.id, columns.step > after).order_by(columns.step)
        )
        parts = [self._decoded(partial(codec.unpack_history, row.history)) for row in rows]
        if not parts:
            return {name: np.zeros(0, np.int64 if name == "step" else np.float64) for name in codec.HISTORY}
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return {name: values[joined["step"] > after] for name, values in joined.items()}

    # -- where there is what --------------------------------------------------------------------------------------

    @property
    def last_step(self) -> int:
        """The newest recorded step; -1 where there is none yet."""
        columns = tables.frames.c
        (row,) = self._rows(select(func.max(columns.step)).where(columns.run == self.id))
        return -1 if row[0] is None else row[0]

    @property
    def last_recorded(self) -> float | None:
        """When that was recorded, seconds since 1970; None where there is none yet."""
        columns = tables.frames.c
        (row,) = self._rows(select(func.max(columns.wall)).where(columns.run == self.id))
        return row[0]

    @property
    def recorded_steps(self) -> NDArray[np.int64]:
        """(n,) steps that have a frame, ascending."""
        return self._steps(tables.frames)

    @property
    def plane_steps(self) -> NDArray[np.int64]:
        """(n,) steps that have planes, ascending."""
        return self._steps(tables.planes)

    @property
    def weight_steps(self) -> NDArray[np.int64]:
        """(n,) steps that have weights, ascending."""
        return self._steps(tables.weights)

    @property
    def checkpoint_step(self) -> int:
        """The step after which the run would resume; -1 where it would begin anew."""
        columns = tables.checkpoints.c
        (row,) = self._rows(select(func.max(columns.step)).where(columns.run == self.id))
        return -1 if row[0] is None else row[0]

    @property
    def rate(self) -> float:
        """Training steps per second of wall clock over the last seconds of recording; 0 before the second frame."""
        columns = tables.frames.c
        newest = self._rows(
            select(columns.step, columns.wall).where(columns.run == self.id).order_by(columns.step.desc()).limit(CHUNK)
        )
        if len(newest) < 2:
            return 0.0
        first = next((row for row in reversed(newest) if row.wall >= newest[0].wall - RATE_SECONDS), newest[1])
        first = newest[1] if first is newest[0] else first
        seconds = newest[0].wall - first.wall
        return (newest[0].step - first.step) / seconds if seconds > 0 else 0.0

    def step_seconds(self, after: int = -1) -> NDArray[np.float64]:
        """(n,) processor seconds of a training step, one a frame later than ``after``: the time since the frame before,
        divided by the steps between. NaN where that is not known (a turn's first frame, a file of before)."""
        columns = tables.frames.c
        if not self._has_cpu:
            return np.full(int(np.count_nonzero(self.recorded_steps > after)), np.nan)
        rows = self._rows(
            select(columns.step, columns.cpu)
            .where(columns.run == self.id, columns.step >= after)
            .order_by(columns.step)
        )
        steps = np.array([row.step for row in rows], np.float64)
        spent = np.array([np.nan if row.cpu is None else row.cpu for row in rows], np.float64)
        since = np.diff(steps, prepend=np.nan)
        return (spent / since)[steps > after]

    # -- inside ---------------------------------------------------------------------------------------------------

    @cached_property
    def _has_cpu(self) -> bool:
        with self._reading() as connection:
            return "cpu" in {row.name for row in connection.exec_driver_sql("PRAGMA table_info(frames)")}

    def _steps(self, table: Table) -> NDArray[np.int64]:
        rows = self._rows(select(table.c.step).where(table.c.run == self.id).order_by(table.c.step))
        return np.array([row.step for row in rows], np.int64)

    def _latest(self, table: Table, step: int, *columns: Any) -> Row[*tuple[Any, ...]] | None:
        rows = self._rows(
            select(*columns).where(table.c.run == self.id, table.c.step <= step).order_by(table.c.step.desc()).limit(1)
        )
        return rows[0] if rows else None

    def _rows(self, query: Select[*tuple[Any, ...]]) -> list[Row[*tuple[Any, ...]]]:
        with self._reading() as connection:
            return list(connection.execute(query).all())

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except OperationalError as error:
            if not self.path.exists():
                raise RunFileError(f"The run `{self.path.stem}` has been deleted. Start one of your own.") from None
            raise RunFileError(f"{self.path} cannot be read ({error.orig}). Try again, or use another file.") from None
        except (DatabaseError, sqlite3.DatabaseError, UnicodeDecodeError) as error:
            cause = getattr(error, "orig", error)
            raise RunFileError(f"{self.path} is damaged or not a run file ({cause}). Use another copy of it.") from None

    def _decoded(self, decode: partial[Any]) -> Any:
        try:
            return decode()
        except (SafetensorError, ValueError, LookupError, TypeError, ArithmeticError) as error:
            raise RunFileError(
                f"{self.path} is damaged: a record cannot be read ({error}). Use another copy."
            ) from None


def _check_header(path: Path, connection: Connection) -> None:
    application = connection.exec_driver_sql("PRAGMA application_id").scalar()
    version = connection.exec_driver_sql("PRAGMA user_version").scalar() or 0
    if application != tables.APPLICATION_ID:
        raise RunFileError(f"{path} is not a run of Unrolled but some other database. Use a run file.")
    if version > tables.FORMAT:
        raise RunFileError(
            f"{path} was written by a newer Unrolled (format {version}, this one reads up to {tables.FORMAT}). "
            "Update Unrolled to read it."
        )
