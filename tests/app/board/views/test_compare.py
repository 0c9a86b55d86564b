"""The board of a comparison: who belongs together, at which training step all are shown, when there is a verdict."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from app.board.query import Query
from app.board.source import Memory, Status
from app.board.views.base import Shown
from app.board.views.compare import PAGE, members, verdict_on
from app.figures.theme import Style
from core.comparison import comparison
from core.config import RunConfig

ORDER = RunConfig.preset("temporal-order-lstm", steps=6)
FOUND = comparison(ORDER, ["cell.name:gru", "clip:none"], seeds=2)
RUNS = {f"{k}{run.seed}": run for k, runs in enumerate(FOUND.runs) for run in runs}
"""Ids "00" to "21": member and seed. The reference is member 0, and in front is its first seed."""
FRONT = "00"


@pytest.fixture
def board(make_frame):
    """``board({id: (phase, last step)}, cursor=None)``: a Shown of these runs, the one in front first."""

    def make(states: dict[str, tuple[str, int]], cursor: int | None = None) -> Shown:
        sources: dict[str, Any] = {}
        snapshots = {}
        for run_id, (phase, last) in states.items():
            config, memory = RUNS[run_id], Memory()
            frames = [make_frame(config, step, beta=0.9 + step / 1000) for step in range(last + 1)]
            for frame in frames:
                memory.add(frame)
            snapshots[run_id] = memory.snapshot("1", Status(phase))
            sources[run_id] = SimpleNamespace(id=run_id, config=config, frame=frames.__getitem__)
        query = Query("compare", tuple(PAGE.views), (), cursor, Style())
        front, now = sources[FRONT], snapshots[FRONT]
        beside = tuple((run_id, RUNS[run_id], snapshot) for run_id, snapshot in snapshots.items())
        assert now.last is not None
        frame = now.last if cursor is None else front.frame(min(cursor, now.last.step))
        return Shown(front, now, beside, others=sources, query=query, frame=frame)

    return make


DONE = dict.fromkeys(RUNS, ("finished", 6))


def test_runs_that_differ_in_the_seed_alone_are_one_member(board) -> None:
    sides = members(board(DONE))
    assert [side.label for side in sides] == ["LSTM", "GRU", "LSTM no clipping"]
    assert [[run.seed for run in side.runs] for side in sides] == [[0, 1]] * 3
    assert [side.reference for side in sides] == [True, False, False]


def test_the_one_in_front_stands_in_its_place_and_is_not_there_twice(board) -> None:
    order = dict(sorted(DONE.items(), key=lambda item: item[0] == FRONT))  # in front, but named last
    sides = members(board(order))
    assert [side.reference for side in sides] == [True, False, False]
    assert sum(len(side.runs) for side in sides) == 6
    alone = members(board({FRONT: ("preview", 0)}))
    assert len(alone) == 1 and alone[0].untrained


def test_all_are_shown_at_the_step_that_all_in_training_have_reached(board) -> None:
    states = DONE | {"01": ("running", 3), "10": ("paused", 2), "11": ("queued", -1)}
    runs = [run for side in members(board(states)) for run in side.runs]
    assert [run.step for run in runs] == [2, 2, 2, -1, 2, 2]
    flow = 0.5 * 0.902 ** np.arange(50, -1, -1.0)
    for run in runs:
        if run.flow is not None:
            np.testing.assert_allclose(run.flow, flow, rtol=1e-5)
    assert [run.outcome and run.outcome.step for run in runs] == [2, 2, 2, None, 2, 2]


def test_a_scrubbed_moment_goes_before_the_newest(board) -> None:
    assert {run.step for side in members(board(DONE, 4)) for run in side.runs} == {4}
    assert {run.step for side in members(board(DONE)) for run in side.runs} == {6}
    behind = members(board(DONE | dict.fromkeys(("01", "11", "20"), ("running", 1)), 4))
    assert {run.step for side in behind for run in side.runs} == {1}


def test_first_seeds_stay_on_screen_while_later_ones_train(board) -> None:
    """All first seeds are over, the second ones have just begun or wait: they join in when they have got there."""
    states = DONE | {"01": ("running", 3), "11": ("running", 1), "21": ("queued", -1)}
    sides = members(board(states))
    assert [run.step for side in sides for run in side.runs] == [6, -1, 6, -1, 6, -1]
    assert all(len(side.outcomes) == 1 and side.runs[0].outcome == side.runs[0].whole for side in sides)
    assert sides[0].runs[1].outcome is None and sides[0].runs[1].whole.step == 3
    words = PAGE.caption(board(states))
    assert "2 runs are not that far yet." in words.subline and "3 runs to go, about" in words.subline
    back = members(board(states, 2))
    assert [run.step for side in back for run in side.runs] == [2, 2, 2, -1, 2, -1]


def test_a_run_that_ended_early_holds_nobody_back(board) -> None:
    sides = members(board(DONE | {"01": ("stopped", 1)}))
    assert [run.step for side in sides for run in side.runs] == [6, 1, 6, 6, 6, 6]


@pytest.mark.parametrize("states, there", [
    (DONE, True), (DONE | {"01": ("running", 6)}, False), (DONE | {"11": ("stopped", 3)}, False),
    (DONE | {"20": ("preview", 0)}, False), ({FRONT: ("finished", 6)}, False),
])  # fmt: skip
def test_there_is_a_verdict_when_all_are_through(board, states, there: bool) -> None:
    assert (verdict_on(board(states)) is not None) == there
    assert verdict_on(board(states, 4)) is None, "at a moment of the past there is none"


@pytest.mark.parametrize("cursor", [None, 0, 3])
@pytest.mark.parametrize("phase", ["preview", "running", "paused", "finished", "stopped", "failed"])
def test_every_picture_and_the_words_are_there(board, phase: str, cursor: int | None) -> None:
    states = DONE | {"00": (phase, 0 if phase == "preview" else 5), "11": ("queued", -1), "21": (phase, 0)}
    shown = board(states, cursor)
    for name, spec in PAGE.views.items():
        view = spec.build(shown)
        assert view is not None and view.name == name and view.title and view.hint and view.alt
        go.Figure(view.figure.to_plotly_json())
    words = PAGE.caption(shown)
    assert words.headline and words.subline and len(words.figures) == 3


def test_it_is_asked_for_less_often_than_a_single_run() -> None:
    assert PAGE.pace > 100
