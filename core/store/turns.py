"""Whose turn it is: the machine is shared between owners, not between runs. A run that others have joined is each of
theirs."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """A queued run. ``owners``: who started it, and who has joined it. ``fresh``: it has no frame yet; ``queued``: when
    it was put in the queue (seconds); ``wave``: its owner's runs of an earlier one go first, to their end."""

    id: str
    owners: tuple[str, ...]
    fresh: bool
    queued: float
    wave: int = 0


def in_turn(waiting: Iterable[Waiting], busy: Mapping[str, int], served: Mapping[str, float]) -> list[str]:
    """Ids in the order of their turns. ``busy``: how many runs of an owner are being trained; ``served``: when a run
    of theirs last had a turn.

    The owner with the fewest runs at work comes first, so that twelve runs of one visitor take no more of the machine
    than one run of another. Among equals come those whose fresh run has not had the attention of a turn since it was
    put there, then whoever had a turn longest ago. An owner's own runs: those of the first wave, of them fresh ones
    first, then by queue time. A run of several owners has the best of their places.
    """
    own: defaultdict[str, list[Waiting]] = defaultdict(list)
    for run in waiting:
        for owner in run.owners:
            own[owner].append(run)
    places: dict[str, tuple[int, bool, float, float, str]] = {}
    for owner, runs in own.items():
        last = served.get(owner, -math.inf)
        for rank, run in enumerate(sorted(runs, key=_among_its_owners), busy.get(owner, 0)):
            unseen = run.fresh and last < run.queued
            place = (rank, not unseen, last, run.queued, run.id)
            places[run.id] = min(place, places.get(run.id, place))
    return sorted(places, key=places.__getitem__)


def _among_its_owners(run: Waiting) -> tuple[int, bool, float]:
    return run.wave, not run.fresh, run.queued
