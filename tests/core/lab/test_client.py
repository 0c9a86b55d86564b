import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.budget import Limits
from core.config import RunConfig
from core.errors import BudgetError, UnrolledError
from core.lab.client import Lab, NoAnswer, NotYours
from core.lab.trainer import run_stint
from core.store import Ended, RunFileError, RunWriter, load_run, run_path
from core.store.codec import pack_frame

CONFIG = RunConfig.preset("temporal-order-lstm", steps=5)


def train(lab: Lab, fake) -> None:
    row = lab.catalog.claim()
    lab.catalog.settle(row.id, row.attempt, run_stint(str(lab.folder), row.id, row.attempt, fake))


def test_a_new_run_is_queued(lab) -> None:
    info = lab.submit(CONFIG, "me")
    assert (info.status, info.step, info.position, info.reused, info.config) == ("queued", -1, 0, False, CONFIG)
    assert lab.info(info.id) == info and lab.run(info.id) is None
    assert lab.submit(CONFIG.replace(seed=1), "me").position == 1


def test_a_finished_run_answers_whoever_asks(lab, fake) -> None:
    first = lab.submit(CONFIG, "me")
    train(lab, fake)
    again = lab.submit(CONFIG, "you")
    assert (again.id, again.reused, again.status, again.step) == (first.id, True, "finished", 5)
    assert lab.submit(CONFIG.replace(seed=1), "you").id != first.id


def test_a_config_that_differs_in_nothing_that_counts_is_the_same(lab, fake) -> None:
    first = lab.submit(CONFIG, "me")
    train(lab, fake)
    assert lab.submit(CONFIG.replace(truncation_length=7), "you").id == first.id  # truncation is off


def test_a_finished_run_whose_file_is_gone_is_run_again(lab, fake) -> None:
    first = lab.submit(CONFIG, "me")
    train(lab, fake)
    run_path(lab.folder, first.id).unlink()
    again = lab.submit(CONFIG, "me")
    assert again.id != first.id and not again.reused and lab.info(first.id) is None


def test_a_finished_run_whose_file_is_damaged_is_run_again(lab, fake) -> None:
    first = lab.submit(CONFIG, "me")
    train(lab, fake)
    assert lab.run(first.id) is not None  # known to be a run from before
    run_path(lab.folder, first.id).write_bytes(b"scrambled" * 1000)
    again = lab.submit(CONFIG, "me")
    assert again.id != first.id and not again.reused
    assert lab.info(first.id) is not None  # for its owner to see what became of it


@pytest.mark.parametrize("status", ["failed", "stopped"])
def test_a_run_that_came_to_nothing_answers_nobody(lab, status) -> None:
    first = lab.submit(CONFIG, "me")
    row = lab.catalog.claim()
    lab.catalog.settle(row.id, row.attempt, Ended(status, 2))
    assert lab.submit(CONFIG, "me").id != first.id


def test_an_own_unfinished_run_is_not_doubled(lab) -> None:
    first = lab.submit(CONFIG, "me")
    assert lab.submit(CONFIG, "me").id == first.id and lab.submit(CONFIG, "me", own=True).id == first.id


