"""Bytes that are made once for all who ask for the same, however many ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable

import anyio
import anyio.to_thread

from core.bounded import Bounded


class Shared:
    """A bounded memory of replies; the least recently used goes first."""

    def __init__(self, most_bytes: int = 64_000_000, builders: int = 2) -> None:
        self._kept: Bounded[Hashable, bytes] = Bounded(most_bytes)
        self._coming: dict[Hashable, asyncio.Task[bytes]] = {}
        self._builders = builders
        self._limit: anyio.CapacityLimiter | None = None

    async def get(self, key: Hashable, build: Callable[[], bytes]) -> bytes:
        """The bytes of ``key``; ``build`` runs in a thread, once, also when its first asker has gone away."""
        kept = self._kept.get(key)
        if kept is not None:
            return kept
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
        return self._kept.keep(key, body, len(body))
