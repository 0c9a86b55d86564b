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


def test_what_is_recorded_and_what_is_live_are_said_apart() -> None:
    """A finished run that plays from its start does not read as if it had finished at once."""
    steps = {"running": "live: step 0 of 600", "finished": "the run: step 0 of 600, finished"}
    for phase, said in steps.items():
        snapshot = Memory().snapshot("seq", Status(phase))
        assert transport_line(snapshot, RunConfig(), 20, live=False)["text"] == f"recorded: step 20 · {said}"
        assert "recorded" not in transport_line(snapshot, RunConfig(), 20)["text"]
    words = transport_line(snapshot, RunConfig(), 20, live=False, beside=2)
    assert words["text"].endswith("finished · 2 beside it still training") and words["moving"]
