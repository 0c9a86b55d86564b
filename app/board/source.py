"""What a board draws, as data: a source, what is known of it at one moment, and the memory that joins its frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.config import RunConfig
from core.frames import SCALARS, Floats, Frame, Planes
from core.questions import Question


@dataclass(frozen=True)
class Status:
    """Where a run stands.

    phase     preview, queued, running, paused, finished, stopped or failed
    outcome   a sentence on how it ended, or empty
    position  how many runs have their turn before it, while queued
    rate      training steps per second
    problem   why no more is known of it than its file says, or empty
    """

    phase: str
    outcome: str = ""
    position: int = 0
    rate: float = 0.0
    problem: str = ""

    @property
    def moving(self) -> bool:
        """Whether more will come without anybody pressing a button."""
        return self.phase in ("queued", "running")


@dataclass(frozen=True)
class Snapshot:
    """All that is known of a source at one moment; ``seq`` is another text as soon as anything is.

    steps    (S,) recorded training steps, ascending
    flow     (S, T+1) float32, ``Frame.flow`` of each
    scalars  {name: (n,)} of every training step
    first, last   the frames of the first and the last recorded step; None while nothing is recorded
    step_seconds  processor time of a training step, the median over the recorded ones; NaN where it is not known
    """

    seq: str
    status: Status
    steps: np.ndarray
    flow: np.ndarray
    scalars: dict[str, np.ndarray]
    first: Frame | None
    last: Frame | None
    step_seconds: float = float("nan")


class Source(Protocol):
    """A run or a preview."""

    id: str
    config: RunConfig

    def snapshot(self) -> Snapshot:
        """What is known now."""
        ...

    def frame(self, step: int) -> Frame | None:
        """The recorded frame at or before ``step``."""
        ...

    def planes(self, step: int) -> tuple[int, Planes] | None:
        """(the training step they are of, planes) at or before ``step``."""
        ...


class Reader(Protocol):
    """The part of core.store.Run that is needed here."""

    config: RunConfig

    @property
    def plane_steps(self) -> np.ndarray: ...
    @property
    def rate(self) -> float: ...
    def frames(self, after: int = -1) -> Iterator[Frame]: ...
    def frame(self, step: int) -> Frame | None: ...
    def planes(self, step: int) -> Planes | None: ...
    def step_seconds(self, after: int = -1) -> np.ndarray: ...


class Directory(Protocol):
    """Where sources are found: core.lab.client.Lab, or a stand-in.

    ``info(id)`` has ``config``, ``status``, ``outcome``, ``position`` and ``problem``, or is None where there is no
    such run. ``folder`` is the folder of runs.
    """

    folder: Path

    def info(self, run_id: str) -> Any: ...
    def run(self, run_id: str) -> Any: ...
    def preview_of(self, preview_id: str, wait: float = ...) -> tuple[RunConfig, Frame]: ...
    def ask(self, question: Question, source_id: str, step: int | None = None) -> Any: ...


class Memory:
    """Frames seen so far, as the arrays that pictures over training need."""

    def __init__(self) -> None:
        self.first: Frame | None = None
        self.last: Frame | None = None
        self._flow: list[Floats] = []
        self._history: list[dict[str, Floats]] = []
        self._steps: list[int] = []
        self._seconds: list[np.ndarray] = []

    @property
    def last_step(self) -> int:
        """The newest step seen, -1 before the first."""
        return self._steps[-1] if self._steps else -1

    def add(self, frame: Frame) -> None:
        """Take in the next frame."""
        self.first, self.last = self.first or frame, frame
        self._steps.append(frame.step)
        with np.errstate(over="ignore"):  # what float32 has no place for is infinite
            self._flow.append(np.asarray(frame.flow, np.float32))
        self._history.append(frame.history)

    def spent(self, seconds: np.ndarray) -> None:
        """Take in the processor time of a training step, one a frame, NaN where it is not known."""
        self._seconds.append(seconds)

    def snapshot(self, seq: str, status: Status) -> Snapshot:
        """Everything seen, joined; joined pieces replace what they were made of."""
        if not self._steps:
            return Snapshot(seq, status, np.zeros(0, int), np.zeros((0, 0), np.float32), _no_scalars(), None, None)
        flow = np.stack(self._flow)
        scalars = {name: np.concatenate([part[name] for part in self._history]) for name in self._history[0]}
        self._history = [scalars]
        seconds = np.concatenate([np.zeros(0), *self._seconds])
        self._seconds, known = [seconds], seconds[np.isfinite(seconds)]
        typical = float(np.median(known)) if known.size else float("nan")
        return Snapshot(seq, status, np.array(self._steps), flow, scalars, self.first, self.last, typical)


def _no_scalars() -> dict[str, np.ndarray]:
    return {name: np.zeros(0) for name in ("step", *SCALARS)}
