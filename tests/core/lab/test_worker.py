"""The worker program with real training: what a visitor asks is done, and no kill costs more than seconds."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.config import RunConfig
from core.errors import UnrolledError
from core.lab.worker import ALREADY_RUNNING, ANALYST_NICE, MAX_FAILURES, after_crash
from core.store import RunFileError, RunWriter, load_run, run_path
from core.training import train

pytestmark = pytest.mark.slow

CONFIG = RunConfig.preset("temporal-order-lstm", steps=60)
LONG = CONFIG.replace(steps=100_000)
LIMITS = {"UNROLLED_MAX_MINUTES": "1000"}


@pytest.fixture(autouse=True)
def long_runs_allowed(monkeypatch) -> None:
    for name, value in LIMITS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def whole(tmp_path):
    """``whole(config)``: the run of this config as it is when nobody disturbs it."""

    def record(config: RunConfig) -> Path:
        path = tmp_path / f"{config.digest()}.sqlite"
        with RunWriter(path, "whole-run", config, 1) as writer:
            for frame in train(config):
                writer.append(frame)
        return path

    return record


def trainer_of(lab, run_id: str) -> int:
    """Process id of the trainer that has the run; 0 while none has."""
    try:
        return int((lab.folder / "runs" / f"{run_id}.lock").read_text() or 0)
    except (FileNotFoundError, ValueError):
        return 0


def kill(pid: int) -> None:
    """As the kernel does when memory runs out. 0 would mean every process of the group."""
    if pid > 1:
        os.kill(pid, signal.SIGKILL)


def checkpointed(lab, run_id: str, after: int = -1) -> bool:
    try:
        return load_run(run_path(lab.folder, run_id)).checkpoint_step > after
    except RunFileError:
        return False


def test_a_run_is_carried_out_and_ends_with_the_bits_of_a_plain_training(
    lab, workers, wait_until, whole, same_bits
) -> None:
    workers.start()
    info = lab.submit(CONFIG, "me")
    wait_until(lambda: lab.info(info.id).status == "finished")
    same_bits(whole(CONFIG), lab.run(info.id))
    assert "score" in lab.info(info.id).outcome
    again = lab.submit(CONFIG, "you")
    assert again.reused and again.id == info.id


def test_a_preview_is_the_first_frame_of_the_run(lab, workers, whole, wait_until) -> None:
    workers.start()
    frame = lab.preview(CONFIG, wait=240)
    assert (frame.grad_h == next(train(CONFIG)).grad_h).all() and frame.planes is not None
    assert (lab.preview_of(lab.preview_id(CONFIG))[1].grad_h == frame.grad_h).all()


def test_pause_step_resume_keep_the_bits(lab, workers, wait_until, whole, same_bits) -> None:
    workers.start()
    config = CONFIG.replace(steps=300)
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


def test_stop_and_delete_free_the_trainer(lab, workers, wait_until) -> None:
    workers.start(UNROLLED_PROCESSES="1")
    stopped, deleted = lab.submit(LONG, "me"), lab.submit(LONG.replace(seed=1), "me")
    wait_until(lambda: lab.info(stopped.id).step >= 0 and lab.info(deleted.id).step >= 0, "both run")
    lab.stop(stopped.id, "me")
    lab.delete(deleted.id, "me")
    wait_until(lambda: lab.info(stopped.id).status == "stopped")
    last = lab.submit(CONFIG, "me")
    wait_until(lambda: lab.info(last.id).status == "finished")
    wait_until(lambda: not list((lab.folder / "runs").glob(f"{deleted.id}*")), "the deleted run's files are gone")
    assert lab.run(stopped.id).last_step >= 0


def test_a_killed_trainer_costs_its_own_run_seconds_and_no_bits(
    lab, workers, wait_until, whole, same_bits, alive
) -> None:
    workers.start()
    config = RunConfig.preset("temporal-order-lstm", steps=1500)
    mine, other = lab.submit(config, "me"), lab.submit(config.replace(seed=1), "you")
    wait_until(lambda: checkpointed(lab, mine.id) and lab.info(other.id).step > 0)
    wait_until(lambda: trainer_of(lab, mine.id))
    kill(trainer_of(lab, mine.id))
    wait_until(lambda: lab.info(mine.id).status == lab.info(other.id).status == "finished")
    same_bits(whole(config), lab.run(mine.id))
    assert lab.catalog.get(mine.id).attempt > 1


def test_a_killed_idle_process_is_replaced(lab, workers, wait_until, alive) -> None:
    worker = workers.start()
    first = lab.submit(CONFIG, "me")
    wait_until(lambda: lab.info(first.id).status == "finished")
    (server,) = fork_server(worker.pid)
    trained = children(server)
    assert len(trained) == 3  # two trainers and the analyst
    for pid in trained:
        kill(pid)
    second = lab.submit(CONFIG.replace(seed=1), "me")
    wait_until(lambda: lab.info(second.id).status == "finished")
    assert lab.preview(CONFIG, wait=240).step == 0


def test_a_killed_fork_server_costs_nothing(lab, workers, wait_until, whole, same_bits) -> None:
    worker = workers.start()
    run = lab.submit(CONFIG, "me")
    wait_until(lambda: lab.info(run.id).step >= 0)
    (server,) = fork_server(worker.pid)
    trained = children(server)
    kill(server)
    wait_until(lambda: lab.info(run.id).status == "finished")
    same_bits(whole(CONFIG), lab.run(run.id))
    for pid in trained:  # and what dies afterwards is replaced, by a new server
        kill(pid)
    again = lab.submit(CONFIG.replace(seed=2), "me")
    wait_until(lambda: lab.info(again.id).status == "finished")
    assert fork_server(worker.pid) != [server]


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def fork_server(worker: int) -> list[int]:
    """The child of the worker that its processes are forked from."""
    return [pid for pid in children(worker) if "forkserver" in Path(f"/proc/{pid}/cmdline").read_text()]


def test_a_run_that_never_gets_anywhere_fails_with_a_sentence(lab) -> None:
    info = lab.submit(LONG, "me")
    for step in (-1, -1, 40, 40, 40, 40):  # where its checkpoint stands at each crash: it got from -1 to 40 once
        assert lab.info(info.id).status == "queued"
        row = lab.catalog.claim()
        lab.catalog.settle(row.id, row.attempt, after_crash(row, step))
    assert lab.info(info.id).status == "failed"
    assert f"ended {MAX_FAILURES} times before it got past step 40" in lab.info(info.id).outcome


def test_a_killed_worker_takes_its_trainers_along_and_the_next_one_takes_up(
    lab, workers, wait_until, whole, same_bits, alive
) -> None:
    worker = workers.start()
    config = RunConfig.preset("temporal-order-lstm", steps=1500)
    info = lab.submit(config, "me")
    wait_until(lambda: checkpointed(lab, info.id))
    wait_until(lambda: trainer_of(lab, info.id))
    trainer = trainer_of(lab, info.id)
    worker.kill()
    worker.wait()
    wait_until(lambda: not alive(trainer), "the trainer leaves")
    assert lab.info(info.id).status == "running" and not lab.worker_alive()
    workers.start()
    wait_until(lambda: lab.info(info.id).status == "finished")
    same_bits(whole(config), lab.run(info.id))


def test_a_worker_asked_to_leave_saves_every_run(lab, workers, wait_until, alive) -> None:
    worker = workers.start()
    infos = [lab.submit(LONG.replace(seed=seed), "me") for seed in range(2)]
    wait_until(lambda: all(lab.info(info.id).step > 0 for info in infos))
    trainers = [trainer_of(lab, info.id) for info in infos]
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    for info in infos:
        assert lab.info(info.id).status == "queued"
        assert lab.run(info.id).checkpoint_step == lab.run(info.id).last_step > 0
    assert not any(alive(pid) for pid in trainers if pid)


def test_a_second_worker_says_so_and_leaves(lab, workers) -> None:
    worker = workers.start()
    second = subprocess.run([sys.executable, "-m", "core", "worker"], capture_output=True, text=True, timeout=240)
    assert second.returncode == ALREADY_RUNNING
    assert f"already serves {lab.folder} (process {worker.pid})" in second.stderr
    assert worker.poll() is None


def test_many_runs_share_few_processes(lab, workers, wait_until) -> None:
    workers.start(UNROLLED_PROCESSES="2")
    infos = [lab.submit(LONG.replace(seed=seed), f"student {seed}") for seed in range(8)]
    wait_until(lambda: all(lab.info(info.id).step > 0 for info in infos), "all have begun")
    before = {info.id: lab.info(info.id).step for info in infos}
    wait_until(lambda: all(lab.info(info.id).step > before[info.id] for info in infos), "all have gone on")
    for info in infos:
        lab.stop(info.id, f"student {info.config.seed}")


def test_a_run_that_explodes_at_once_is_a_finding(lab, workers, wait_until) -> None:
    workers.start()
    config = RunConfig.from_flat(
        {"cell.name": "rnn", "cell.activation": "relu", "cell.init": "identity", "lr": 10, "clip": "none", "steps": 500}
    )
    info = lab.submit(config, "me")
    wait_until(lambda: lab.info(info.id).status == "finished")
    outcome = lab.info(info.id).outcome
    assert outcome.startswith(("The loss is not a number from step", "The loss is infinite from step")), outcome
    assert "`clip`" in outcome


def test_an_error_of_the_training_fails_that_run_alone(lab, workers, wait_until) -> None:
    bad = lab.submit(CONFIG, "me")
    run_path(lab.folder, bad.id).write_bytes(b"scrambled" * 1000)
    good = lab.submit(CONFIG.replace(seed=1), "me")
    workers.start()
    wait_until(lambda: lab.info(bad.id).status == "failed" and lab.info(good.id).status == "finished")
    assert "damaged" in lab.info(bad.id).outcome


def test_a_preview_of_another_version_fails_with_a_sentence(lab, workers, wait_until) -> None:
    workers.start()
    lab.questions.ask("broken", "preview", "{}garbage")

    def both_failed() -> bool:
        if lab.questions.status("future") != "failed":
            lab.questions.ask("future", "prophecy", "{}")  # again and again, as whoever waits does
        return lab.questions.status("future") == lab.questions.status("broken") == "failed"

    wait_until(both_failed)
    assert "does not know the question `prophecy`" in lab.questions.get("future").error
    assert "computation failed" in lab.questions.get("broken").error


def test_questions_are_answered_while_runs_train(lab, workers, wait_until) -> None:
    workers.start()
    infos = [lab.submit(LONG.replace(seed=seed), "me") for seed in range(2)]
    wait_until(lambda: all(lab.info(info.id).step > 200 for info in infos), "both train")
    for kind in ("truncation", "sequences", "cost"):
        answer = lab.wait_for(kind, infos[0].id, 100, seconds=240)
        assert answer.step == (100 if kind != "cost" else 0) and answer.meta["sequences"] >= 8
    assert all(lab.info(info.id).status in ("running", "queued") for info in infos)
    for info in infos:
        lab.delete(info.id, "me")
    with pytest.raises(UnrolledError, match="There is no run"):
        lab.ask("truncation", infos[0].id, 100)


def test_a_preview_of_a_network_can_be_asked_about_too(lab, workers) -> None:
    workers.start()
    lab.preview(CONFIG, wait=240)
    answer = lab.wait_for("truncation", f"preview-{lab.preview_id(CONFIG)}", seconds=240)
    assert answer.step == 0 and answer.arrays["windows.K"][-1] == CONFIG.task.length


def test_a_question_that_cannot_be_answered_is_a_sentence_and_the_next_one_is(lab, workers, whole) -> None:
    gone, kept = (lab.catalog.add(CONFIG.replace(seed=seed), "me").id for seed in (1, 2))
    for run_id in (gone, kept):
        lab.catalog.stop(run_id, "Stopped.")
        shutil.copy(whole(CONFIG), run_path(lab.folder, run_id))
    assert lab.ask("sequences", gone, 60) is None
    run_path(lab.folder, gone).write_bytes(run_path(lab.folder, gone).read_bytes()[:5000])
    workers.start()
    with pytest.raises(UnrolledError, match=r"damaged|cannot be read"):
        lab.wait_for("sequences", gone, 60, seconds=240)
    assert lab.wait_for("sequences", kept, 60, seconds=240).step == 60


def test_the_analyst_gives_way_to_trainers(lab, workers, wait_until) -> None:
    worker = workers.start()
    lab.preview(CONFIG, wait=240)
    (server,) = fork_server(worker.pid)
    nice = sorted(os.getpriority(os.PRIO_PROCESS, pid) for pid in children(server))
    own = os.getpriority(os.PRIO_PROCESS, worker.pid)
    assert nice == [own, own, own + ANALYST_NICE]
