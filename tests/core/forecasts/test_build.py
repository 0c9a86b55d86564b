"""A build can be stopped at any moment and go on; what it leaves is what a run of its own gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.config import ENGINE_VERSION
from core.errors import UnrolledError
from core.forecasts.build import build, lines, trained
from core.forecasts.distribution import drawn
from core.forecasts.runs import run_of


def plain(line: dict[str, Any]) -> dict[str, Any]:
    """All but the time it took."""
    return {key: value for key, value in line.items() if key != "seconds"}


@pytest.mark.slow
def test_a_build_that_was_stopped_goes_on_with_the_same_runs(tmp_path: Path) -> None:
    out = tmp_path / "scratch" / "runs.jsonl"
    for done in build(out, 3, 1):
        if done == 1:
            break
    with out.open("a") as file:
        file.write('{"index": 2, "engine"')  # as a power cut leaves it
    assert [line["index"] for line in lines(out)] == [0]
    assert list(build(out, 3, 1)) == [2, 3] and list(build(out, 3, 1)) == []
    assert [line["index"] for line in lines(out)] == [0, 1, 2]
    assert plain(lines(out)[2]) == plain(trained(2))


def line_of(index: int, **changes: Any) -> dict[str, Any]:
    """As ``trained`` leaves it, without training."""
    config = drawn(index)
    told = {
        "index": index,
        "engine": ENGINE_VERSION,
        "digest": config.digest(),
        "flow_last": [1.0] * (config.task.length + 1),
    }
    return told | {"scored": [[0, 0.1], [50, 1.0], [99, None]], "last": 99, "broke": True} | changes


def test_lines_of_another_engine_or_distribution_are_refused(tmp_path: Path) -> None:
    out = tmp_path / "runs.jsonl"
    for change in ({"engine": "2"}, {"digest": "0" * 32}):
        out.write_text(json.dumps(line_of(5, **change)) + "\n")
        with pytest.raises(UnrolledError, match="holds run 5 of another engine or another distribution"):
            lines(out)


def test_a_run_is_solved_where_its_last_score_is_on_the_line() -> None:
    run = run_of(line_of(1))
    assert (run.solved_at, run.solved, run.broke, run.last) == (None, False, True, 99)
    kept, lost = (run_of(line_of(1, broke=False, scored=[[0, 0.1], [50, 1.0], [99, end]])) for end in (0.99, 0.2))
    assert (kept.solved_at, kept.solved, lost.solved_at, lost.solved) == (50, True, None, False)
    assert run.arriving == 1 and run.score != run.score
    assert not run_of(line_of(1, scored=[[0, 0.1]])).solved
    broken = run_of(line_of(1, flow_last=[None] * (drawn(1).task.length + 1)))
    assert broken.arriving != broken.arriving
