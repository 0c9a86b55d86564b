"""Sweeps that were started, and how many of an owner's runs are of one. What came of them stands in their runs."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select

from core.store import tables
from core.store.catalog import Catalog, RunRow

WAVE = 1000
"""A sweep's runs are of this wave and later ones, each of its own: they give way to all else that their owner trains,
and one that has begun goes on to its end."""

NOBODY, NOTED_SECONDS = "", 86_400.0

_sweeps, _runs, _waves = tables.sweeps.c, tables.runs.c, tables.waves.c
_BEST = ("finished", "running", "queued", "paused", "stopped", "failed")


@dataclass(frozen=True)
class SweepRow:
    """A sweep as it is kept: ``spec`` is what core.sweep.Sweep writes; ``started`` in seconds since 1970."""

    digest: str
    spec: str
    started: float


def keep_sweep(catalog: Catalog, digest: str, owner: str, spec: str) -> None:
    """Note that this owner (a hash) has started it, or has it go on."""
    with catalog.write() as connection:
        connection.execute(delete(tables.sweeps).where(_sweeps.digest == digest, _sweeps.owner == owner))
        connection.execute(insert(tables.sweeps).values(digest=digest, owner=owner, spec=spec, started=time.time()))


def note_sweep(catalog: Catalog, digest: str, spec: str) -> None:
    """Keep it for NOTED_SECONDS as nobody's, unless somebody has it: whoever looks at it names it by its digest."""
    if sweep_of(catalog, digest) is None:
        with catalog.write() as connection:
            old = _sweeps.started < time.time() - NOTED_SECONDS
            connection.execute(delete(tables.sweeps).where(_sweeps.owner == NOBODY, old))
            values = {"digest": digest, "owner": NOBODY, "spec": spec, "started": time.time()}
            connection.execute(insert(tables.sweeps).prefix_with("OR REPLACE").values(values))


def forget_sweep(catalog: Catalog, digest: str, owner: str) -> None:
    """Take it off this owner's list; its runs stay."""
    with catalog.write() as connection:
        connection.execute(delete(tables.sweeps).where(_sweeps.digest == digest, _sweeps.owner == owner))


def sweep_of(catalog: Catalog, digest: str) -> SweepRow | None:
    """The sweep of this digest, whoever started it."""
    query = select(_sweeps.digest, _sweeps.spec, _sweeps.started).where(_sweeps.digest == digest).limit(1)
    with catalog.read() as connection:
        row = connection.execute(query).first()
    return None if row is None else SweepRow(*row)


def sweeps_of(catalog: Catalog, owner: str) -> list[SweepRow]:
    """All of this owner's, the newest first."""
    query = select(_sweeps.digest, _sweeps.spec, _sweeps.started).where(_sweeps.owner == owner)
    with catalog.read() as connection:
        return [SweepRow(*row) for row in connection.execute(query.order_by(_sweeps.started.desc()))]


def training(catalog: Catalog, owner: str) -> tuple[int, int]:
    """How many of an owner's runs wait or train: (of sweeps, all others)."""
    joined = tables.runs.outerjoin(tables.waves, _waves.run == _runs.id)
    of_sweeps = func.coalesce(_waves.wave, 0) >= WAVE
    query = select(of_sweeps, func.count()).select_from(joined)
    query = query.where(_runs.owner == owner, _runs.status.in_(("queued", "running"))).group_by(of_sweeps)
    with catalog.read() as connection:
        counts = {bool(flag): count for flag, count in connection.execute(query)}
    return counts.get(True, 0), counts.get(False, 0)


def best_of(rows: list[RunRow]) -> dict[str, RunRow]:
    """Of several runs of one digest the one that says most: finished before running before waiting, and the newest."""
    ranked = sorted(rows, key=lambda row: (_BEST.index(row.status), -row.created))
    return {row.digest: row for row in reversed(ranked)}
