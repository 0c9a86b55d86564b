"""Room for new runs: beyond the host's bound, the runs that nobody has opened for longest are removed.

``UNROLLED_MAX_GB`` (default 5) bounds the size of all runs together. Runs that are over go first, then paused ones;
a queued or running one is never removed, nor is anything opened within the last half hour.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from core.store.catalog import OVER, Catalog
from core.store.folder import run_path, run_size

RECENT_SECONDS = 1800.0


def limit_bytes() -> float:
    """The host's bound in bytes."""
    return float(os.environ.get("UNROLLED_MAX_GB") or 5) * 1e9


def total_bytes(folder: Path) -> int:
    """Size of all run files."""
    return sum(run_size(path) for path in (folder / "runs").glob("*.sqlite"))


def make_room(catalog: Catalog, limit: float | None = None, *, recent: float = RECENT_SECONDS) -> list[str]:
    """Remove runs until all fit within ``limit`` bytes; returns the ids of those removed."""
    excess = total_bytes(catalog.folder) - (limit_bytes() if limit is None else limit)
    removed: list[str] = []
    candidates = catalog.list(*OVER) + catalog.list("paused") if excess > 0 else []
    for row in candidates:
        if excess <= 0:
            break
        if row.opened < time.time() - recent:
            excess -= run_size(run_path(catalog.folder, row.id))
            catalog.delete(row.id)
            removed.append(row.id)
    return removed