def test_eight_visitors_with_one_link_train_one_run(lab, fake) -> None:
    """They press Train at the same moment."""
    visitors = [f"visitor {number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        infos = list(pool.map(lambda visitor: lab.submit(CONFIG, visitor), visitors))
    assert len({info.id for info in infos}) == 1 and [info.reused for info in infos].count(False) == 1
    assert sum(lab.may_steer(infos[0].id, visitor) for visitor in visitors) == 1
    assert len(lab.catalog.list("queued")) == 1
    train(lab, fake)
    assert {lab.submit(CONFIG, visitor).status for visitor in visitors} == {"finished"}


def test_who_wants_a_run_of_their_own_or_only_a_part_of_it_joins_nobody(lab) -> None:
    first = lab.submit(CONFIG, "me")
    assert lab.submit(CONFIG, "you", own=True).id != first.id
    assert lab.submit(CONFIG, "she", until=2).id != first.id


@pytest.mark.parametrize("rests", [Lab.pause, Lab.step, Lab.stop])
def test_a_run_that_rests_or_will_is_not_joined(lab, rests) -> None:
    """Its owner may never let it go on."""
    queued, running = lab.submit(CONFIG, "me"), lab.submit(CONFIG.replace(seed=1), "me")
    assert lab.catalog.claim().id == queued.id and lab.catalog.claim().id == running.id
    lab.catalog.settle(queued.id, 1, Ended("queued", 2))
    for info in (queued, running):
        rests(lab, info.id, "me")
        assert lab.find(info.config, "you") is None
        assert lab.submit(info.config, "you").id != info.id


def test_joining_takes_nothing_of_a_visitors_share(data_folder) -> None:
    lab = Lab(limits=Limits(runs_per_visitor=1))
    lab.submit(CONFIG.replace(seed=1), "me")
    theirs = lab.submit(CONFIG, "you")
    assert lab.submit(CONFIG, "me").id == theirs.id and len(lab.unfinished("me")) == 1
    lab.catalog.close()


def test_the_queue_of_all_visitors_is_bounded_and_joining_waits_in_nobodys_way(data_folder) -> None:
    lab = Lab(limits=Limits(queued=2))
    for seed in (1, 2):
        lab.submit(CONFIG.replace(seed=seed), f"visitor {seed}")
    with pytest.raises(BudgetError, match="2 runs of all visitors wait their turn here, and no more than 2 may"):
        lab.submit(CONFIG.replace(seed=3), "one more")
    assert lab.submit(CONFIG.replace(seed=1), "one more").reused and len(lab.catalog.list("queued")) == 2
    lab.catalog.close()


def test_what_its_owner_ends_goes_on_as_that_of_who_joined_it_first(lab) -> None:
    run = lab.submit(CONFIG, "me").id
    for visitor in ("you", "she", "you"):
        lab.submit(CONFIG, visitor)
    lab.let_rest(run, "me")
    lab.stop(run, "me")
    assert lab.info(run).status == "queued" and lab.may_steer(run, "you") and not lab.may_steer(run, "me")
    lab.stop(run, "you")
    lab.let_rest(run, "she")
    assert lab.info(run).status == "paused"  # nobody is left who waits for it
    lab.stop(run, "she")
    assert lab.info(run).status == "stopped"


def test_who_has_joined_a_run_waits_no_longer_than_for_an_own_one(lab) -> None:
    lab.submit_all([CONFIG.replace(seed=seed) for seed in range(6)], "me")
    last = lab.submit(CONFIG.replace(seed=5), "you")
    assert last.reused and last.position == 1
    other = lab.submit_all([CONFIG.replace(seed=seed) for seed in (8, 9)], "she")
    assert [lab.info(info.id).position for info in (last, *other)] == [1, 2, 4]
    claimed = [lab.catalog.claim().id for _ in range(3)]
    assert last.id in claimed[:2]
    lab.delete(last.id, "me")
    assert lab.submit(CONFIG.replace(seed=5), "you").reused is False


def test_train_lets_an_own_paused_run_go_on(lab) -> None:
    first = lab.submit(CONFIG, "me")
    lab.pause(first.id, "me")
    again = lab.submit(CONFIG, "me")
    assert (again.id, again.status) == (first.id, "queued")


def test_a_run_is_found_as_it_is(lab, fake) -> None:
    assert lab.find(CONFIG, "me") is None
    own = lab.submit(CONFIG, "me")
    lab.pause(own.id, "me")
    found = lab.find(CONFIG, "me")
    assert found is not None and (found.id, found.status) == (own.id, "paused")
    assert lab.find(CONFIG, "you") is None  # it rests, and is somebody else's
    lab.resume(own.id, "me")
    train(lab, fake)
    found = lab.find(CONFIG, "you")
    assert found is not None and (found.id, found.status) == (own.id, "finished")


@pytest.mark.parametrize("action", ["pause", "resume", "step", "stop", "delete"])
def test_only_its_owner_steers_a_run(lab, action) -> None:
    info = lab.submit(CONFIG, "me")
    assert lab.may_steer(info.id, "me") and not lab.may_steer(info.id, "you") and not lab.may_steer(info.id, "")
    with pytest.raises(NotYours, match="somebody else's"):
        getattr(lab, action)(info.id, "you")
    assert lab.info(info.id).status == "queued"
    getattr(lab, action)(info.id, "me")
    with pytest.raises(UnrolledError, match="no run `nothing-here`"):
        getattr(lab, action)("nothing-here", "me")


def test_the_owners_token_is_not_stored(lab) -> None:
    lab.submit(CONFIG, "a-secret-token")
    assert b"a-secret-token" not in lab.catalog.path.read_bytes()


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "a b", "x" * 200, "nothing-here", "\0", "ünïcode"])
def test_any_text_may_be_asked_about(lab, text) -> None:
    assert lab.info(text) is None and lab.run(text) is None and not lab.may_steer(text, "me")


