"""Where things lie in the data folder."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from core.own_data import DIGEST
from core.store.errors import StorageFull

RUN_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{5,39}")
RECORDED, SHIPPED = "recorded-", Path(__file__).parents[1] / "lessons" / "runs"
"""How the ids of runs begin that come with the program, and where those lie. Their other half is their digest, so a
change of the engine or of a setting leaves none of them to be shown under a name that is no longer true."""


def data_folder(folder: Path | str | None = None, *, make: bool = True) -> Path:
    """``folder``, or the one that UNROLLED_DATA names, or ./data; absolute, and made if it is missing.

    ``make=False`` leaves that to a writer. Raises StorageFull where it cannot be made.
    """
    path = Path(folder or os.environ.get("UNROLLED_DATA") or "data").absolute()
    try:
        if make:
            (path / "runs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFull(
            f"`UNROLLED_DATA` (={path}) cannot be used as the folder of runs: {error.strerror}. Name a folder that "
            "can be written."
        ) from None
    return path


def run_path(folder: Path, run_id: str) -> Path:
    """The file of a run, in ``folder`` or among those that come with the program. ``run_id`` may come from a URL:
    anything but an id is refused with ValueError."""
    if not RUN_ID.fullmatch(run_id):
        raise ValueError(f"not a run's id: {run_id!r}")
    return (SHIPPED if run_id.startswith(RECORDED) else folder / "runs") / f"{run_id}.sqlite"


def recorded_id(digest: str) -> str:
    """The id of the run with this digest among those that come with the program, whether or not it is there."""
    return f"{RECORDED}{digest[:16]}"


def new_run_id() -> str:
    """Random and unguessable (72 bits); never starts with '-', which a command line would take for an option."""
    while (run_id := secrets.token_urlsafe(9)).startswith(("-", RECORDED)):
        pass
    return run_id


def own_data_path(folder: Path, digest: str) -> Path:
    """The file of what a visitor brought. ``digest`` may come from a URL: anything else is refused with ValueError."""
    if not DIGEST.fullmatch(digest):
        raise ValueError(f"not a digest: {digest!r}")
    return folder / "own_data" / f"{digest}.safetensors"


def unlink_run(path: Path) -> None:
    """Remove a run's file and all that SQLite and its writer keep beside it."""
    for name in ("", "-wal", "-shm", "-journal", ".new"):
        path.with_name(path.name + name).unlink(missing_ok=True)
    path.with_suffix(".lock").unlink(missing_ok=True)


def run_size(path: Path) -> int:
    """Bytes of a run's file and its write-ahead log."""
    sizes = 0
    for name in ("", "-wal", "-shm"):
        try:
            sizes += path.with_name(path.name + name).stat().st_size
        except FileNotFoundError:
            continue
    return sizes
