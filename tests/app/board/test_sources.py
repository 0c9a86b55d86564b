"""Runs are read once for everybody, and only what is new."""

import numpy as np
import pytest

from app.board import sources as module
from app.board.errors import Unknown
from app.board.sources import KEPT_SOURCES, PreviewSource, RunSource, Sources
from core.config import RunConfig

CONFIG = RunConfig.from_flat({"task.length": 12, "steps": 20, "cell.hidden_size": 4})


@pytest.fixture(autouse=True)
def always_look(monkeypatch) -> None:
    monkeypatch.setattr(module, "FRESH_SECONDS", 0)


def test_a_growing_run_is_read_on(lab, make_frame) -> None:
    run = lab.add("run-one", CONFIG, [make_frame(CONFIG, 0)])
    source = RunSource("run-one", lab)
    first = source.snapshot()
    run.recorded += [make_frame(CONFIG, 1, beta=0.5), make_frame(CONFIG, 2)]
    second = source.snapshot()
    assert first.steps.tolist() == [0] and second.steps.tolist() == [0, 1, 2]
    assert first.seq != second.seq == source.snapshot().seq
    np.testing.assert_array_equal(second.flow[1], run.recorded[1].flow)
    assert second.scalars["step"].tolist() == [0, 1, 2]


def test_nothing_new_is_the_same_snapshot(lab, make_frame) -> None:
    lab.add("run-one", CONFIG, [make_frame(CONFIG, 0)])
    source = RunSource("run-one", lab)
    assert source.snapshot() is source.snapshot()


def test_a_change_of_state_alone_is_news(lab, make_frame) -> None:
    lab.add("run-one", CONFIG, [make_frame(CONFIG, 0)])
    source = RunSource("run-one", lab)
    before = source.snapshot()
    lab.states["run-one"]["status"] = "paused"
    assert source.snapshot().seq != before.seq and source.snapshot().status.phase == "paused"


def test_a_look_serves_all_who_ask_within_its_time(lab, make_frame, monkeypatch) -> None:
    run = lab.add("run-one", CONFIG, [make_frame(CONFIG, 0)])
    source = RunSource("run-one", lab)
    monkeypatch.setattr(module, "FRESH_SECONDS", 1e6)
    source._looked = -2e6
    for _ in range(20):
        source.snapshot()
    assert run.reads == 1


def test_a_queued_run_has_no_frames_yet(lab) -> None:
    lab.states["run-one"] = {"config": CONFIG, "status": "queued", "outcome": "", "position": 2}
    snapshot = RunSource("run-one", lab).snapshot()
    assert snapshot.last is None and snapshot.status.position == 2


def test_planes_come_with_the_step_they_are_of(lab, make_frame) -> None:
    lab.add("run-one", CONFIG, [make_frame(CONFIG, 0, planes=True), make_frame(CONFIG, 1)])
    source = RunSource("run-one", lab)
    source.snapshot()
    found = source.planes(1)
    assert found is not None and found[0] == 0


def test_previews_and_unknown_runs(lab, make_frame) -> None:
    lab.previews["abc"] = (CONFIG, make_frame(CONFIG, 0))
    assert PreviewSource("preview-abc", lab).snapshot().status.phase == "preview"
    with pytest.raises(Unknown, match="run-two"):
        RunSource("run-two", lab)


def test_a_deleted_run_says_so(lab, make_frame) -> None:
    lab.add("run-one", CONFIG, [make_frame(CONFIG, 0)])
    source = RunSource("run-one", lab)
    source.snapshot()
    del lab.states["run-one"]
    with pytest.raises(Unknown):
        source.snapshot()


def test_only_some_sources_are_kept(lab, make_frame) -> None:
    sources = Sources(lab)
    for k in range(KEPT_SOURCES + 5):
        lab.add(f"run-{k}", CONFIG, [make_frame(CONFIG, 0)])
        sources.get(f"run-{k}")
    assert sources.kept("run-0") is None and sources.kept(f"run-{KEPT_SOURCES + 4}") is not None
