"""Members with runs of known gradient and known course, in any state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from app.figures.base import asked_step
from app.figures.base.course import State
from app.figures.compare.side import Entry, Side, looks
from app.figures.theme import Style
from core.comparison import labels, parameters
from core.config import RunConfig
from core.frames import SCALARS
from core.reading.horizon import horizon_of
from core.reading.outcome import outcome_of
from core.schedule import Schedule

MakeEntry = Callable[..., Entry]
MakeSides = Callable[..., list[Side]]


@pytest.fixture
def make_entry() -> MakeEntry:
    """``make_entry(config, state, steps=…, beta=.9, solved=None, broke=None, score=.3)``: a run at its last step."""

    def make(
        config: RunConfig,
        state: State = "over",
        *,
        steps: int | None = None,
        beta: float = 0.9,
        solved: int | None = None,
        broke: int | None = None,
        score: float = 0.3,
        upto: int | None = None,
    ) -> Entry:
        none = state in ("missing", "waiting")
        n = 0 if none else (config.steps if steps is None else steps) + 1 if broke is None else broke + 1
        taken: dict[str, Any] = {name: np.ones(n) for name in SCALARS} | {"step": np.arange(n)}
        taken["score"] = np.where(np.arange(n) >= (n if solved is None else solved), 1.0, score)
        taken["loss"] = np.where(np.arange(n) == (-1 if broke is None else broke), np.nan, 1.0)
        flow = (0.5 * beta ** np.arange(config.task.length, -1, -1.0)).astype(np.float32)
        flow[: max(config.cuts, default=-1) + 1] = 0
        last = n - 1 if upto is None else min(upto, n - 1)
        scored = np.array(Schedule.of(config).scorings)
        begun = state != "waiting"
        found = horizon_of(flow, asked=asked_step(config), cuts=config.cuts) if begun else None
        return Entry(
            seed=config.seed, state=state, scalars=taken, step=max(last, 0) if begun else -1,
            flow=flow if begun else None, horizon=found, seconds=0.002 if n else float("nan"),
            outcome=outcome_of(taken, config, upto, scored) if n else None,
            whole=outcome_of(taken, config, None, scored) if n else None,
        )  # fmt: skip

    return make


@pytest.fixture
def make_sides() -> MakeSides:
    """``make_sides([(config, [entry, …]), …], style=Style())``: the first is the reference."""

    def make(members: Sequence[tuple[RunConfig, Sequence[Entry]]], style: Style | None = None) -> list[Side]:
        configs = [config for config, _ in members]
        drawn = looks(configs, style or Style())
        return [Side(label, config, look, k == 0, tuple(runs), parameters(config))
                for k, (label, look, (config, runs)) in enumerate(zip(labels(configs), drawn, members))]  # fmt: skip

    return make
