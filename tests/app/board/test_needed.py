"""Questions behind a board: which are asked, how long is waited, what becomes of those that fail."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest

from app.board import needed as module
from app.board.known import Answered
from app.board.needed import Wanted, found, needed, step_shown
from app.board.parsing import parse
from app.board.query import Query
from app.board.source import Memory, Status
from app.board.views import PAGES, Page, ViewSpec
from app.text.shared.situation import Caption
from core.config import RunConfig
from core.errors import UnrolledError
from core.questions import Contributions, Question, TrainingStep, TruncationBias, TruncationCost

X, Y = TruncationBias(), TruncationCost()
CONFIG = RunConfig.from_flat({"task.length": 12, "steps": 20, "cell.hidden_size": 4})


@dataclass(frozen=True)
class Answer:
    step: int


@dataclass
class Scripted:
    """Gives for each question its replies one after the other, and the last for ever."""

    replies: dict[Question, deque[Any]]
    asked: list[tuple[Question, str, int, bool]] = field(default_factory=list)

    def get(self, question: Question, source_id: str, step_shown: int, live: bool) -> tuple[Any, bool]:
        self.asked.append((question, source_id, step_shown, live))
        queue = self.replies[question]
        reply = queue.popleft() if len(queue) > 1 else queue[0]
        if isinstance(reply, Exception):
            raise reply
        return reply


@pytest.fixture
def snapshot(make_frame):
    """Three recorded steps, 0, 4 and 8, of a running run."""
    memory = Memory()
    for step in (0, 4, 8):
        memory.add(make_frame(CONFIG, step))
    return memory.snapshot("seq", Status("running"))


def ask(answers: Scripted, snapshot: Any, cursor: str = "4", *, again: bool = False) -> Answered:
    query = parse({"cursor": cursor}, PAGES)

    async def run() -> list[Answered]:
        return await found(answers, [Wanted("run-one", snapshot, list(answers.replies))], query, again=again)

    return anyio.run(run)[0]


def test_words_and_pictures_in_sight_say_what_is_needed() -> None:
    def nothing(shown: Any) -> None:
        return None

    views = {"a": ViewSpec(nothing, True, 1, "A", needs=(X, Y)),
             "b": ViewSpec(nothing, True, 1, "B", needs=(Contributions(),), of_all=True)}  # fmt: skip
    page = Page("p", views, lambda shown: Caption("", "", ()), needs=(Y,))
    pages = {"p": page}
    assert needed(page, parse({"page": "p", "views": "a"}, pages), CONFIG) == [Y, X]
    assert needed(page, parse({"page": "p", "views": ""}, pages), CONFIG) == [Y]
    assert needed(page, parse({"page": "p", "views": "a,b"}, pages), CONFIG, beside=True) == [Contributions()]


def test_what_is_asked_may_hang_on_a_knob_and_on_the_settings() -> None:
    def needs(query: Query, config: RunConfig) -> tuple[Question, ...]:
        return TrainingStep(unit=int(query.knob("unit", "1"))), TrainingStep(unit=config.cell.hidden_size)

    page = Page("p", {"a": ViewSpec(lambda shown: None, True, 1, "A", needs=needs)}, lambda shown: Caption("", "", ()))
    query = parse({"page": "p", "views": "a", "knobs": "unit:3"}, {"p": page})
    assert needed(page, query, CONFIG) == [TrainingStep(unit=3), TrainingStep(unit=4)]


def test_the_step_on_screen_is_the_recorded_one(snapshot) -> None:
    assert [step_shown(snapshot, cursor) for cursor in (0, 3, 4, 99, None)] == [0, 0, 4, 8, 8]
    assert step_shown(Memory().snapshot("", Status("queued")), None) is None


def test_an_answer_that_comes_soon_is_waited_for(snapshot, monkeypatch) -> None:
    monkeypatch.setattr(module, "FIRST_SECONDS", 60)
    answers = Scripted({X: deque([(None, True), (None, True), (Answer(4), False)])})
    assert ask(answers, snapshot) == Answered({X: Answer(4)})
    assert answers.asked == [(X, "run-one", 4, False)] * 3


def test_each_source_is_asked_about_what_is_asked_of_it(snapshot) -> None:
    answers = Scripted({X: deque([(Answer(4), False)]), Y: deque([(Answer(8), False)])})
    wanted = [Wanted("front", snapshot, [X]), Wanted("beside", snapshot, [Y]), Wanted("third", snapshot, [])]

    async def run() -> list[Answered]:
        return await found(answers, wanted, parse({"cursor": "4"}, PAGES), again=True)

    assert anyio.run(run) == [Answered({X: Answer(4)}), Answered({Y: Answer(8)}), Answered()]
    assert answers.asked == [(X, "front", 4, False), (Y, "beside", 4, False)]


def test_after_a_moment_it_is_shown_without(snapshot, monkeypatch) -> None:
    monkeypatch.setattr(module, "FIRST_SECONDS", 0)
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0)
    for again in (False, True):
        known = ask(Scripted({X: deque([(Answer(0), True)]), Y: deque([(None, True)])}), snapshot, again=again)
        assert known == Answered({X: Answer(0)}, pending=True)


def test_a_live_run_is_not_held_up(snapshot, monkeypatch) -> None:
    monkeypatch.setattr(module, "FIRST_SECONDS", 1e6)
    answers = Scripted({X: deque([(Answer(4), True)])})
    assert ask(answers, snapshot, "live").answers == {X: Answer(4)}
    assert answers.asked == [(X, "run-one", 8, True)]


def test_what_failed_says_why_and_is_waited_for_no_longer(snapshot, monkeypatch) -> None:
    monkeypatch.setattr(module, "FIRST_SECONDS", 1e6)
    answers = Scripted({X: deque([UnrolledError("`x` cannot be.")]), Y: deque([(Answer(4), False)])})
    known = ask(answers, snapshot)
    assert known == Answered({Y: Answer(4)}, {X: "`x` cannot be."})


def test_seq_changes_with_every_answer() -> None:
    states = [Answered(), Answered(pending=True), Answered({X: Answer(4)}, pending=True), Answered({X: Answer(4)}),
              Answered({X: Answer(8)}), Answered(failed={X: "no"})]  # fmt: skip
    assert len({known.seq for known in states}) == len(states)
