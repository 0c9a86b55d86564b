"""Stored runs, live or over, and previews: read once for all viewers, and only what is new."""

from __future__ import annotations

import threading
import time
from typing import Any

from app.board.errors import Unknown
from app.board.source import Directory, Memory, Reader, Snapshot, Status
from core.bounded import Bounded
from core.frames import Frame, Planes
from core.lab.asking import PREVIEW
from core.store import Run
from core.store.catalog import OVER

FRESH_SECONDS = 0.05
"""A source is asked for news at most this often, however many look at it: twenty times a second for ten updates."""

OVER_SECONDS = 2.0
"""And a run that is over, where there can be no news but that it was deleted."""

PREVIEW_SECONDS, BESIDE_SECONDS = 5.0, 0.2
"""So long a preview is waited for: by a board that has nothing else to show, and beside what is there already."""

SHARED_LOOKS = 0.4
"""Beside others a run is looked at so much less often, for each of them."""

KEPT_SOURCES = 128
"""More than a few visitors look at: a comparison is up to 24 runs."""


def patience(count: int) -> float:
    """How old the news of ``count`` runs may be that are looked at together: half a second for a comparison of 24."""
    return FRESH_SECONDS * max(1.0, SHARED_LOOKS * count)


class RunSource:
    """A stored run, read as it grows."""

    def __init__(self, run_id: str, directory: Directory) -> None:
        self.id, self._directory = run_id, directory
        self._run: Reader | None = None
        self._memory = Memory()
        self._lock = threading.Lock()
        self._looked = -FRESH_SECONDS
        self.config = self._known().config
        self._snapshot = self._memory.snapshot("", Status("queued"))

    def snapshot(self, older: float | None = None) -> Snapshot:
        """What is known, at most ``older`` seconds old, FRESH_SECONDS by default."""
        with self._lock:
            if self.fresh(older) is None:
                self._look()
                self._looked = time.monotonic()
            return self._snapshot

    def fresh(self, older: float | None = None) -> Snapshot | None:
        """The snapshot if it needs no look at the disk."""
        allowed = FRESH_SECONDS if older is None else older
        if self._snapshot.status.phase in OVER:
            allowed = max(allowed, OVER_SECONDS)
        recent = time.monotonic() - self._looked < allowed
        return self._snapshot if recent else None

    def frame(self, step: int) -> Frame | None:
        """The recorded frame at or before ``step``."""
        return self._run.frame(step) if self._run else None

    def planes(self, step: int) -> tuple[int, Planes] | None:
        """The planes kept at or before ``step``, with the step they are of."""
        return planes_of(self._run, step) if self._run else None

    def _known(self) -> Any:
        info = self._directory.info(self.id)
        if info is None:
            raise Unknown(
                f"`run` (={self.id}) is not on this server. It may have been deleted: start a run of your own."
            )
        return info

    def _look(self) -> None:
        info = self._known()
        self._run = self._run or self._directory.run(self.id)
        before = self._memory.last_step
        if self._run is not None:
            for frame in self._run.frames(before):
                self._memory.add(frame)
        moved = self._memory.last_step != before
        if moved and self._run is not None:
            self._memory.spent(self._run.step_seconds(before))
        rate = self._run.rate if self._run and info.status == "running" else 0.0
        status = Status(info.status, info.outcome or "", info.position or 0, rate, info.problem)
        seq = f"{self._memory.last_step}-{info.status}-{status.position}-{len(status.outcome)}-{len(status.problem)}"
        if moved or seq != self._snapshot.seq:
            self._snapshot = self._memory.snapshot(seq, status)


class FileSource:
    """A run file by itself, as far as it was recorded when it was opened."""

    def __init__(self, run: Run) -> None:
        self.id, self.config, self._run = run.id, run.config, run
        memory = Memory()
        for frame in run.frames():
            memory.add(frame)
        memory.spent(run.step_seconds())
        over = "finished" if run.last_step >= run.config.steps else "stopped"
        self._snapshot = memory.snapshot("file", Status(over))

    def snapshot(self, older: float | None = None) -> Snapshot:
        """Always the same."""
        return self._snapshot

    def frame(self, step: int) -> Frame | None:
        """The recorded frame at or before ``step``."""
        return self._run.frame(step)

    def planes(self, step: int) -> tuple[int, Planes] | None:
        """The planes kept at or before ``step``, with the step they are of."""
        return planes_of(self._run, step)


def planes_of(run: Reader, step: int) -> tuple[int, Planes] | None:
    """The planes of a run kept at or before ``step``, with the step they are of."""
    kept = run.plane_steps
    kept = kept[kept <= step]
    planes = run.planes(int(kept[-1])) if kept.size else None
    return None if planes is None else (int(kept[-1]), planes)


class PreviewSource:
    """The step-0 frame of a config that was never run."""

    def __init__(self, preview_id: str, directory: Directory, wait: float = PREVIEW_SECONDS) -> None:
        self.id = preview_id
        self.config, self._frame = directory.preview_of(preview_id.removeprefix(PREVIEW), wait)
        memory = Memory()
        memory.add(self._frame)
        self._snapshot = memory.snapshot("preview", Status("preview"))

    def snapshot(self, older: float | None = None) -> Snapshot:
        """Always the same."""
        return self._snapshot

    fresh = snapshot

    def frame(self, step: int) -> Frame | None:
        """The step-0 frame."""
        return self._frame

    def planes(self, step: int) -> tuple[int, Planes] | None:
        """Its planes."""
        return None if self._frame.planes is None else (self._frame.step, self._frame.planes)


class Sources:
    """The sources that were looked at lately, shared by all viewers."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._kept: Bounded[str, RunSource | PreviewSource] = Bounded(KEPT_SOURCES)

    def kept(self, source_id: str) -> RunSource | PreviewSource | None:
        """The source if it is at hand."""
        return self._kept.get(source_id)

    def get(self, source_id: str, wait: float = PREVIEW_SECONDS) -> RunSource | PreviewSource:
        """The source with this id; raises Unknown, and NoAnswer where a preview takes longer than ``wait`` seconds."""
        source = self._kept.get(source_id)
        if source is None:  # while no lock is held: a preview may take its time, and others must not wait for it
            if source_id.startswith(PREVIEW):
                source = PreviewSource(source_id, self._directory, wait)
            else:
                source = RunSource(source_id, self._directory)
        return self._kept.keep(source_id, source)

    def forget(self, source_id: str) -> None:
        """Let go of a source that is gone."""
        self._kept.forget(source_id)
