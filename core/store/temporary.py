"""Folders for what is needed for a while. They lie in the data folder, and what a killed process leaves is swept."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
from contextlib import suppress
from errno import EACCES
from pathlib import Path

from core.store.errors import StorageFull
from core.store.lock import FileLock

LONGEST = 71
"""A socket's path has 103 bytes at most (macOS; 107 on Linux), of which multiprocessing adds 32."""


class Temporary:
    """A folder of this process's own, until ``remove`` or the first ``sweep`` after the process has gone. As a context
    it is the folder's path.

    ``for_sockets``: where the data folder's path is too long for a socket in it, it lies in the system's temporary
    folder instead. Raises StorageFull where it cannot be made.
    """

    def __init__(self, folder: Path, *, for_sockets: bool = False) -> None:
        name = secrets.token_hex(4)
        inside, system = places(folder)
        too_long = for_sockets and len(os.fsencode(inside / name)) > LONGEST
        self._place = place = system if too_long else inside
        # The lock comes first: a folder whose lock nobody holds is anybody's to sweep.
        self.path, self._lock = place / name, FileLock(place / f"{name}.lock")
        try:
            self._take(place)
            self.path.mkdir()
        except OSError as error:
            raise StorageFull(
                f"No temporary folder can be made in {place} ({error.strerror}). Check the disk and its permissions."
            ) from None

    def _take(self, place: Path) -> None:
        while not self._lock.held:
            place.mkdir(mode=0o700, exist_ok=True)
            if place.is_symlink() or place.stat().st_uid != os.getuid():
                raise OSError(EACCES, "it is somebody else's")
            with suppress(FileNotFoundError):  # whoever else was done has removed the place just now
                self._lock.acquire(0.1)  # a sweeper may be looking at it

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *error: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release(remove=True)
        with suppress(OSError):  # others have folders there
            self._place.rmdir()


def sweep(folder: Path) -> int:
    """Remove what processes that live no longer have left; how many folders that were."""
    swept = 0
    for place in places(folder):
        # By folder: one whose lock is gone was filled again by a process that outlived its owner.
        for path in {path.with_suffix("") for path in place.iterdir()} if place.is_dir() else ():
            lock = FileLock(path.with_suffix(".lock"))
            try:
                if lock.acquire():
                    shutil.rmtree(path, ignore_errors=True)
                    lock.release(remove=True)
                    swept += 1
            except OSError:  # not ours, or not writable: whoever may remove it will
                continue
    return swept


def places(folder: Path) -> tuple[Path, Path]:
    """In the data folder, and in the system's temporary folder under a name of the data folder's."""
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return folder / "temporary", Path(tempfile.gettempdir()) / f"unrolled-{name}"
