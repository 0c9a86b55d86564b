"""Copies of runs to take home: few at a time, gone from the folder before they are sent, and not sent for ever."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import anyio.to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from core.errors import UnrolledError
from core.store import Run, StorageFull, export
from core.store.folder import run_size
from core.store.temporary import Temporary

COPIES, BYTES = 8, 1_000_000_000
"""So many copies at a time, of so many bytes together; a larger one only alone."""

PATIENCE_SECONDS, SLOWEST = 60.0, 20_000.0
"""A copy is sent for so long, and for the time that it takes at so many bytes a second."""

FREE_BYTES = 64_000_000
"""Copies leave so much of the disk to the runs that are training."""

CHUNK = 256 * 1024


class Busy(UnrolledError):
    """More copies are being sent than this server makes at a time."""


class Downloads:
    """The copies that are being sent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sizes: list[int] = []

    async def answer(self, run: Run) -> Response:
        """A consistent copy of a run, also of one that trains. Raises Busy, and StorageFull where the disk has no
        room for it.

        The whole copy each time: a later one of a run that trains is another file, of which a range is of no use.
        """
        size = run_size(run.path)
        self._check(size)
        self._sizes.append(size)
        try:
            file = await anyio.to_thread.run_sync(self._copy, run)
        except BaseException:
            self._sizes.remove(size)
            raise
        return Sent(file, f"unrolled-{run.id}.sqlite", partial(self._sizes.remove, size))

    def _check(self, size: int) -> None:
        if len(self._sizes) >= COPIES or (self._sizes and sum(self._sizes) + size > BYTES):
            raise Busy(f"{len(self._sizes)} copies of runs are being sent, as many as this server makes at a time. Try "
                       "again in a minute.")  # fmt: skip
        if shutil.disk_usage(self._folder).free < size + FREE_BYTES:
            raise StorageFull(f"The disk that holds {self._folder} has no room for a copy. Free some space, then try "
                              "again.")  # fmt: skip

    def _copy(self, run: Run) -> BinaryIO:
        """An open file that has no name any more: whatever ends this process, nothing of it is left."""
        with Temporary(self._folder) as place:
            return export(run, place / "copy.sqlite").open("rb")


class Sent(Response):
    """An open file as an answer; it is closed and ``done`` is called when it is sent, or has taken too long."""

    media_type = "application/vnd.sqlite3"

    def __init__(self, file: BinaryIO, name: str, done: Callable[[], None]) -> None:
        self._file, self._done = file, done
        self._size = file.seek(0, 2)
        file.seek(0)
        super().__init__(headers={
            "content-length": str(self._size), "content-disposition": f'attachment; filename="{name}"',
            "cache-control": "no-store", "accept-ranges": "none", "content-encoding": "identity",
        })  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it piece by piece."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS + self._size / SLOWEST):
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                while scope["method"] != "HEAD" and (chunk := await anyio.to_thread.run_sync(self._file.read, CHUNK)):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            return  # the server then closes the connection: a copy that breaks off is none
        finally:
            self._file.close()
            self._done()
