import time

import pytest
from sqlalchemy import update

from core.store import Catalog, Questions, tables
from core.store import questions as module


@pytest.fixture
def questions():
    catalog = Catalog()
    yield Questions(catalog)
    catalog.close()


def age(questions: Questions, key: str, seconds: float) -> None:
    with questions.catalog.write() as connection:
        rows = update(tables.questions).where(tables.questions.c.key == key)
        connection.execute(rows.values(asked=time.time() - seconds))


def test_a_question_is_answered_once_for_all(questions) -> None:
    questions.ask("k", "preview", "body")
    questions.ask("k", "preview", "body")
    taken = questions.take()
    assert (taken.key, taken.kind, taken.body) == ("k", "preview", "body")
    assert questions.take() is None and questions.status("k") == "taken"
    questions.answer("k", b"answer")
    questions.ask("k", "preview", "body")
    assert questions.get("k").answer == b"answer" and questions.take() is None


def test_a_failed_question_may_be_asked_again(questions) -> None:
    questions.ask("k", "preview", "body")
    questions.take()
    questions.fail("k", "Too much.")
    assert questions.get("k").error == "Too much."
    questions.ask("k", "preview", "body")
    assert questions.take() is not None and questions.get("k").error == ""


def test_what_a_dead_worker_took_is_asked_again(questions) -> None:
    questions.ask("k", "preview", "body")
    questions.take()
    questions.give_back()
    assert questions.take().key == "k"


def test_questions_nobody_waits_for_are_forgotten(questions) -> None:
    for key in ("old", "new", "answered", "ancient"):
        questions.ask(key, "preview", "body")
    questions.answer("answered", b"answer")
    questions.answer("ancient", b"answer")
    age(questions, "old", 2 * module.UNANSWERED_SECONDS)
    age(questions, "answered", 2 * module.UNANSWERED_SECONDS)
    age(questions, "ancient", 2 * module.KEPT_SECONDS)
    questions.prune()
    assert questions.status("new") == "asked" and questions.status("answered") == "answered"
    assert questions.get("old") is None and questions.get("ancient") is None


def test_answers_are_bounded_and_their_questions_remembered(questions, monkeypatch) -> None:
    monkeypatch.setattr(module, "ANSWER_BYTES", 250)
    for n in range(4):
        questions.ask(f"k{n}", "preview", f"body {n}")
        questions.answer(f"k{n}", b"x" * 100)
        age(questions, f"k{n}", 10 - n)
    questions.prune()
    assert [questions.status(f"k{n}") for n in range(4)] == ["dropped", "dropped", "answered", "answered"]
    dropped = questions.get("k0")
    assert dropped.answer is None and dropped.body == "body 0"
    questions.ask("k0", "preview", "body 0")
    assert questions.take().key == "k0"
