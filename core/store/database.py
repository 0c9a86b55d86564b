"""SQLite engines: one way to open a file, for a writer, for readers and for the catalog."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Pool, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

BUSY_SECONDS = 30.0
"""How long a statement waits for another process's lock. Where a machine has six times the work that it can do, eight
writers at once have kept one of them waiting for more than ten."""


def engine_of(path: Path, mode: str, *, pool: type[Pool] = NullPool, pragmas: dict[str, Any] | None = None) -> Engine:
    """An engine on the SQLite file ``path``; ``mode`` is SQLite's: ro, rw or rwc.

    A connection with the execution option ``begin="IMMEDIATE"`` takes the write lock before it reads.
    """
    uri = f"file:{quote(str(path))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        for name, value in (pragmas or {}).items():
            connection.execute(f"PRAGMA {name}={value}")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=pool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:  # the driver's own way would begin only at the first write
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")

    return engine


def errorname(error: BaseException) -> str:
    """SQLite's name of an error ('SQLITE_FULL'), or ''."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return getattr(origin, "sqlite_errorname", None) or ""
