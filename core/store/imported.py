"""A run file from elsewhere becomes a run of this server: read strictly, written anew, never taken as it is.

A SQLite file can hold more than tables (views and triggers run when it is read), so its schema has to be ours to the
letter before anything of it is asked. Every record is decoded and written again under a fresh id. What such a run says
was measured elsewhere: it answers nobody who asks for a training of its settings.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sqlalchemy import insert

from core.frames import Frame
from core.store import tables
from core.store.catalog import Catalog
from core.store.errors import RunFileError, StorageFull
from core.store.folder import new_run_id, run_path, unlink_run
from core.store.run import Run
from core.store.run_file import RunWriter

MOST_BYTES = 40_000_000
FREE_BYTES = 64_000_000
IMPORTED = "imported-"
"""What the catalog has in the place of such a run's digest begins so: no config has that one."""
OUTCOME = "Imported from a file. Its numbers were measured elsewhere."


def import_run(catalog: Catalog, content: bytes, owner: str) -> str:
    """Take in a run file for ``owner`` (a hash); its new id. Raises RunFileError for what is no whole run of ours, and
    StorageFull."""
    if len(content) > MOST_BYTES:
        raise RunFileError(
            f"The file (={len(content) / 1e6:,.0f} MB) must be at most {MOST_BYTES / 1e6:,.0f} MB. Take one of a "
            "shorter run."
        )
    if shutil.disk_usage(catalog.folder).free < 2 * len(content) + FREE_BYTES:
        raise StorageFull(f"The disk that holds {catalog.folder} has no room for this run. Free some space.")
    run_id = new_run_id()
    target = run_path(catalog.folder, run_id)
    brought = target.with_suffix(".brought")
    try:
        brought.write_bytes(content)
        _check_schema(brought)
        run = Run(brought)
        step = _written_anew(run, target, run_id)
    except BaseException as error:
        unlink_run(target)
        if isinstance(error, RunFileError):
            raise RunFileError(str(error).replace(str(brought), "The file")) from None
        raise
    finally:
        brought.unlink(missing_ok=True)
    now, status = time.time(), "finished" if step >= run.config.steps else "stopped"
    times = dict.fromkeys(("created", "updated", "queued", "opened"), now)
    with catalog.write() as connection:
        connection.execute(insert(tables.runs).values(
            id=run_id, digest=IMPORTED + run_id, config=run.config.model_dump_json(), owner=owner, status=status,
            outcome=OUTCOME, attempt=1, step=step, **times,
        ))  # fmt: skip
    return run_id


def _check_schema(path: Path) -> None:
    """Raise RunFileError unless the file holds the tables of a run and nothing else."""
    if not path.read_bytes()[:16] == b"SQLite format 3\0":
        raise RunFileError("The file is no run of Unrolled. Drop one that “Run file” has saved.")
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema=OFF")
            found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
            sound = connection.execute("PRAGMA quick_check(1)").fetchone() if _is_ours(found) else None
    except sqlite3.DatabaseError as error:
        raise RunFileError(f"The file is damaged or no run file ({error}). Use another copy of it.") from None
    if sound is None:
        raise RunFileError("The file holds other things than a run of Unrolled. Drop one that “Run file” has saved.")
    if sound != ("ok",):
        raise RunFileError("The file is damaged. Use another copy of it.")


def _is_ours(found: list[tuple[str, str, str, str | None]]) -> bool:
    """Whether these are tables of ours, each created by a plain statement, and what SQLite adds to them by itself."""
    known = {table.name for table in tables.of_run.sorted_tables}
    for kind, name, table, made in found:
        automatic = kind == "index" and name == f"sqlite_autoindex_{table}_1" and made is None
        plain = kind == "table" and made is not None and made.split("(")[0].split() == ["CREATE", "TABLE", name]
        if table not in known or not (automatic or plain):
            return False
    return {"meta", "frames"} <= {name for _, name, _, _ in found}


def _written_anew(run: Run, target: Path, run_id: str) -> int:
    """Write every record again; the last step. Raises RunFileError for records that are not of the run's settings."""
    planes, weights = set(run.plane_steps.tolist()), set(run.weight_steps.tolist())
    step, recorded = -1, run.recorded_steps.tolist()
    try:
        with RunWriter(target, run_id, run.config, 1) as writer:
            for frame in run.frames():
                if frame.step != recorded.pop(0):
                    raise RunFileError("The file's records are out of order. Use another copy of it.")
                _check_frame(frame, run)
                kept = run.planes(frame.step) if frame.step in planes else None
                writer.append(
                    replace(frame, planes=kept, weights=run.weights(frame.step) if frame.step in weights else None)
                )
                step = frame.step
            writer.close(over=True)
    except (TypeError, LookupError, AttributeError) as error:
        raise RunFileError(f"The file is damaged: a record cannot be read ({error}). Use another copy of it.") from None
    if step < 0:
        raise RunFileError("The file holds a run without a single record. Train it for a moment, then save it again.")
    return step


def _check_frame(frame: Frame, run: Run) -> None:
    size = run.config.task.length + 1
    profiles = (frame.grad_h, frame.flow, frame.flow_last)
    if not 0 <= frame.step <= run.config.steps or any(profile.shape != (size,) for profile in profiles):
        raise RunFileError("The file's records do not fit its settings. Use another copy of it.")
