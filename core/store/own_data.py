"""What visitors brought, in the data folder: a file by the hash of its content, as long as somebody needs it.

It stays while a run that is listed learns from it, and else for a day; a visitor may have so many bytes there. Every
run's own file holds its data besides (core.store.of_run_file), so a copy of a run needs nothing else.
"""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, select

from core import own_data
from core.errors import UnrolledError
from core.own_data import DIGEST, Content
from core.store import tables
from core.store.catalog import Catalog
from core.store.errors import StorageFull
from core.store.folder import own_data_path
from core.store.temporary import Temporary

KEPT_SECONDS = 24 * 3600.0
"""How long data stays that no run learns from."""
MOST_MB = 20.0
"""Of one visitor's, by default."""

_brought = tables.brought.c


def serve(folder: Path) -> None:
    """Let this process find in the data folder what was brought to it."""
    own_data.found_in(str(folder), partial(_body, folder))


def _body(folder: Path, digest: str) -> bytes | None:
    try:
        return own_data_path(folder, digest).read_bytes()
    except (OSError, ValueError):
        return None


class OwnData:
    """The data that visitors brought to the folder of ``catalog``."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def add(self, data: Content, owner: str) -> str:
        """Keep it for this owner (a hash); its digest. Raises UnrolledError beyond a visitor's share, and
        StorageFull."""
        most = float(os.environ.get("UNROLLED_MAX_OWN_MB") or MOST_MB)
        self.sweep(0.0, owner=owner, excess=self._bytes_of(owner) + len(data.body) - most * 1e6)
        if self._bytes_of(owner) + len(data.body) > most * 1e6:
            raise UnrolledError(
                f"Your data on this server would be more than {most:g} MB, as much as one visitor may have. Delete a "
                "run that learnt from a file of yours."
            )
        self._write(data)
        row = {"digest": data.digest, "owner": owner, "size": len(data.body), "since": time.time()}
        with self.catalog.write() as connection:
            connection.execute(delete(tables.brought).where(_brought.digest == data.digest, _brought.owner == owner))
            connection.execute(insert(tables.brought).values(**row))
        return own_data.put(data)

    def lay_out(self, digest: str) -> None:
        """Have it in the folder, for the processes that train and answer: a copied run brings it in its own file.
        Raises DataMissing where this process does not know it either."""
        data = own_data.content(digest)
        if _body(self.catalog.folder, digest) is None and not own_data.is_bundled(digest):
            self._write(data)

    def gone_with_run(self, digest: str, owner: str) -> None:
        """A run of ``owner`` that learnt from it has been deleted: so is the data, unless another run needs it, or
        somebody else who brought the same."""
        with self.catalog.write() as connection:
            if not _is_used(connection, digest, owner):
                connection.execute(delete(tables.brought).where(_brought.digest == digest, _brought.owner == owner))
        self._unlink_unclaimed([digest])

    def sweep(self, older: float = KEPT_SECONDS, *, owner: str | None = None, excess: float = float("inf")) -> None:
        """Remove what was brought more than ``older`` seconds ago (by ``owner``) and no run learns from, the oldest
        first, until ``excess`` bytes are gone."""
        gone: list[str] = []
        with self.catalog.write() as connection:
            for row in connection.execute(select(tables.brought).order_by(_brought.since)).all():
                if excess <= 0 or row.since > time.time() - older:
                    break
                if owner in (None, row.owner) and not _is_used(connection, row.digest):
                    ours = (_brought.digest == row.digest, _brought.owner == row.owner)
                    connection.execute(delete(tables.brought).where(*ours))
                    excess -= row.size
                    gone.append(row.digest)
        if owner is None:  # what runs needed that have been removed to make room
            files = own_data_path(self.catalog.folder, "0" * 32).parent.glob("*.safetensors")
            gone += [path.stem for path in files if path.stat().st_mtime < time.time() - older]
        self._unlink_unclaimed(gone)

    def _unlink_unclaimed(self, digests: list[str]) -> None:
        """Remove the files of those that neither a visitor nor a run holds, with all that was worked out of them."""
        for digest in filter(DIGEST.fullmatch, digests):
            with self.catalog.write() as connection:
                claimed = connection.execute(select(_brought.digest).where(_brought.digest == digest)).first()
                if claimed is not None or _is_used(connection, digest):
                    continue
                questions = tables.questions
                connection.execute(delete(questions).where(questions.c.body.contains(digest)))
                own_data_path(self.catalog.folder, digest).unlink(missing_ok=True)
            own_data.remove(digest)

    def _bytes_of(self, owner: str) -> int:
        with self.catalog.read() as connection:
            query = select(func.sum(_brought.size)).where(_brought.owner == owner)
            return int(connection.execute(query).scalar() or 0)

    def _write(self, data: Content) -> None:
        path = own_data_path(self.catalog.folder, data.digest)
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            with Temporary(self.catalog.folder) as folder:
                fresh = folder / path.name
                fresh.write_bytes(data.body)
                fresh.replace(path)
        except OSError as error:
            raise StorageFull(
                f"{path.parent} cannot be written ({error.strerror}). Check the disk and its permissions."
            ) from None


def _is_used(connection: Connection, digest: str, owner: str | None = None) -> bool:
    """Whether a listed run (of ``owner``) learns from it: nothing else in a config looks like a digest."""
    runs = tables.runs.c
    query = select(runs.id).where(runs.config.contains(digest))
    query = query if owner is None else query.where(runs.owner == owner)
    return connection.execute(query.limit(1)).first() is not None
