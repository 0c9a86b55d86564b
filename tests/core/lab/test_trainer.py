"""Stints, in this process and without torch: every way a turn can end, and the same bits after any of them."""

import math
import time
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import update

from core.config import RunConfig
from core.errors import UnrolledError
from core.lab.processes import leaving
from core.lab.trainer import outcome_of, quantum, run_stint
from core.store import Ended, RunBusy, RunWriter, StorageFull, load_run, run_path
from core.store.tables import runs

CONFIG = RunConfig.preset("temporal-order-lstm", steps=20)


@pytest.fixture
def row(lab):
    lab.submit(CONFIG, "me")
    return lab.catalog.claim()


@pytest.fixture
def path(lab, row):
    return run_path(lab.folder, row.id)


@pytest.fixture
def whole(lab, fake, tmp_path):
    """The same run, never interrupted."""
    path = tmp_path / "whole.sqlite"
    with RunWriter(path, "whole-run", CONFIG, 1) as writer:
        for frame in fake(CONFIG, None):
            writer.append(frame)
    return path


def acting(fake, at: int, action):
    """A fake training that does something just before it hands out frame ``at``."""

    class Acting(fake):
        def __next__(self):
            frame = super().__next__()
            if frame.step == at:
                action()
            return frame

    return Acting


def turn(lab, row, train) -> Ended:
    """One stint and its settlement, as the worker does it."""
    ended = run_stint(str(lab.folder), row.id, row.attempt, train)
    lab.catalog.settle(row.id, row.attempt, ended)
    return ended


def test_a_run_left_alone_ends(lab, row, path, whole, fake, same_bits) -> None:
    ended = turn(lab, row, fake)
    assert (ended.status, ended.step) == ("finished", 20) and ended.outcome.startswith("Finished 20 steps")
    same_bits(whole, path)
    assert lab.info(row.id).status == "finished"
    assert path.read_bytes()[18] == 1  # plain again


@pytest.mark.parametrize("at", [0, 1, 7, 19])
def test_pause_and_resume_keep_the_bits(lab, row, path, whole, fake, same_bits, monkeypatch, at) -> None:
    monkeypatch.setattr("core.lab.trainer.POLL_SECONDS", 0.0)
    ended = turn(lab, row, acting(fake, at, lambda: lab.pause(row.id, "me")))
    assert (ended.status, ended.step) == ("paused", at)
    assert (lab.info(row.id).status, lab.info(row.id).step) == ("paused", at)
    lab.resume(row.id, "me")
    assert turn(lab, lab.catalog.claim(), fake).status == "finished"
    same_bits(whole, path)


def test_steps_go_one_recorded_frame_each_and_keep_the_bits(
    lab, row, path, whole, fake, same_bits, monkeypatch
) -> None:
    monkeypatch.setattr("core.lab.trainer.POLL_SECONDS", 0.0)
    turn(lab, row, acting(fake, 2, lambda: lab.pause(row.id, "me")))
    for step in (3, 4, 5):
        lab.step(row.id, "me")
        assert turn(lab, lab.catalog.claim(), fake).step == step
        assert lab.info(row.id).status == "paused"
    lab.step(row.id, "me")
    lab.step(row.id, "me")  # asked for twice before the first was done
    turn(lab, lab.catalog.claim(), fake)
    assert lab.info(row.id).step == 7
    lab.resume(row.id, "me")
    turn(lab, lab.catalog.claim(), fake)
    same_bits(whole, path)


def test_stop_keeps_what_is_recorded(lab, row, path, fake, monkeypatch) -> None:
    monkeypatch.setattr("core.lab.trainer.POLL_SECONDS", 0.0)
    turn(lab, row, acting(fake, 6, lambda: lab.stop(row.id, "me")))
    assert (lab.info(row.id).status, lab.info(row.id).outcome) == ("stopped", "Stopped at step 6 of 20.")
    assert load_run(path).last_step == 6 and path.read_bytes()[18] == 1


def test_a_deleted_run_ends_its_training(lab, row, path, fake, monkeypatch) -> None:
    monkeypatch.setattr("core.lab.trainer.POLL_SECONDS", 0.0)
    trained = []

    class Watched(fake):
        def __next__(self):
            frame = super().__next__()
            trained.append(frame.step)
            if frame.step == 4:
                lab.delete(row.id, "me")
            return frame

    turn(lab, row, Watched)
    assert trained[-1] == 4 and lab.info(row.id) is None and not path.exists()


def test_a_trainer_asked_to_leave_saves_its_state(lab, row, path, whole, fake, same_bits) -> None:
    ended = turn(lab, row, acting(fake, 5, leaving.set))
    assert ended == Ended("queued", 5) and load_run(path).checkpoint_step == 5
    leaving.clear()
    turn(lab, lab.catalog.claim(), fake)
    same_bits(whole, path)


