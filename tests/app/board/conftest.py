"""A directory of runs in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.config import RunConfig
from core.errors import UnrolledError
from core.frames import Frame, Planes
from core.lab.client import NoAnswer
from core.questions import Question


@dataclass
class FakeRun:
    """Frames in memory, as core.store.Run hands them out."""

    config: RunConfig
    recorded: list[Frame]
    rate: float = 50.0
    reads: int = 0

    @property
    def plane_steps(self) -> np.ndarray:
        return np.array([frame.step for frame in self.recorded if frame.planes], int)

    def frames(self, after: int = -1) -> Iterator[Frame]:
        self.reads += 1
        return (replace(frame, planes=None) for frame in self.recorded if frame.step > after)

    def frame(self, step: int) -> Frame | None:
        return next((replace(f, planes=None) for f in reversed(self.recorded) if f.step <= step), None)

    def step_seconds(self, after: int = -1) -> np.ndarray:
        return np.full(sum(frame.step > after for frame in self.recorded), 0.002)

    def planes(self, step: int) -> Planes | None:
        return next((frame.planes for frame in reversed(self.recorded) if frame.step <= step and frame.planes), None)


@dataclass
class FakeLab:
    """core.lab.client.Lab as far as the board knows it."""

    runs: dict[str, FakeRun] = field(default_factory=dict)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    previews: dict[str, tuple[RunConfig, Frame]] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    folder: Path = Path("data")

    def info(self, run_id: str) -> Any:
        state = self.states.get(run_id)
        return None if state is None else SimpleNamespace(**({"problem": ""} | state))

    def run(self, run_id: str) -> FakeRun | None:
        return self.runs.get(run_id)

    def preview_of(self, preview_id: str, wait: float = 5.0) -> tuple[RunConfig, Frame]:
        if preview_id in self.slow:
            raise NoAnswer("The worker that answers questions is busy with others. Try again in a moment.")
        if preview_id not in self.previews:
            raise UnrolledError(f"The pinned curve `{preview_id}` is no longer stored. Pin it again.")
        return self.previews[preview_id]

    def ask(self, question: Question, source_id: str, step: int | None = None) -> None:
        """Nothing is ever answered."""

    def add(self, run_id: str, config: RunConfig, frames: list[Frame], status: str = "running") -> FakeRun:
        self.runs[run_id] = FakeRun(config, frames)
        self.states[run_id] = {"config": config, "status": status, "outcome": "", "position": 0}
        return self.runs[run_id]


@pytest.fixture
def lab() -> FakeLab:
    """An empty directory of runs."""
    return FakeLab()
