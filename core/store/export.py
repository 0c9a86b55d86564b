"""A copy of a run to keep or to pass on."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from core.store.database import engine_of, errorname
from core.store.errors import RunFileError, StorageFull
from core.store.run import Run, load_run


def export(run: Run | str | Path, path: str | Path) -> Path:
    """Write a consistent copy of ``run`` (a Run, its id, or its file) to ``path``, also while it is being written.

    A plain copy of a live file would miss the frames that still stand in its write-ahead log. An existing file at
    ``path`` is replaced.
    """
    source = run if isinstance(run, Run) else load_run(run)
    target = Path(path)
    if target.exists() and target.samefile(source.path):
        raise RunFileError(f"`--out` (={path}) is the run itself. Name another file.")
    return copied(source.path, target)


def copied(source: Path, target: Path) -> Path:
    """A consistent copy of the SQLite file ``source`` at ``target``, whoever writes it meanwhile."""
    unfinished = target.with_name(target.name + ".part")
    unfinished.unlink(missing_ok=True)
    try:
        engine = engine_of(source.absolute(), "ro")
        with engine.connect() as connection:
            driver = connection.connection.driver_connection  # VACUUM runs outside of any transaction
            driver.execute("VACUUM INTO ?", (str(unfinished),))  # type: ignore[union-attr]
        engine.dispose()
        unfinished.replace(target)
    except (DBAPIError, OSError, sqlite3.Error) as error:
        unfinished.unlink(missing_ok=True)
        full = errorname(error) == "SQLITE_FULL"
        why = "the disk is full" if full else str(error)
        raise (StorageFull if full else RunFileError)(f"{source} cannot be copied to {target}: {why}.") from None
    return target
