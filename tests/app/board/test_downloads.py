"""Copies of runs: whole, few at a time, and nothing of them left, whatever the reader does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette

from app.board import downloads
from app.board.routes import routes
from core.config import RunConfig
from core.lab.client import Lab
from core.store import RunWriter, load_run, run_path

CONFIG = RunConfig.from_flat({"task.length": 10, "steps": 3, "cell.hidden_size": 2})


@pytest.fixture
def real(make_frame) -> Iterator[SimpleNamespace]:
    """A lab with one recorded run, its routes, and how a run's file is asked for."""
    lab = Lab()
    run = lab.submit(CONFIG, "me").id
    with RunWriter(run_path(lab.folder, run), run, CONFIG, 1) as writer:
        for step in range(3):
            writer.append(make_frame(CONFIG, step))
    yield SimpleNamespace(lab=lab, run=run, app=Starlette(routes=routes(lab)))
    lab.catalog.close()


class Reader:
    """One who asks for the file; with ``holds`` they read nothing but the headers until they are let go."""

    def __init__(self, real: Any, *, holds: bool = False, method: str = "GET", **headers: str) -> None:
        self.status, self.headers, self.body = 0, {}, b""
        self.begun, self.free = asyncio.Event(), asyncio.Event()
        if not holds:
            self.free.set()
        path = f"/runs/{real.run}/take/run"
        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
                 "headers": [(key.encode(), value.encode()) for key, value in headers.items()], "root_path": "",
                 "scheme": "http", "http_version": "1.1", "server": ("test", 80), "client": ("test", 1)}  # fmt: skip
        self.task = asyncio.create_task(real.app(scope, self.receive, self.send))

    async def receive(self) -> Any:
        await asyncio.Event().wait()

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {key.decode(): value.decode() for key, value in message["headers"]}
            self.begun.set()
        await self.free.wait()
        self.body += message.get("body", b"")


def left(folder: Path) -> list[Path]:
    return list((folder / "temporary").rglob("*")) if (folder / "temporary").exists() else []


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=abc"}, {"range": "bytes=99999999-"}, {"range": "bytes=0-9"}])
def test_a_copy_is_the_whole_run_whatever_range_is_asked_for(real, tmp_path, headers) -> None:
    async def ask() -> Reader:
        reader = Reader(real, **headers)
        await reader.task
        return reader

    reader = asyncio.run(ask())
    assert (reader.status, reader.headers["accept-ranges"]) == (200, "none")
    assert int(reader.headers["content-length"]) == len(reader.body)
    (tmp_path / "copy.sqlite").write_bytes(reader.body)
    assert load_run(tmp_path / "copy.sqlite").id == real.run and left(real.lab.folder) == []


def test_its_size_alone_may_be_asked_for(real) -> None:
    async def ask() -> Reader:
        reader = Reader(real, method="HEAD")
        await reader.task
        return reader

    reader = asyncio.run(ask())
    assert int(reader.headers["content-length"]) > 1000 and reader.body == b"" and left(real.lab.folder) == []


@contextmanager
def bounded(monkeypatch: pytest.MonkeyPatch, **bounds: float) -> Iterator[None]:
    for name, value in bounds.items():
        monkeypatch.setattr(downloads, name, value)
    yield


@pytest.mark.parametrize("bounds", [{"COPIES": 2}, {"BYTES": 1}])
def test_copies_are_few_at_a_time_and_a_reader_who_goes_makes_room(real, monkeypatch, bounds) -> None:
    async def ask() -> None:
        with bounded(monkeypatch, **bounds):
            few = [Reader(real, holds=True) for _ in range(bounds.get("COPIES", 1))]
            for reader in few:
                await reader.begun.wait()
            assert left(real.lab.folder) == []  # an open file without a name
            refused = Reader(real)
            await refused.task
            assert refused.status == 503 and b"as many as this server makes at a time. Try again" in refused.body
            few[0].task.cancel()
            await asyncio.wait([few[0].task])
            again = Reader(real)
            await again.task
            assert again.status == 200
            for reader in few[1:]:
                reader.free.set()
                await reader.task

    asyncio.run(ask())
    assert left(real.lab.folder) == []


def test_a_reader_who_stalls_is_not_waited_for(real, monkeypatch) -> None:
    async def ask() -> None:
        with bounded(monkeypatch, COPIES=1, PATIENCE_SECONDS=0.0, SLOWEST=1e9):
            stalled = Reader(real, holds=True)
            await stalled.task
            assert stalled.status == 200 and stalled.body == b""
        last = Reader(real)
        await last.task
        assert last.status == 200

    asyncio.run(ask())


def test_a_disk_without_room_is_a_sentence(real, monkeypatch) -> None:
    async def ask() -> Reader:
        with bounded(monkeypatch, FREE_BYTES=1e30):
            reader = Reader(real)
            await reader.task
        return reader

    reader = asyncio.run(ask())
    assert reader.status == 503 and b"has no room for a copy. Free some space" in reader.body