def test_a_corrupt_run_file_is_a_sentence_and_its_state_is_still_known(lab, fake) -> None:
    info = lab.submit(CONFIG, "me")
    train(lab, fake)
    run_path(lab.folder, info.id).write_bytes(b"scrambled" * 1000)
    with pytest.raises(RunFileError, match="damaged"):
        lab.run(info.id)
    assert (lab.info(info.id).status, lab.info(info.id).step) == ("finished", 5)


def test_a_visitor_has_a_share_of_the_host(data_folder) -> None:
    lab = Lab(limits=Limits(runs_per_visitor=4))
    for seed in range(4):
        info = lab.submit(CONFIG.replace(seed=seed), "me")
    with pytest.raises(BudgetError, match="4 of your runs are still training, as many as one visitor may have"):
        lab.submit(CONFIG.replace(seed=9), "me")
    assert len(lab.unfinished("me")) == 4 and lab.submit(CONFIG.replace(seed=9), "you")
    lab.pause(info.id, "me")
    assert lab.submit(CONFIG.replace(seed=9), "me").status == "queued"
    lab.catalog.close()


def test_two_dozen_runs_are_a_visitors_share(lab) -> None:
    lab.submit_all([CONFIG.replace(seed=seed) for seed in range(24)], "me")
    with pytest.raises(BudgetError, match="24 of your runs are still training"):
        lab.submit(CONFIG.replace(seed=99), "me")


def test_runs_that_belong_together_are_started_together(lab, fake) -> None:
    done = lab.submit(CONFIG, "you")
    train(lab, fake)
    mine = lab.submit(CONFIG.replace(seed=1), "me")
    configs = [CONFIG.replace(seed=seed) for seed in (2, 1, 0, 2)]
    infos = lab.submit_all(configs, "me")
    assert [info.config.seed for info in infos] == [2, 1, 0, 2]
    assert [info.reused for info in infos] == [False, True, True, False]
    assert infos[0].id == infos[3].id and infos[1].id == mine.id and infos[2].id == done.id
    assert len(lab.unfinished("me")) == 2


def test_of_runs_that_belong_together_all_are_started_or_none(data_folder) -> None:
    lab = Lab(limits=Limits(runs_per_visitor=4))
    lab.submit_all([CONFIG.replace(seed=seed) for seed in range(3)], "me")
    with pytest.raises(BudgetError, match="2 runs beside the 3 that are still training are more than the 4"):
        lab.submit_all([CONFIG.replace(seed=seed) for seed in (7, 8)], "me")
    with pytest.raises(BudgetError, match="`steps`"):
        lab.submit_all([CONFIG.replace(seed=7), CONFIG.replace(steps=100_000, **{"cell.hidden_size": 512})], "me")
    assert len(lab.unfinished("me")) == 3
    assert lab.submit_all([CONFIG.replace(seed=seed) for seed in (0, 1, 2, 3)], "me")[3].status == "queued"
    lab.catalog.close()


