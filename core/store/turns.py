"""Whose turn it is: the machine is shared between owners, not between runs."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """A queued run. ``fresh``: it has no frame yet; ``queued``: when it was put in the queue (seconds)."""

    id: str
    owner: str
    fresh: bool
    queued: float


def in_turn(waiting: Iterable[Waiting], busy: Mapping[str, int], served: Mapping[str, float]) -> list[str]:
    """Ids in the order of their turns. ``busy``: how many runs of an owner are being trained; ``served``: when a run
    of theirs last had a turn.

    The owner with the fewest runs at work comes first, so that twelve runs of one visitor take no more of the machine
    than one run of another. Among equals come those whose fresh run has not had the attention of a turn since it was
    put there, then whoever had a turn longest ago. An owner's own runs: fresh ones first, then by queue time.
    """
    own: defaultdict[str, list[Waiting]] = defaultdict(list)
    for run in waiting:
        own[run.owner].append(run)
    places: list[tuple[int, bool, float, float, str]] = []
    for owner, runs in own.items():
        last = served.get(owner, -math.inf)
        for rank, run in enumerate(sorted(runs, key=lambda run: (not run.fresh, run.queued)), busy.get(owner, 0)):
            unseen = run.fresh and last < run.queued
            places.append((rank, not unseen, last, run.queued, run.id))
    return [place[-1] for place in sorted(places)]
