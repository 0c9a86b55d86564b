"""One worker program with real training, which all of these tests share: what a visitor asks is done."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from core.config import RunConfig
from core.errors import UnrolledError
from core.lab.client import Lab
from core.lab.worker import ALREADY_RUNNING
from core.questions import Contributions, TruncationBias, TruncationCost
from core.store import run_path
from core.store.folder import unlink_run
from core.training import train

pytestmark = pytest.mark.slow

CONFIG = RunConfig.preset("temporal-order-lstm", steps=60)
LONG = CONFIG.replace(steps=100_000)
"""Finished runs answer for their settings: every test has seeds of its own."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNROLLED_MAX_MINUTES", "1000")
        lab = Lab(tmp_path_factory.mktemp("shared"))
    yield lab
    lab.catalog.close()


@pytest.fixture(scope="module", autouse=True)
def worker(lab: Lab, workers_of) -> Iterator[subprocess.Popen[bytes]]:
    with workers_of(lab.folder) as workers:
        yield workers.start()


def test_a_run_is_carried_out_and_ends_with_the_bits_of_a_plain_training(lab, wait_until, whole, same_bits) -> None:
    config = CONFIG.replace(seed=1)
    info = lab.submit(config, "me")
    wait_until(lambda: lab.info(info.id).status == "finished")
    same_bits(whole(config), lab.run(info.id))
    assert "score" in lab.info(info.id).outcome
    again = lab.submit(config, "you")
    assert again.reused and again.id == info.id


def test_a_preview_is_the_first_frame_of_the_run_and_can_be_asked_about(lab) -> None:
    frame = lab.preview(CONFIG, wait=240)
    assert (frame.grad_h == next(train(CONFIG)).grad_h).all() and frame.planes is not None
    assert (lab.preview_of(lab.preview_id(CONFIG))[1].grad_h == frame.grad_h).all()
    answer = lab.wait_for(TruncationBias(), f"preview-{lab.preview_id(CONFIG)}", seconds=240)
    assert answer.step == 0 and answer.arrays["windows.K"][-1] == CONFIG.task.length


def test_pause_step_resume_keep_the_bits(lab, wait_until, whole, same_bits) -> None:
    config = CONFIG.replace(seed=2, steps=300)
    info = lab.submit(config, "me")
    wait_until(lambda: lab.info(info.id).step >= 3)
    lab.pause(info.id, "me")
    wait_until(lambda: lab.info(info.id).status == "paused")
    for _ in range(3):
        before = lab.info(info.id).step
        lab.step(info.id, "me")
        wait_until(lambda: lab.info(info.id).status == "paused")
        assert lab.info(info.id).step == before + 1
    lab.resume(info.id, "me")
    wait_until(lambda: lab.info(info.id).status == "finished")
    same_bits(whole(config), lab.run(info.id))


def test_many_runs_share_few_processes(lab, wait_until) -> None:
    infos = [lab.submit(LONG.replace(seed=seed), f"student {seed}") for seed in range(10, 18)]
    wait_until(lambda: all(lab.info(info.id).step > 0 for info in infos), "all have begun")
    before = {info.id: lab.info(info.id).step for info in infos}
    wait_until(lambda: all(lab.info(info.id).step > before[info.id] for info in infos), "all have gone on")
    for info in infos:
        lab.stop(info.id, f"student {info.config.seed}")
    wait_until(lambda: all(lab.info(info.id).status == "stopped" for info in infos))


def test_a_run_that_explodes_at_once_is_a_finding(lab, wait_until) -> None:
    config = RunConfig.from_flat(
        {"cell.name": "rnn", "cell.activation": "relu", "cell.init": "identity", "lr": 10, "clip": "none", "steps": 500}
    )
    info = lab.submit(config, "me")
    wait_until(lambda: lab.info(info.id).status == "finished")
    outcome = lab.info(info.id).outcome
    assert outcome.startswith(("The loss is not a number from step", "The loss is infinite from step")), outcome
    assert "`clip`" in outcome


def test_an_error_of_the_training_fails_that_run_alone(lab, wait_until) -> None:
    bad = lab.submit(LONG.replace(seed=30), "me")
    lab.pause(bad.id, "me")
    wait_until(lambda: lab.info(bad.id).status == "paused")
    unlink_run(run_path(lab.folder, bad.id))
    run_path(lab.folder, bad.id).write_bytes(b"scrambled" * 1000)
    lab.resume(bad.id, "me")
    good = lab.submit(CONFIG.replace(seed=31), "me")
    wait_until(lambda: lab.info(bad.id).status == "failed" and lab.info(good.id).status == "finished")
    assert "damaged" in lab.info(bad.id).outcome


def test_a_preview_of_another_version_fails_with_a_sentence(lab, wait_until) -> None:
    lab.questions.ask("broken", "preview", "{}garbage")

    def both_failed() -> bool:
        if lab.questions.status("future") != "failed":
            lab.questions.ask("future", "prophecy", "{}")  # again and again, as whoever waits does
        return lab.questions.status("future") == lab.questions.status("broken") == "failed"

    wait_until(both_failed)
    assert "is of another version" in lab.questions.get("future").error
    assert "computation failed" in lab.questions.get("broken").error


def test_questions_are_answered_while_runs_train(lab, wait_until) -> None:
    infos = [lab.submit(LONG.replace(seed=seed), "me") for seed in (20, 21)]
    wait_until(lambda: all(lab.info(info.id).step > 200 for info in infos), "both train")
    for question in (TruncationBias(), Contributions(), TruncationCost()):
        answer = lab.wait_for(question, infos[0].id, 100, seconds=240)
        assert answer.step == (100 if question.changes else 0) and answer.meta["sequences"] >= 8
    assert all(lab.info(info.id).status in ("running", "queued") for info in infos)
    for info in infos:
        lab.delete(info.id, "me")
    with pytest.raises(UnrolledError, match="There is no run"):
        lab.ask(TruncationBias(), infos[0].id, 100)


def test_a_second_worker_says_so_and_leaves(lab, worker) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "core", "worker"],
        env=os.environ | {"UNROLLED_DATA": str(lab.folder)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert second.returncode == ALREADY_RUNNING
    assert f"already serves {lab.folder} (process {worker.pid})" in second.stderr
    assert worker.poll() is None
