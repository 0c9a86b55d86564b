"""A run file from elsewhere: the same numbers under an id of this server, and nothing that was slipped in."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from core.lab.client import Lab
from core.store import RunFileError, RunWriter, export
from core.store.notes import Note


@pytest.fixture
def lab():
    lab = Lab()
    yield lab
    lab.catalog.close()


@pytest.fixture
def saved(tmp_path: Path, config, make_frame) -> Path:
    """A run file of four frames, as “Run file” saves it."""
    config = config.replace(**{"task.length": 10, "cell.hidden_size": 3})
    path, flow = tmp_path / "elsewhere.sqlite", np.linspace(0, 1, 11)
    with RunWriter(path, "elsewhere", config, 1) as writer:
        for step in range(4):
            frame = make_frame(step, planes=step == 2, weights=step == 3)
            profiles = dict.fromkeys(("grad_h", "grad_c", "flow", "flow_last"), flow * (step + 1))
            writer.append(type(frame)(**{**vars(frame), **profiles}))
        writer.close(over=True)
    return export(path, tmp_path / "copy.sqlite")


def test_it_comes_back_as_it_went(lab: Lab, saved: Path, tmp_path: Path) -> None:
    from core.store import load_run

    info = lab.bring_run(saved.read_bytes(), "me")
    assert info.status == "stopped" and info.step == 3 and lab.may_steer(info.id, "me")
    there, here = load_run(saved), lab.run(info.id)
    assert here is not None and here.config == there.config and here.id != there.id
    again = load_run(export(here, tmp_path / "again.sqlite"))
    for run in (here, again):
        for one, other in zip(there.frames(), run.frames(), strict=True):
            assert np.array_equal(one.flow, other.flow) and one.history.keys() == other.history.keys()
            for name in one.history:
                assert np.array_equal(one.history[name], other.history[name], equal_nan=True)
        for name, values in (there.weights(3) or {}).items():
            assert np.array_equal(values, (run.weights(3) or {})[name])
        before, after = there.planes(2), run.planes(2)
        assert before is not None and after is not None and np.array_equal(before.h, after.h)
    assert [run.id for run in lab.own_runs("me")] == [info.id] and lab.own_runs("you") == []


def test_it_never_answers_for_a_training(lab: Lab, saved: Path) -> None:
    """Whoever presses Train with its settings gets numbers that were measured here."""
    info = lab.bring_run(saved.read_bytes(), "me")
    assert lab.find(info.config, "me") is None and lab.find(info.config, "you") is None


@pytest.mark.parametrize(
    "forged",
    [
        "CREATE TRIGGER t AFTER INSERT ON frames BEGIN DELETE FROM meta; END",
        "CREATE VIEW v AS SELECT * FROM meta",
        "CREATE TABLE other (x)",
        "DROP TABLE meta",
        "UPDATE meta SET config = '{\"task\": 3}'",
        "UPDATE frames SET profile = x'00'",
        "UPDATE frames SET step = step + 100",
        "DELETE FROM frames",
        "PRAGMA application_id = 7",
    ],
)
def test_what_was_forged_is_refused_with_a_sentence_and_leaves_nothing(lab: Lab, saved: Path, forged: str) -> None:
    with sqlite3.connect(saved) as connection:
        connection.execute(forged)
    connection.close()
    with pytest.raises(RunFileError) as error:
        lab.bring_run(saved.read_bytes(), "me")
    assert str(error.value).endswith(".") and "/" not in str(error.value)
    assert not lab.own_runs("me") and not list((lab.folder / "runs").iterdir())


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(500)])
def test_so_is_what_is_no_run_at_all(lab: Lab, content: bytes) -> None:
    with pytest.raises(RunFileError, match=r"The file .*\."):
        lab.bring_run(content, "me")
    assert not list((lab.folder / "runs").iterdir())


def test_a_note_is_its_writers_alone_and_goes_with_the_run(lab: Lab, saved: Path) -> None:
    run = lab.bring_run(saved.read_bytes(), "me").id
    lab.write_note(run, "me", Note(" first ", True, "look here"))
    assert lab.notes("me") == {run: Note("first", True, "look here")} and lab.notes("you") == {}
    lab.write_note(run, "me", Note())
    assert lab.notes("me") == {}
    lab.write_note(run, "me", Note("again"))
    lab.delete(run, "me")
    assert lab.notes("me") == {}