def test_more_than_the_host_allows_is_refused(data_folder) -> None:
    lab = Lab(limits=Limits(minutes=0.001))
    with pytest.raises(BudgetError, match=r"`steps` \(=100,000\) at this size"):
        lab.submit(CONFIG.replace(steps=100_000), "me")
    lab.catalog.close()


def test_a_preview_is_answered_once_for_all(lab, fake) -> None:
    frame = next(fake(CONFIG, None))
    lab.questions.ask(lab.preview_id(CONFIG), "preview", CONFIG.model_dump_json())
    lab.questions.answer(lab.questions.take().key, pack_frame(frame))
    assert lab.preview(CONFIG, wait=0).loss == frame.loss
    config, again = lab.preview_of(lab.preview_id(CONFIG))
    assert config == CONFIG and again.loss == frame.loss


def test_without_a_worker_a_preview_is_a_sentence(lab) -> None:
    assert not lab.worker_alive()
    with pytest.raises(NoAnswer, match="does not run"):
        lab.preview(CONFIG, wait=0)


def test_a_failed_preview_says_why(lab, monkeypatch) -> None:
    key = lab.preview_id(CONFIG)
    monkeypatch.setattr(lab, "_await", lambda *_: lab.questions.fail(key, "Too large."))
    with pytest.raises(UnrolledError, match="Too large"):
        lab.preview(CONFIG)


def test_a_pinned_curve_that_is_gone_is_a_sentence(lab) -> None:
    with pytest.raises(UnrolledError, match=r"no longer stored\. Pin it again"):
        lab.preview_of("0123456789")


def test_a_preview_beyond_the_hosts_memory_is_refused(data_folder) -> None:
    lab = Lab(limits=Limits(memory_mb=400))
    with pytest.raises(BudgetError, match="MB; this server allows 400"):
        lab.preview(CONFIG.replace(**{"task.length": 1000, "cell.hidden_size": 256}))
    lab.catalog.close()


def test_the_client_needs_no_torch() -> None:
    code = "import core.lab.client, core.lab.supervisor, sys; print('torch' in sys.modules, 'streamlit' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_a_damaged_catalog_leaves_the_runs_beside_it_readable(lab, fake) -> None:
    finished, begun, queued = (lab.submit(CONFIG.replace(seed=seed), "me") for seed in range(3))
    train(lab, fake)
    row = lab.catalog.claim()
    with RunWriter(run_path(lab.folder, row.id), row.id, row.config, row.attempt) as writer:
        writer.append(next(fake(row.config, None)))
    lab.catalog.path.write_bytes(b"scrambled" * 1000)
    found = lab.info(finished.id)
    assert (found.status, found.step, found.config, found.digest) == ("finished", 5, CONFIG, finished.digest)
    assert "Move it away: the runs beside it stay readable." in found.problem
    assert (lab.info(begun.id).status, lab.info(begun.id).step) == ("stopped", 0)
    with pytest.raises(RunFileError, match="damaged"):
        lab.info(queued.id)
    lab.catalog.path.unlink()
    assert (lab.info(finished.id).status, lab.info(finished.id).problem) == ("finished", "")
    assert lab.info(queued.id) is None


def test_a_file_under_another_run_s_name_is_not_served_as_that_run(lab, fake) -> None:
    mine, other = lab.submit(CONFIG, "me"), lab.submit(CONFIG.replace(seed=1), "you")
    train(lab, fake)
    shutil.copy(run_path(lab.folder, mine.id), run_path(lab.folder, other.id))
    with pytest.raises(RunFileError, match="holds another run than its name says"):
        lab.run(other.id)
    with pytest.raises(RunFileError, match="holds another run than its name says"):
        load_run(other.id)
    row = lab.catalog.claim()
    with pytest.raises(RunFileError, match="holds another run"):
        run_stint(str(lab.folder), row.id, row.attempt, fake)
    assert lab.run(mine.id).id == mine.id
    assert load_run(run_path(lab.folder, other.id)).id == mine.id  # by its path a copy may have any name