def test_a_turn_ends_when_others_wait_and_not_before(lab, row, fake, monkeypatch) -> None:
    monkeypatch.setattr("core.lab.trainer.POLL_SECONDS", 0.0)
    monkeypatch.setattr("core.lab.trainer.quantum", lambda waiting, fresh: 0.0 if waiting else math.inf)
    submitted = lab.submit(CONFIG.replace(seed=1), "you")
    overdue(lab, submitted.id)
    assert turn(lab, row, fake) == Ended("queued", 0)
    assert [lab.catalog.claim().id, lab.catalog.claim().id] == [submitted.id, row.id]


def overdue(lab, run_id: str) -> None:
    """As if the run had been queued for an hour."""
    with lab.catalog.write() as connection:
        connection.execute(update(runs).where(runs.c.id == run_id).values(queued=time.time() - 3600))


def test_turns_are_shorter_the_more_wait() -> None:
    assert quantum(0, 0) == math.inf
    assert quantum(1, 0) == 2.0 > quantum(2, 0) > quantum(30, 0) == 0.5 > quantum(1, 1)


def test_a_killed_stint_is_resumed_with_the_same_bits(lab, row, path, whole, fake, same_bits, monkeypatch) -> None:
    monkeypatch.setattr("core.lab.trainer.CHECKPOINT_SECONDS", 0.0)

    def die() -> None:
        monkeypatch.setattr("core.lab.trainer.CHECKPOINT_SECONDS", math.inf)

    class Dies(fake):
        def __next__(self):
            frame = super().__next__()
            if frame.step == 8:
                die()
            if frame.step == 13:
                raise KeyboardInterrupt  # frames 9 to 12 are recorded, the checkpoint is that of 7
            return frame

    with pytest.raises(KeyboardInterrupt):
        run_stint(str(lab.folder), row.id, row.attempt, Dies)
    assert (load_run(path).last_step, load_run(path).checkpoint_step) == (12, 7)
    lab.catalog.settle(row.id, row.attempt, Ended("queued", 7, crashed=True))
    turn(lab, lab.catalog.claim(), fake)
    same_bits(whole, path)


def test_a_run_that_died_after_its_last_frame_just_ends(lab, row, path, whole, fake, same_bits) -> None:
    training = fake(CONFIG, None)
    with RunWriter(path, row.id, CONFIG, 1) as writer:
        for frame in training:
            writer.append(frame)
        writer.save_checkpoint(20, training.checkpoint())
    assert turn(lab, row, fake) == Ended("finished", 20, outcome_of(path))
    same_bits(whole, path)


def test_a_loss_that_is_no_number_is_a_finding(lab, row, path, fake) -> None:
    class Explodes(fake):
        explodes_at = 12

    ended = turn(lab, row, Explodes)
    assert ended.status == "finished"
    assert ended.outcome.startswith("The loss is not a number from step 12 on: the gradient norm had reached 0.")
    assert "Lower `lr` (=0.02)" in ended.outcome


def test_a_full_disk_pauses_the_run_and_it_goes_on_later(lab, row, path, whole, fake, same_bits, monkeypatch) -> None:
    monkeypatch.setattr("core.lab.trainer.CHECKPOINT_SECONDS", 0.0)

    class Full(RunWriter):
        def append(self, frame, cpu=None):
            if frame.step == 5:
                pages = self._connection.exec_driver_sql("PRAGMA page_count").scalar()
                self._connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
                frame = replace(frame, weights={"large": np.zeros(100_000)})
            super().append(frame, cpu)

    monkeypatch.setattr("core.lab.trainer.RunWriter", Full)
    ended = turn(lab, row, fake)
    assert ended.status == "paused" and ended.outcome.startswith("Paused: The disk that holds")
    assert lab.info(row.id).status == "paused" and "then resume" in lab.info(row.id).outcome
    monkeypatch.setattr("core.lab.trainer.RunWriter", RunWriter)
    lab.resume(row.id, "me")
    assert lab.info(row.id).outcome == ""
    turn(lab, lab.catalog.claim(), fake)
    same_bits(whole, path)


def test_a_disk_full_before_the_first_frame_pauses_the_run_too(lab, row, fake, monkeypatch) -> None:
    def full(*args) -> RunWriter:
        raise StorageFull("The disk is full.")

    monkeypatch.setattr("core.lab.trainer.RunWriter", full)
    ended = turn(lab, row, fake)
    assert (ended.status, ended.outcome) == ("paused", "Paused: The disk is full.")


def test_a_second_trainer_of_a_run_is_refused(lab, row, path, fake) -> None:
    with RunWriter(path, row.id, CONFIG, 1), pytest.raises(RunBusy):
        run_stint(str(lab.folder), row.id, row.attempt, fake)


def test_a_stint_of_a_former_attempt_does_nothing(lab, row, path, fake) -> None:
    assert run_stint(str(lab.folder), row.id, row.attempt - 1, fake) == Ended("stopped", -1)
    assert not path.exists()


def test_a_checkpoint_of_another_engine_is_a_sentence(lab, row, path) -> None:
    with RunWriter(path, row.id, CONFIG, 1) as writer:
        writer.save_checkpoint(3, b"what an older engine wrote")
    with pytest.raises(UnrolledError, match="checkpoint"):
        run_stint(str(lab.folder), row.id, row.attempt)
