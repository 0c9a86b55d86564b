import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from core.store import RunBusy, RunWriter, StaleAttempt, StorageFull, load_run, run_path
from core.store.folder import data_folder

ID = "abcdef123456"


@pytest.fixture
def path(data_folder_of_test: Path) -> Path:
    return run_path(data_folder_of_test, ID)


@pytest.fixture
def data_folder_of_test() -> Path:
    return data_folder()


def journal_mode(path: Path) -> str:
    """As the file's header has it: 2 for WAL, 1 for a plain file."""
    return {2: "wal", 1: "plain"}[path.read_bytes()[18]]


def test_a_live_run_is_read_while_it_is_written(path, config, make_frame) -> None:
    with RunWriter(path, ID, config, 1) as writer:
        for step in range(3):
            writer.append(make_frame(step))
        writer.flush()
        assert load_run(path).recorded_steps.tolist() == [0, 1, 2]
        assert journal_mode(path) == "wal"


def test_a_run_that_is_over_is_one_plain_file(path, config, make_frame) -> None:
    writer = RunWriter(path, ID, config, 1)
    writer.append(make_frame(0))
    writer.close(over=True)
    assert journal_mode(path) == "plain"
    assert [other.name for other in path.parent.iterdir()] == [path.name]


def test_a_second_writer_is_refused(path, config) -> None:
    with RunWriter(path, ID, config, 1), pytest.raises(RunBusy, match=f"process {os.getpid()}"):
        RunWriter(path, ID, config, 2)
    RunWriter(path, ID, config, 2).close()


def test_an_earlier_attempt_is_refused(path, config) -> None:
    RunWriter(path, ID, config, 3).close()
    with pytest.raises(StaleAttempt):
        RunWriter(path, ID, config, 2)
    RunWriter(path, ID, config, 3).close()  # the refused one let go of the lock


def test_nothing_is_stored_once_another_attempt_is_current(path, config, make_frame) -> None:
    with RunWriter(path, ID, config, 1) as writer:
        writer.append(make_frame(0))
        writer.flush()
        with sqlite3.connect(path) as elsewhere:
            elsewhere.execute("UPDATE meta SET attempt = 2")
        elsewhere.close()
        with pytest.raises(StaleAttempt, match="attempt 2 has it now"):
            writer.append(make_frame(1))
        with pytest.raises(StaleAttempt):
            writer.save_checkpoint(1, b"late")
    assert load_run(path).recorded_steps.tolist() == [0]


def test_checkpoints_replace_one_another(path, config) -> None:
    with RunWriter(path, ID, config, 1) as writer:
        assert writer.checkpoint() is None
        writer.save_checkpoint(3, b"three")
        writer.save_checkpoint(7, b"seven")
    with RunWriter(path, ID, config, 2) as writer:
        found = writer.checkpoint()
        assert found is not None and (found.step, found.body) == (7, b"seven")
    assert load_run(path).checkpoint_step == 7


def test_a_step_appended_again_replaces_the_former(path, config, make_frame) -> None:
    with RunWriter(path, ID, config, 1) as writer:
        for step in range(4):
            writer.append(make_frame(step, planes=True, weights=True))
    with RunWriter(path, ID, config, 2) as writer:
        for step in range(2, 6):
            writer.append(make_frame(step, planes=True, weights=True))
    run = load_run(path)
    assert run.recorded_steps.tolist() == run.plane_steps.tolist() == run.weight_steps.tolist() == list(range(6))


def test_a_full_disk_is_a_sentence_and_loses_nothing(path, config, make_frame) -> None:
    with RunWriter(path, ID, config, 1) as writer:
        writer.append(make_frame(0))
        writer.save_checkpoint(0, b"state")
        pages = writer._connection.exec_driver_sql("PRAGMA page_count").scalar()
        writer._connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 3}")
        with pytest.raises(StorageFull, match=r"full\. What was recorded is kept; free some space"):
            for step in range(1, 1000):
                writer.append(make_frame(step, planes=True, weights=True))
    run = load_run(path)
    kept = run.recorded_steps.tolist()
    assert kept == list(range(len(kept))) and kept
    with RunWriter(path, ID, config, 2) as writer:  # there is room again
        writer.append(make_frame(len(kept)))
    assert load_run(path).last_step == len(kept)


def test_a_disk_full_at_the_commit_leaves_a_writer_that_can_be_closed(path, config, make_frame, monkeypatch) -> None:
    def no_room(connection) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = "SQLITE_FULL"
        raise error

    writer = RunWriter(path, ID, config, 1)
    writer.save_checkpoint(0, b"state")
    with monkeypatch.context() as patch:
        patch.setattr(writer._connection.dialect, "do_commit", no_room)
        with pytest.raises(StorageFull):
            writer.save_checkpoint(1, b"later")
    writer.close()
    assert load_run(path).checkpoint_step == 0


def test_frames_leave_room_on_the_disk_for_the_catalog(path, config, make_frame, monkeypatch) -> None:
    with RunWriter(path, ID, config, 1) as writer:
        writer.append(make_frame(0))
        monkeypatch.setattr("core.store.run_file.RESERVED_BYTES", 2**62)
        with pytest.raises(StorageFull, match="free some space, then resume"):
            writer.append(make_frame(1))
    assert load_run(path).recorded_steps.tolist() == [0]


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path, config) -> None:
    with pytest.raises(StorageFull, match="cannot be written"):
        RunWriter(tmp_path / "missing" / "run.sqlite", ID, config, 1)


CHILD = """
import sys, time
from pathlib import Path
from core.config import RunConfig
from core.store import RunWriter
writer = RunWriter(Path(sys.argv[1]), sys.argv[2], RunConfig(), 1)
writer.save_checkpoint(4, b"state")
print("ready", flush=True)
time.sleep(600)
"""


@pytest.mark.slow
def test_the_lock_goes_with_its_killed_holder_and_what_it_stored_stays(path) -> None:
    from core.config import RunConfig

    with subprocess.Popen([sys.executable, "-c", CHILD, str(path), ID], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
        with pytest.raises(RunBusy, match=f"process {child.pid}"):
            RunWriter(path, ID, RunConfig(), 2)
        child.send_signal(signal.SIGKILL)
    with RunWriter(path, ID, RunConfig(), 2) as writer:
        found = writer.checkpoint()
        assert found is not None and found.step == 4
