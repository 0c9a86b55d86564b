"""From question to stored answer without a worker: the test itself answers."""

import numpy as np
import pytest
from sqlalchemy import select, update

from core.config import RunConfig
from core.errors import UnrolledError
from core.lab import asking as module
from core.lab.analysis import answer
from core.lab.answers import Answer
from core.lab.client import NoAnswer
from core.lab.trainer import run_stint
from core.questions import Contributions, TruncationBias, TruncationCost
from core.store import Ended, RunFileError, run_path, tables

CONFIG = RunConfig.from_flat({"task.length": 20, "cell.hidden_size": 3, "batch_size": 4, "steps": 9})


@pytest.fixture
def run(lab, fake) -> str:
    """The id of a finished run with weights at the steps 0, 3, 6 and 9."""
    info = lab.submit(CONFIG, "me")
    row = lab.catalog.claim()
    lab.catalog.settle(row.id, row.attempt, run_stint(str(lab.folder), row.id, row.attempt, fake))
    return info.id


def answered(lab, **meta) -> Answer:
    """Take the next question and answer it."""
    taken = lab.questions.take()
    found = Answer(int(taken.key.split("/")[1]), {"x": np.ones(2)}, meta)
    lab.questions.answer(taken.key, found.packed())
    return found


def test_a_question_is_put_once_and_its_answer_is_for_all(lab, run) -> None:
    assert lab.ask(TruncationBias(), run, 3) is None and lab.ask(TruncationBias(), run, 3) is None
    answered(lab, note="once")
    assert lab.questions.take() is None
    found = lab.ask(TruncationBias(), run, 3)
    assert (found.step, found.meta) == (3, {"note": "once"})
    assert lab.ask(TruncationBias(), run, 3) is found


@pytest.mark.parametrize("step, answers", [(0, 0), (2, 0), (3, 3), (8, 6), (9, 9), (None, 9), (10**9, 9)])
def test_it_is_about_the_newest_weights_at_or_before_the_step(lab, run, step, answers) -> None:
    assert lab.ask(TruncationBias(), run, step) is None
    assert answered(lab).step == answers
    assert lab.ask(TruncationBias(), run, step).step == answers


def test_what_does_not_change_with_the_step_is_asked_once_a_run(lab, run) -> None:
    for step in (0, 4, None):
        assert lab.ask(TruncationCost(), run, step) is None
    answered(lab)
    assert lab.questions.take() is None and lab.ask(TruncationCost(), run, 7) is lab.ask(TruncationCost(), run, 0)


def test_of_a_preview_the_untrained_network_is_asked_about(lab) -> None:
    source = f"preview-{lab.request_preview(CONFIG)}"
    preview = lab.questions.take()
    assert lab.ask(Contributions(), source, 5) is None
    taken = lab.questions.take()
    assert taken.kind == "sequences" and preview.kind == "preview"
    lab.questions.answer(taken.key, answer(str(lab.folder), taken.kind, taken.body))
    found = lab.ask(Contributions(), source, None)
    assert found.step == 0 and found.arrays["loss"].shape == (4,) and found.meta == {"sequences": 4, "of": 4}


def test_a_queued_run_has_no_answer_yet(lab) -> None:
    info = lab.submit(CONFIG, "me")
    assert lab.ask(TruncationBias(), info.id, 0) is None and lab.questions.take() is None


def test_a_run_that_ended_before_it_began_has_none_at_all(lab) -> None:
    info = lab.submit(CONFIG, "me")
    row = lab.catalog.claim()
    lab.catalog.settle(row.id, row.attempt, Ended("failed", -1, "Out of memory."))
    with pytest.raises(UnrolledError, match="ended before it recorded anything"):
        lab.ask(TruncationBias(), info.id, 0)


@pytest.mark.parametrize("source", ["", "nothing-here", "../../etc/passwd", "a b", "\0", "x" * 300])
def test_any_text_may_be_asked_about(lab, source) -> None:
    with pytest.raises(UnrolledError, match="There is no run"):
        lab.ask(TruncationBias(), source, 0)


def test_bad_questions_are_sentences(lab, run) -> None:
    with pytest.raises(UnrolledError, match=r"`step` \(=-1\) must be at least 0"):
        lab.ask(TruncationBias(), run, -1)
    with pytest.raises(UnrolledError, match=r"The preview `nothing` is no longer stored"):
        lab.ask(TruncationBias(), "preview-nothing", 0)
    lab.questions.ask("older", "preview", '{"cell": {"name": "transformer"}}')
    with pytest.raises(UnrolledError, match=r"The preview `older` is of an older version"):
        lab.ask(TruncationBias(), "preview-older", 0)


def test_a_deleted_run_is_a_sentence_even_if_its_answer_is_known(lab, run) -> None:
    lab.ask(TruncationBias(), run, 3)
    answered(lab)
    assert lab.ask(TruncationBias(), run, 3)
    lab.delete(run, "me")
    with pytest.raises(UnrolledError, match=f"There is no run `{run}` on this server"):
        lab.ask(TruncationBias(), run, 3)
    with lab.catalog.read() as connection:
        assert connection.execute(select(tables.questions.c.key)).all() == []


def test_a_corrupt_run_is_a_sentence(lab, run) -> None:
    run_path(lab.folder, run).write_bytes(b"scrambled" * 1000)
    with pytest.raises(RunFileError, match="damaged"):
        lab.ask(TruncationBias(), run, 3)


def test_a_question_that_failed_says_why_and_is_tried_again_later(lab, run, monkeypatch) -> None:
    lab.ask(TruncationBias(), run, 3)
    key = lab.questions.take().key
    lab.questions.fail(key, "Too large.")
    for _ in range(2):
        with pytest.raises(UnrolledError, match="Too large"):
            lab.ask(TruncationBias(), run, 3)
    assert lab.questions.take() is None
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0)
    assert lab.ask(TruncationBias(), run, 3) is None and lab.questions.take().key == key


def test_a_dropped_answer_is_worked_out_again(lab, run) -> None:
    lab.ask(TruncationBias(), run, 3)
    key = lab.questions.take().key
    lab.questions._set(key, status="dropped")
    assert lab.ask(TruncationBias(), run, 3) is None and lab.questions.take().key == key


def test_who_still_waits_keeps_the_question_wanted(lab, run) -> None:
    lab.ask(TruncationBias(), run, 3)
    with lab.catalog.write() as connection:
        connection.execute(update(tables.questions).values(asked=1.0))
    assert lab.questions.take() is None
    lab.ask(TruncationBias(), run, 3)
    assert lab.questions.take() is not None


def test_without_a_worker_waiting_ends_with_a_sentence(lab, run) -> None:
    with pytest.raises(NoAnswer, match="does not run"):
        lab.wait_for(TruncationBias(), run, 3, seconds=0)
