"""The transport row's words."""

import pytest

from app.board.source import Memory, Status
from app.board.status import transport_line
from core.config import RunConfig


@pytest.mark.parametrize("phase", ["paused", "failed"])
def test_why_a_run_rests_is_said(phase: str) -> None:
    snapshot = Memory().snapshot("seq", Status(phase, "Paused: The disk is full."))
    assert transport_line(snapshot, RunConfig(), None)["problem"] == "Paused: The disk is full."


def test_a_run_that_finished_has_no_problem() -> None:
    snapshot = Memory().snapshot("seq", Status("finished", "Finished 600 steps with a score of 100.0%."))
    assert transport_line(snapshot, RunConfig(), None)["problem"] == ""
