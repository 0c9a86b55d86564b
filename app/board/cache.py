"""Bytes that are made once for all who ask for the same, however many ask at once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable

import anyio
import anyio.to_thread


class Shared:
    """A bounded memory of replies; the least recently used goes first."""

    def __init__(self, most_bytes: int = 64_000_000, builders: int = 2) -> None:
        self._most, self._size = most_bytes, 0
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._coming: dict[Hashable, asyncio.Task[bytes]] = {}
        self._builders = builders
        self._limit: anyio.CapacityLimiter | None = None

    async def get(self, key: Hashable, build: Callable[[], bytes]) -> bytes:
        """The bytes of ``key``; ``build`` runs in a thread, once, also when its first asker has gone away."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if key not in self._coming:
            task = self._coming[key] = asyncio.create_task(self._make(key, build))
            task.add_done_callback(lambda task: task.cancelled() or task.exception())  # the askers get it, or nobody
        return await asyncio.shield(self._coming[key])

    async def _make(self, key: Hashable, build: Callable[[], bytes]) -> bytes:
        if self._limit is None:
            self._limit = anyio.CapacityLimiter(self._builders)
        try:
            body = await anyio.to_thread.run_sync(build, limiter=self._limit)
        finally:
            del self._coming[key]
        self._kept[key] = body
        self._size += len(body)
        while self._size > self._most:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest)
        return body
