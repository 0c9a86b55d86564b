"""Counting how many of some networks solved their task, by what was known of them; too few are counted with others.

A key is a tuple of bins, the feature that says most first. Networks with the same key are alike; where there are fewer
than LEAST of them they are counted with all that share the key without its last bin, and so on up to all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Key = tuple[str, ...]

LEAST = 20
"""So many networks at least stand behind a frequency, where there are that many at all."""


@dataclass(frozen=True)
class Count:
    """``n`` networks, of which ``solved`` solved their task."""

    n: int
    solved: int

    @property
    def share(self) -> float:
        """The frequency; NaN of no network."""
        return self.solved / self.n if self.n else float("nan")


def counted(outcomes: Iterable[tuple[Key, bool]], least: int = LEAST) -> dict[Key, Count]:
    """The count of every key, and of every beginning of one, behind which there are ``least`` networks or more.

    The empty key counts them all, however few.
    """
    n: Counter[Key] = Counter()
    solved: Counter[Key] = Counter()
    for key, success in outcomes:
        for prefix in prefixes(key):
            n[prefix] += 1
            solved[prefix] += success
    return {key: Count(n[key], solved[key]) for key in sorted({(), *n}) if n[key] >= least or not key}


def looked_up(counts: Mapping[Key, Count], key: Key) -> tuple[Key, Count]:
    """The longest beginning of ``key`` that is counted, and its count."""
    longest = next(prefix for prefix in prefixes(key) if prefix in counts)
    return longest, counts[longest]


def prefixes(key: Key) -> list[Key]:
    """``key`` itself, then shorter and shorter beginnings, the empty one last."""
    return [key[:k] for k in range(len(key), -1, -1)]
