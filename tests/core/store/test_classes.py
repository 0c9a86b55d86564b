"""Classes in the catalog: who steers, what is asked, and what is stored of whom."""

import pytest
from sqlalchemy import text, update

from core.errors import UnrolledError
from core.store import Catalog, tables
from core.store import classes as module
from core.store.classes import LETTERS, LONG, Classes


@pytest.fixture
def classes() -> Classes:
    return Classes(Catalog())


def test_a_class_is_steered_by_its_owner_and_by_whoever_has_the_token(classes) -> None:
    code, control = classes.create("teacher")
    assert len(code) == LONG and set(code) <= set(LETTERS)
    assert classes.get(f" {code[:2].lower()}-{code[2:]} ").code == code and classes.get("NOBODY") is None
    assert classes.steers(code, "teacher") and not classes.steers(code, "student")
    assert not classes.take_control(code, "guessed", "student") and not classes.take_control(
        "XXXXX", control, "student"
    )
    assert classes.take_control(code, control, "phone") and classes.take_control(code, control, "phone")
    assert classes.steers(code, "phone")
    newer = classes.new_control(code)
    assert not classes.take_control(code, control, "student") and classes.take_control(code, newer, "desk")
    stored = classes._catalog.path.read_bytes()
    assert newer.encode() not in stored and control.encode() not in stored


def test_what_is_shown_counts_up_and_outlives_the_process(classes) -> None:
    code, _ = classes.create("teacher")
    view = {"page": "memory", "query": {"seed": ["3"]}}
    assert [classes.show(code, view), classes.show(code, view)] == [1, 2]
    again = Classes(Catalog()).get(code)
    assert again.view == view and again.seq == 2
    assert classes.show("XXXXX", view) == -1


def test_a_question_is_open_closed_by_the_next_and_revealed(classes, monkeypatch) -> None:
    code, _ = classes.create("teacher")
    assert classes.poll(code) is None
    first = classes.ask(code, {"kind": "number"})
    classes.answer(code, first.number, "a", 1)
    classes.answer(code, first.number, "b", 3)
    classes.answer(code, first.number, "a", 2)
    assert classes.answers(code, first.number) == [2, 3]
    second = classes.ask(code, {"kind": "choice"})
    with pytest.raises(UnrolledError, match="takes no more answers"):
        classes.answer(code, first.number, "c", 4)
    classes.set_poll(code, second.number, "revealed", 1)
    assert classes.poll(code).state == "revealed" and classes.poll(code).truth == 1
    classes.drop_poll(code)
    assert classes.poll(code).number == first.number and classes.answers(code, second.number) == []
    third = classes.ask(code, {})
    monkeypatch.setattr(module, "MOST_BALLOTS", 1)
    classes.answer(code, third.number, "a", 1)
    with pytest.raises(UnrolledError, match="as many as one may have"):
        classes.answer(code, third.number, "b", 1)


def test_an_ended_class_and_one_that_nobody_used_leave_nothing(classes, monkeypatch) -> None:
    code, _ = classes.create("teacher")
    poll = classes.ask(code, {})
    classes.answer(code, poll.number, "a", 1)
    classes.end(code)
    old, _ = classes.create("teacher")
    with classes._catalog.write() as connection:
        connection.execute(update(tables.classes).where(tables.classes.c.code == old).values(used=0.0))
    fresh, _ = classes.create("teacher")
    assert classes.get(old) is None and classes.get(fresh) is not None
    with classes._catalog.read() as connection:
        left = [connection.execute(text(f"SELECT count(*) FROM {name}")).scalar() for name in ("polls", "ballots")]
    assert left == [0, 0]
    monkeypatch.setattr(module, "MOST_CLASSES", 1)
    with pytest.raises(UnrolledError, match="has 1 classes already"):
        classes.create("teacher")
