"""Runs that others have joined: their settings are the same, so the numbers are, and one run serves them all.

Who has joined a run watches it and does not steer it. It counts as theirs where turns are given (core.store.turns), and
becomes theirs when its owner has no more use for it.
"""

from __future__ import annotations

import time

from sqlalchemy import Connection, delete, insert, select, update

from core.store import tables
from core.store.catalog import Catalog

_runs, _joined = tables.runs, tables.joined


def open_run(catalog: Catalog, digest: str) -> str | None:
    """The run of anybody with these settings that goes on to its end, the furthest one: its id."""
    query = select(_runs.c.id).where(_runs.c.digest == digest, *_GOES_ON).order_by(_runs.c.step.desc(), _runs.c.created)
    with catalog.read() as connection:
        return connection.execute(query.limit(1)).scalar()


def join(catalog: Catalog, run_id: str, owner: str) -> bool:
    """Note that ``owner`` waits for this run too; whether it still goes on to its end."""
    with catalog.write() as connection:
        if connection.execute(select(_runs.c.id).where(_runs.c.id == run_id, *_GOES_ON)).first() is None:
            return False
        if owner not in _owners(connection, run_id):
            connection.execute(insert(_joined), {"run": run_id, "owner": owner, "since": time.time()})
    return True


def has_joined(catalog: Catalog, run_id: str) -> bool:
    """Whether anybody has."""
    with catalog.read() as connection:
        return bool(_owners(connection, run_id))


def hand_over(catalog: Catalog, run_id: str) -> bool:
    """Give the run to whoever joined it first; False where nobody has."""
    with catalog.write() as connection:
        first = next(iter(_owners(connection, run_id)), None)
        if first is None:
            return False
        connection.execute(update(_runs).where(_runs.c.id == run_id).values(owner=first))
        connection.execute(delete(_joined).where(_joined.c.run == run_id, _joined.c.owner == first))
    return True


def _owners(connection: Connection, run_id: str) -> list[str]:
    """Who has joined, the first one first."""
    query = select(_joined.c.owner).where(_joined.c.run == run_id).order_by(_joined.c.since)
    return list(connection.execute(query).scalars())


_GOES_ON = (_runs.c.status.in_(("queued", "running")), _runs.c.wanted == "run", _runs.c.until.is_(None))
"""Nobody has asked it to rest or to end before its last step."""
