"""Sweeps on the runs of a lab: started, held, and looked at while they train."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.bounded import Bounded
from core.budget import check_sweep
from core.config import RunConfig
from core.errors import UnrolledError
from core.lab.client import Lab, hashed
from core.store import RunFileError, RunRow
from core.store.catalog import UNFINISHED
from core.store.sweeps import SweepRow, best_of, forget_sweep, keep_sweep, note_sweep, sweep_of, sweeps_of
from core.sweep import Result, Results, State, Sweep, measured

STATES: dict[str, State] = {
    "queued": "waiting", "running": "running", "paused": "paused", "finished": "through", "stopped": "ended",
    "failed": "ended",
}  # fmt: skip
KEPT, KEPT_SWEEPS = 2048, 64


class Sweeps:
    """The sweeps of one lab. ``owner`` is a visitor's secret, as there."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._measured: Bounded[tuple[str, str], Result] = Bounded(KEPT)
        self._known: Bounded[str, Sweep] = Bounded(KEPT_SWEEPS)

    def note(self, sweep: Sweep) -> None:
        """Have ``find`` know it for a day, also where nobody starts it."""
        note_sweep(self._lab.catalog, sweep.digest, sweep.spec())

    def start(self, sweep: Sweep, owner: str) -> Results:
        """Train what is missing of it, and have go on what is held; a run that was trained before, by whomever, counts.

        Raises BudgetError beyond the host's bounds; then nothing is started.
        """
        lacking = [run.config for run in self.look(sweep).runs if run.state in ("missing", "ended", "paused")]
        open_ = sorted(lacking, key=lambda config: config.seed)  # early first results: a seed of every point
        check_sweep(open_, self._lab.limits)
        if open_:
            self._lab.submit_all(open_, owner, of_sweep=True)
        keep_sweep(self._lab.catalog, sweep.digest, hashed(owner), sweep.spec())
        return self.look(sweep)

    def hold(self, sweep: Sweep, owner: str) -> None:
        """Let those of its runs rest that are this owner's alone; ``start`` has them go on."""
        for row in self._rows(sweep).values():
            if row.status in UNFINISHED and row.owner == hashed(owner):
                self._lab.let_rest(row.id, owner)

    def mine(self, sweep: Sweep, owner: str) -> bool:
        """Whether this owner could hold any run of it that waits or trains."""
        return any(row.status in ("queued", "running") and row.owner == hashed(owner)
                   for row in self._rows(sweep).values())  # fmt: skip

    def look(self, sweep: Sweep) -> Results:
        """What is known of its runs now."""
        rows = self._rows(sweep)
        return Results(sweep, tuple(
            tuple(self._result(sweep, config, rows.get(digest)) for config, digest in zip(configs, digests))
            for configs, digests in zip(sweep.runs, sweep.digests)
        ))  # fmt: skip

    def find(self, digest: str) -> Sweep | None:
        """The sweep of this digest that somebody has started or looks at; None where none is known."""
        row = sweep_of(self._lab.catalog, digest)
        return None if row is None else self._read(row)

    def look_at(self, digest: str) -> Results | None:
        """What is known of the runs of that sweep."""
        found = self.find(digest)
        return None if found is None else self.look(found)

    def started(self, owner: str) -> list[Sweep]:
        """All sweeps of this owner, the newest first."""
        found = map(self._read, sweeps_of(self._lab.catalog, hashed(owner)))
        return [sweep for sweep in found if sweep is not None]

    def forget(self, sweep: Sweep, owner: str) -> None:
        """Take it off this owner's list; its runs stay."""
        forget_sweep(self._lab.catalog, sweep.digest, hashed(owner))

    # -- inside ---------------------------------------------------------------------------------------------------

    def _read(self, row: SweepRow) -> Sweep | None:
        """None where it is of another version."""
        known = self._known.get(row.digest)
        if known is not None:
            return known
        try:
            return self._known.keep(row.digest, Sweep.stored(row.spec))
        except (UnrolledError, ValueError, LookupError, TypeError):
            return None

    def _rows(self, sweep: Sweep) -> dict[str, RunRow]:
        return best_of(self._lab.catalog.of_digests([digest for digests in sweep.digests for digest in digests]))

    def _result(self, sweep: Sweep, config: RunConfig, row: RunRow | None) -> Result:
        if row is None:
            return Result(config)
        if row.status == "finished":
            return self._through(sweep, config, row) or Result(config)
        found = Result(config, STATES[row.status], row.id, row.step)
        return replace(found, step=self._lab.step_of(row)) if row.status == "running" else found

    def _through(self, sweep: Sweep, config: RunConfig, row: RunRow) -> Result | None:
        """A finished run in numbers; None where its file is gone or cannot be read."""
        scored = sweep.scored(config)
        key = row.id, str(hash(scored.tobytes()))
        if (known := self._measured.get(key)) is not None:
            return replace(known, config=config)
        try:
            run = self._lab.run(row.id)
            frame = run.frame(run.last_step) if run else None
            if run is None or frame is None:
                return None
            seconds = run.step_seconds()
            seconds = seconds[np.isfinite(seconds)]
            numbers = measured(config, run.scalars(), frame.flow_last, scored)
            typical = float(np.median(seconds)) if seconds.size else float("nan")
            return self._measured.keep(key, Result(config, "through", row.id, frame.step, numbers, typical))
        except RunFileError:
            return None
