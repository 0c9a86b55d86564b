"""A memory that stays small."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """Values by key, ``most`` at most or, where they come with their sizes, of that size together. The least recently
    used goes first. For several threads."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """The value, if it is kept."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def keep(self, key: K, value: V, size: int = 1) -> V:
        """The value that stands under ``key`` from now on: the one that is there already, else ``value``.

        One that is larger than all there may be is handed back and not kept.
        """
        with self._lock:
            if key not in self._kept:
                self._kept[key] = value, size
                self._size += size
            self._kept.move_to_end(key)
            standing = self._kept[key][0]
            while self._size > self._most:
                self._size -= self._kept.popitem(last=False)[1][1]
            return standing

    def forget(self, key: K) -> None:
        """Let go of a value, if it is kept."""
        with self._lock:
            _, size = self._kept.pop(key, (None, 0))
            self._size -= size

    def __iter__(self) -> Iterator[K]:
        """The keys of what is kept now, the least recently used first."""
        with self._lock:
            return iter(list(self._kept))
