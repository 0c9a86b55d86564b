"""The data that a run's file carries, where it learns from what a visitor brought."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from core.config import RunConfig
from core.own_data import found_in
from core.store import tables
from core.store.database import engine_of


def keep_at_hand(path: Path, config: RunConfig) -> None:
    """Let this process find the data of a run in its file at ``path``, whenever somebody asks for it."""
    if config.task.data_digest:
        found_in(str(path.absolute()), partial(_body, path.absolute()))


def _body(path: Path, digest: str) -> bytes | None:
    if not path.is_file():
        return None
    columns = tables.data.c
    engine = engine_of(path, "ro")
    try:
        with engine.connect() as connection:
            return connection.execute(select(columns.body).where(columns.digest == digest)).scalar()
    except DatabaseError:  # damaged, or foreign: whoever reads the run says so
        return None
    finally:
        engine.dispose()
