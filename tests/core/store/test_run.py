import contextlib
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from core.store import RunFileError, RunWriter, export, load_run, run_path
from core.store.folder import data_folder

ID = "abcdef123456"
RECORDED = (0, 3, 6, 9, 10)


@pytest.fixture
def path(config, make_frame) -> Path:
    """A run that recorded steps 0, 3, 6, 9 and 10; weights at 0 and 6, planes at 3."""
    path = run_path(data_folder(), ID)
    writer = RunWriter(path, ID, config, 1)
    before = -1
    for step in RECORDED:
        writer.append(make_frame(step, before + 1, planes=step == 3, weights=step in (0, 6)))
        before = step
    writer.close(over=True)
    return path


def test_a_run_is_found_by_id_and_by_path(path, config) -> None:
    assert load_run(ID).config == load_run(path).config == config
    assert load_run(path).id == ID and load_run(path).digest == config.digest()


def test_frames_come_in_order_and_from_where_one_left_off(path) -> None:
    run = load_run(path)
    assert [frame.step for frame in run.frames()] == list(RECORDED)
    assert [frame.step for frame in run.frames(after=4)] == [6, 9, 10]
    assert run.last_step == 10 and list(run.frames(after=10)) == []


def test_a_moment_is_the_recorded_frame_at_or_before_it(path) -> None:
    run = load_run(path)
    assert [run.frame(step).step for step in (0, 2, 3, 8, 99)] == [0, 0, 3, 6, 10]
    assert run.frame(-1) is None


def test_planes_and_weights_have_schedules_of_their_own(path, make_frame) -> None:
    run = load_run(path)
    assert run.plane_steps.tolist() == [3] and run.weight_steps.tolist() == [0, 6]
    assert run.planes(2) is None and run.planes(9).h.shape == (6, 2, 3)
    np.testing.assert_equal(run.weights(5), make_frame(0, weights=True).weights)
    np.testing.assert_equal(run.weights(6), make_frame(6, weights=True).weights)


def test_scalars_are_those_of_every_step_however_few_are_recorded(path) -> None:
    run = load_run(path)
    assert run.scalars()["step"].tolist() == list(range(11))
    later = run.scalars(after=4)
    assert later["step"].tolist() == [5, 6, 7, 8, 9, 10]
    assert all(len(values) == 6 for values in later.values())
    assert np.isinf(run.scalars()["grad_norm"][[0, 3, 6, 9, 10]]).all()
    assert run.scalars(after=10)["loss"].shape == (0,)


def test_more_frames_than_one_read_takes(config, make_frame) -> None:
    path = run_path(data_folder(), ID)
    with RunWriter(path, ID, config, 1) as writer:
        for step in range(150):
            writer.append(make_frame(step))
    assert [frame.step for frame in load_run(path).frames()] == list(range(150))


def test_the_rate_is_that_of_the_last_seconds(path) -> None:
    with sqlite3.connect(path) as database:
        for step, wall in zip(RECORDED, (0.0, 50.0, 100.0, 101.0, 102.0)):
            database.execute("UPDATE frames SET wall = ? WHERE step = ?", (wall, step))
    database.close()
    assert load_run(path).rate == pytest.approx((10 - 6) / 2)


def test_the_rate_of_slow_frames_is_that_of_the_last_two(path) -> None:
    with sqlite3.connect(path) as database:
        for step, wall in zip(RECORDED, (0.0, 50.0, 100.0, 200.0, 300.0)):
            database.execute("UPDATE frames SET wall = ? WHERE step = ?", (wall, step))
    database.close()
    assert load_run(path).rate == pytest.approx(0.01)


def test_a_run_without_frames_yet(config) -> None:
    path = run_path(data_folder(), ID)
    with RunWriter(path, ID, config, 1):
        run = load_run(ID)
        assert (run.last_step, run.rate, run.checkpoint_step, run.frame(5)) == (-1, 0.0, -1, None)


@pytest.mark.parametrize("name", ["nothing-there", "no/such/file.sqlite"])
def test_a_missing_run_is_a_sentence(name) -> None:
    with pytest.raises(RunFileError, match="There is no run"):
        load_run(name)


