"""Which answer is shown, and when the next question is put, with a lab that answers when the test says so."""

import pytest

from app.board import shared_answers as module
from app.board.shared_answers import Answers
from core.errors import UnrolledError
from core.lab.answers import Answer
from core.questions import Contributions, Question, TruncationBias


class Lab:
    """Answers a question only once it is told to."""

    def __init__(self) -> None:
        self.questions: list[int] = []
        self.ready: set[int] = set()

    def ask(self, question: Question, source_id: str, step: int | None = None) -> Answer | None:
        assert step is not None
        if step < 0:
            raise UnrolledError("Too large.")
        if not self.questions or self.questions[-1] != step:
            self.questions.append(step)
        return Answer(step, {}, {}) if step in self.ready else None


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def answers(lab, monkeypatch) -> Answers:
    monkeypatch.setattr(module, "REST", 0.0)
    return Answers(lab)


def step_of(found: tuple[Answer | None, bool]) -> tuple[int | None, bool]:
    answer, pending = found
    return answer and answer.step, pending


def test_a_scrubbed_moment_has_its_own_answer_or_none(answers, lab) -> None:
    lab.ready = {3}
    assert step_of(answers.get(TruncationBias(), "run", 3, False)) == (3, False)
    assert step_of(answers.get(TruncationBias(), "run", 4, False)) == (None, True)


def test_live_the_newest_answer_is_shown_until_the_next_is_there(answers, lab) -> None:
    def look(step: int) -> tuple[int | None, bool]:
        return step_of(answers.get(TruncationBias(), "run", step, True))

    assert look(1) == (None, True)
    assert look(2) == (None, True) and lab.questions == [1]  # the next is put when the last is answered
    lab.ready = {1}
    assert look(3) == (1, False)
    assert look(4) == (1, True) and lab.questions == [1, 4]
    lab.ready = {1, 4}
    assert look(5) == (4, False) and lab.questions == [1, 4]


def test_all_viewers_share_one_question(answers, lab) -> None:
    for step in (1, 2, 3):
        answers.get(TruncationBias(), "run", step, True)
    assert lab.questions == [1]


def test_kinds_and_runs_are_followed_each_for_itself(answers, lab) -> None:
    lab.ready = {1}
    assert step_of(answers.get(TruncationBias(), "run", 1, True)) == (1, False)
    assert step_of(answers.get(Contributions(), "run", 2, True)) == (None, True)
    assert step_of(answers.get(TruncationBias(), "other", 2, True)) == (None, True)


def test_after_an_answer_the_run_is_left_alone_for_a_while(answers, lab, monkeypatch) -> None:
    now = [100.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    monkeypatch.setattr(module, "REST", 1.0)
    answers.get(TruncationBias(), "run", 1, True)
    now[0], lab.ready = 101.5, {1}
    assert step_of(answers.get(TruncationBias(), "run", 2, True)) == (1, False)
    now[0] = 102.9
    assert step_of(answers.get(TruncationBias(), "run", 3, True)) == (1, False) and lab.questions == [1]
    now[0] = 103.0
    assert step_of(answers.get(TruncationBias(), "run", 4, True)) == (1, True) and lab.questions == [1, 4]


def test_what_was_asked_before_everybody_left_is_not_waited_for(answers, lab, monkeypatch) -> None:
    now = [100.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    answers.get(TruncationBias(), "run", 1, True)
    now[0] += 2 * module.AWAY_SECONDS
    answers.get(TruncationBias(), "run", 50, True)
    assert lab.questions == [1, 50]


def test_an_error_is_raised_and_the_next_question_is_about_a_newer_step(answers, lab) -> None:
    for live in (False, True):
        with pytest.raises(UnrolledError, match="Too large"):
            answers.get(TruncationBias(), "run", -1, live)
    assert step_of(answers.get(TruncationBias(), "run", 5, True)) == (None, True)


def test_only_so_many_are_remembered(answers, lab) -> None:
    for n in range(module.KEPT + 10):
        answers.get(TruncationBias(), f"run-{n}", 1, True)
    assert len(list(answers._followed)) == module.KEPT
