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


def test_previews_come_first_and_in_the_order_they_were_asked_in(questions) -> None:
    for key, kind in (("run/1/cost", "cost"), ("p1", "preview"), ("p2", "preview")):
        questions.ask(key, kind, "body")
    questions.ask("p1", "preview", "body")
    assert [questions.take().key for _ in range(3)] == ["p1", "p2", "run/1/cost"]
    assert questions.take() is None


def test_where_the_cursor_stands_now_is_answered_before_where_it_was(questions) -> None:
    for step in (1, 2, 3):
        questions.ask(f"run/{step}", "truncation", "body")
        age(questions, f"run/{step}", 1 - step / 10)
    assert questions.take().key == "run/3"
    questions.ask("run/1", "truncation", "body")  # the cursor is back there
    assert questions.take().key == "run/1"


def test_what_concerns_no_moment_comes_after_what_does(questions) -> None:
    questions.ask("run/3", "truncation", "body")
    questions.ask("run/0", "cost", "body")
    assert [questions.take(patient={"cost"}).kind for _ in range(2)] == ["truncation", "cost"]


def test_a_question_that_nobody_asks_any_more_gets_no_turn(questions) -> None:
    questions.ask("run/1", "truncation", "body")
    age(questions, "run/1", 2 * module.WANTED_SECONDS)
    assert questions.take() is None and questions.status("run/1") == "asked"
    questions.ask("run/1", "truncation", "body")
    assert questions.take().key == "run/1"


def test_runs_take_turns_however_many_questions_one_of_them_has(questions) -> None:
    for key in ("a/1", "a/2", "a/3", "b/1"):
        questions.ask(key, "truncation", "body")
    served: dict[str, float] = {}
    order = []
    for turn in range(4):
        taken = questions.take(served)
        served[module.subject(taken.key)] = turn
        order.append(module.subject(taken.key))
    assert order[:2] in (["a", "b"], ["b", "a"]) and order[2:] == ["a", "a"]


def test_what_was_asked_about_a_run_goes_with_it(questions) -> None:
    for key in ("run_1/0/cost", "run_1/4/truncation", "runx1/4/truncation", "run_1"):
        questions.ask(key, "truncation", "body")
    questions.forget("run_1")
    assert [questions.status(key) for key in ("run_1/0/cost", "run_1/4/truncation")] == [None, None]
    assert questions.status("runx1/4/truncation") == questions.status("run_1") == "asked"


def test_the_text_of_a_question_can_be_had_without_its_answer(questions) -> None:
    questions.ask("k", "preview", "body")
    assert questions.body("k") == ("preview", "body") and questions.body("nothing") is None


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
