"""How many runs there are in which state, without reading any of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from core.store import tables
from core.store.catalog import Catalog

_runs = tables.runs.c


@dataclass(frozen=True)
class Census:
    """states: how many runs by state. queued_since: when the first of the queue was put there, None where nobody waits.
    running: ids of those that are being trained."""

    states: dict[str, int]
    queued_since: float | None
    running: tuple[str, ...]


def census(catalog: Catalog) -> Census:
    """What the catalog says now."""
    with catalog.read() as connection:
        states = connection.execute(select(_runs.status, func.count()).group_by(_runs.status)).all()
        since = connection.execute(select(func.min(_runs.queued)).where(_runs.status == "queued")).scalar()
        running = connection.execute(select(_runs.id).where(_runs.status == "running")).scalars().all()
    return Census({row[0]: row[1] for row in states}, since, tuple(running))
