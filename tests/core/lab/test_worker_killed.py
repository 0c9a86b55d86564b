"""Worker programs that are killed, asked to leave or given damaged files: no kill costs more than seconds."""

import os
import signal
from pathlib import Path

import pytest

from core.config import RunConfig
from core.errors import UnrolledError
from core.lab.worker import ANALYST_NICE, MAX_FAILURES, after_crash
from core.questions import Contributions
from core.store import RunFileError, load_run, run_path
from core.store.temporary import places

pytestmark = pytest.mark.slow

CONFIG = RunConfig.preset("temporal-order-lstm", steps=60)
LONG = CONFIG.replace(steps=100_000)


@pytest.fixture(autouse=True)
def long_runs_allowed(monkeypatch) -> None:
    monkeypatch.setenv("UNROLLED_MAX_MINUTES", "1000")


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


def test_a_killed_trainer_and_a_killed_worker_cost_seconds_and_no_bits(
    lab, workers, wait_until, whole, same_bits, alive
) -> None:
    worker = workers.start()
    config = RunConfig.preset("temporal-order-lstm", steps=1500)
    mine, other = lab.submit(config, "me"), lab.submit(CONFIG.replace(steps=150), "you")
    wait_until(lambda: checkpointed(lab, mine.id) and lab.info(other.id).step > 0)
    wait_until(lambda: trainer_of(lab, mine.id))
    kill(trainer_of(lab, mine.id))
    wait_until(lambda: lab.catalog.get(mine.id).attempt > 1 and trainer_of(lab, mine.id), "it is taken up")
    wait_until(lambda: lab.info(other.id).status == "finished")
    trainer = trainer_of(lab, mine.id)
    worker.kill()
    worker.wait()
    wait_until(lambda: not alive(trainer), "the trainer leaves")
    assert lab.info(mine.id).status == "running" and not lab.worker_alive()
    workers.start()
    wait_until(lambda: lab.info(mine.id).status == "finished")
    same_bits(whole(config), lab.run(mine.id))
    folders = [path for place in places(lab.folder) if place.is_dir() for path in place.iterdir() if path.is_dir()]
    assert len(folders) == 1, "what the killed worker left is swept, and the next one has a folder of its own"


def test_killed_idle_processes_and_a_killed_fork_server_are_replaced(
    lab, workers, wait_until, whole, same_bits
) -> None:
    worker = workers.start()
    assert lab.preview(CONFIG, wait=240).step == 0
    (server,) = fork_server(worker.pid)
    idle = children(server)
    own = os.getpriority(os.PRIO_PROCESS, worker.pid)
    nice = sorted(os.getpriority(os.PRIO_PROCESS, pid) for pid in idle)
    assert nice == [own, own, own + ANALYST_NICE]  # two trainers, and the analyst, who gives way to them
    for pid in idle:
        kill(pid)
    run = lab.submit(CONFIG, "me")
    wait_until(lambda: lab.info(run.id).step >= 0)
    assert fork_server(worker.pid) == [server]
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


def test_a_question_that_cannot_be_answered_is_a_sentence_and_the_next_one_is(lab, workers, whole) -> None:
    gone, kept = (lab.catalog.add(CONFIG.replace(seed=seed), "me").id for seed in (1, 2))
    for run_id in (gone, kept):
        lab.catalog.stop(run_id, "Stopped.")
        whole(CONFIG, run_path(lab.folder, run_id))
    assert lab.ask(Contributions(), gone, 60) is None
    run_path(lab.folder, gone).write_bytes(run_path(lab.folder, gone).read_bytes()[:5000])
    workers.start()
    with pytest.raises(UnrolledError, match=r"damaged|cannot be read"):
        lab.wait_for(Contributions(), gone, 60, seconds=240)
    assert lab.wait_for(Contributions(), kept, 60, seconds=240).step == 60


def test_a_damaged_catalog_is_one_sentence_and_its_worker_goes_on_when_it_is_moved_away(
    lab, workers, wait_until
) -> None:
    lab.submit(CONFIG, "me")
    lab.catalog.close()
    path, log = lab.catalog.path, lab.folder / "worker.log"
    path.write_bytes(b"scrambled" * 1000)
    worker = workers.start()
    wait_until(lambda: "is damaged" in log.read_text())
    path.rename(path.with_suffix(".damaged"))
    again = lab.submit(CONFIG, "me")
    wait_until(lambda: lab.info(again.id).status == "finished")
    said = log.read_text()
    assert worker.poll() is None and said.count("is damaged") == 1 and "Traceback" not in said, said