def test_a_file_that_is_no_database_is_a_sentence(tmp_path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are not the frames you are looking for. " * 200)
    with pytest.raises(RunFileError, match="damaged or not a run file"):
        load_run(path)


def test_an_empty_file_is_a_sentence(tmp_path) -> None:
    path = tmp_path / "empty.sqlite"
    path.touch()
    with pytest.raises(RunFileError, match="not a run of Unrolled"):
        load_run(path)


def test_a_foreign_database_is_a_sentence(tmp_path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE cheese (name TEXT)")
    database.close()
    with pytest.raises(RunFileError, match="some other database"):
        load_run(path)


def test_a_newer_format_is_a_sentence(path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(RunFileError, match=r"newer Unrolled .*Update"):
        load_run(path)


def test_settings_of_another_version_are_a_sentence(path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("UPDATE meta SET config = '{\"lr\": -1}'")
    database.close()
    with pytest.raises(RunFileError, match="not of this version"):
        load_run(path)


def test_a_damaged_record_is_a_sentence(path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("UPDATE frames SET profile = x'00112233' WHERE step = 6")
    database.close()
    run = load_run(path)
    assert run.frame(3).step == 3
    with pytest.raises(RunFileError, match="a record cannot be read"):
        run.frame(6)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_truncated_file_is_a_sentence(path, tmp_path, share) -> None:
    cut = tmp_path / "cut.sqlite"
    content = path.read_bytes()
    cut.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(RunFileError, match=r"damaged|cannot be read"):
        list(load_run(cut).frames())


@pytest.mark.parametrize("seed", range(20))
def test_damage_anywhere_is_read_or_said_but_never_a_crash(path, tmp_path, seed) -> None:
    content = bytearray(path.read_bytes())
    draw = np.random.default_rng(seed)
    for position in draw.integers(0, len(content), 200):
        content[position] = draw.integers(256)
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(content)
    try:
        run = load_run(damaged)
        list(run.frames()), run.scalars(), run.weights(99), run.planes(99), run.rate
    except RunFileError as error:
        assert "damaged.sqlite" in str(error)


def test_a_deleted_run_is_a_sentence(path) -> None:
    run = load_run(path)
    path.unlink()
    with pytest.raises(RunFileError, match="has been deleted"):
        _ = run.last_step


def test_an_export_holds_what_a_plain_copy_of_a_live_run_misses(tmp_path, config, make_frame) -> None:
    path = run_path(data_folder(), ID)
    out = tmp_path / "shared.sqlite"
    with RunWriter(path, ID, config, 1) as writer:
        for step in range(20):
            writer.append(make_frame(step))
        writer.flush()
        shutil.copy(path, tmp_path / "copied.sqlite")
        assert export(ID, out) == out
    assert load_run(out).recorded_steps.tolist() == list(range(20))
    assert load_run(out).config == config
    assert out.read_bytes()[18] == 1  # a plain file: nothing beside it is needed
    with contextlib.suppress(RunFileError):
        assert load_run(tmp_path / "copied.sqlite").last_step < 19


def test_an_export_replaces_an_older_copy_but_not_the_run_itself(path, tmp_path) -> None:
    out = tmp_path / "copy.sqlite"
    out.write_text("old")
    export(path, out)
    assert load_run(out).last_step == 10
    with pytest.raises(RunFileError, match="is the run itself"):
        export(path, path)
    with pytest.raises(RunFileError, match="cannot be copied"):
        export(path, tmp_path / "missing" / "copy.sqlite")


def test_processor_time_of_a_step_is_that_of_a_frame_by_the_steps_between(config, make_frame) -> None:
    path = run_path(data_folder(), ID)
    with RunWriter(path, ID, config, 1) as writer:
        for step, cpu in ((0, None), (2, 0.5), (4, 1.0)):
            writer.append(make_frame(step), cpu)
    with RunWriter(path, ID, config, 2) as writer:  # another turn, whose first frame brings in what others find there
        writer.append(make_frame(8))
        writer.append(make_frame(10), 3.0)
    run = load_run(path)
    np.testing.assert_allclose(run.step_seconds(), [np.nan, 0.25, 0.5, np.nan, 1.5])
    np.testing.assert_allclose(run.step_seconds(after=4), [np.nan, 1.5])
    assert run.step_seconds(after=10).size == 0


def test_a_run_of_before_has_no_processor_time_and_can_go_on(config, make_frame) -> None:
    path = run_path(data_folder(), ID)
    with RunWriter(path, ID, config, 1) as writer:
        writer.append(make_frame(0), 9.0)
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("ALTER TABLE frames DROP COLUMN cpu")
    assert [frame.step for frame in load_run(path).frames()] == [0]
    np.testing.assert_equal(load_run(path).step_seconds(), [np.nan])
    with RunWriter(path, ID, config, 2) as writer:
        writer.append(make_frame(3), 0.6)
    run = load_run(path)
    np.testing.assert_allclose(run.step_seconds(), [np.nan, 0.2])
    assert [frame.step for frame in run.frames()] == [0, 3]
