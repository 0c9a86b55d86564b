"""The Memory page's board: typed words, knobs, answers and every picture, without a server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import plotly.graph_objects as go
import pytest

from app.board.known import Answered
from app.board.query import Query
from app.board.source import Memory, Status
from app.board.views.base import Shown, questions
from app.board.views.memory import PAGE
from app.figures.theme import Style
from core.config import RunConfig
from core.lab.answers import Answer
from core.questions import Evidence, FadingMemory, MemoryCapacity, Question
from core.questions.over_training import Earlier
from core.training.replay import moment_of

REVIEW = RunConfig.from_flat({"task.name": "review", "task.length": 12, "cell.hidden_size": 3, "steps": 9})


def needs(config: RunConfig, knobs: dict[str, str]) -> list[Question]:
    """All questions of the page where its knobs stand so."""
    query = Query("memory", tuple(PAGE.views), (), None, Style(), knobs=tuple(knobs.items()))
    wanted = [questions(spec.needs, query, config) for spec in PAGE.views.values()]
    return list(dict.fromkeys(question for some in wanted for question in some))


@pytest.fixture
def shown(make_frame, quick_questions: None):
    """``shown(config, knobs, answered=True)``: the untrained network, its questions answered."""

    def make(config: RunConfig = REVIEW, knobs: dict[str, str] | None = None, answered: bool = True) -> Shown:
        memory = Memory()
        memory.add(make_frame(config, 0))
        snapshot = memory.snapshot("1", Status("running"))
        query = Query("memory", tuple(PAGE.views), (), None, Style(), knobs=tuple((knobs or {}).items()))
        assert snapshot.last is not None
        source: Any = SimpleNamespace(id="run", config=config)
        answers = {}
        for question in needs(config, knobs or {}) if answered else []:
            answers[question] = Answer(0, *question.answer(moment_of(config, 0), Earlier()))
        return Shown(source, snapshot, answered=Answered(answers), query=query, frame=snapshot.last)

    return make


@pytest.mark.parametrize("knobs, question", [
    ({}, Evidence(probe=0)),
    ({"review_text": "I LOVED this film, movie"}, Evidence(words=(6, 0, 7, 8))),
    ({"review_text": "unheard of ; : % \u2028 \\"}, Evidence(probe=0)),
    ({"memory_sequence": "3"}, Evidence(probe=0)),
])  # fmt: skip
def test_typed_words_become_a_question_of_places(knobs: dict[str, str], question: Question) -> None:
    assert question in needs(REVIEW, knobs)


def test_the_longest_text_is_a_question_that_can_be_asked() -> None:
    (question,) = [each for each in needs(REVIEW, {"review_text": "played " * 71}) if isinstance(each, Evidence)]
    assert len(question.words) == 60


@pytest.mark.parametrize("knobs, expected", [
    ({"memory_sequence": "3", "memory_state": "state"},
     {Evidence(probe=3), FadingMemory(part="state"), MemoryCapacity(part="state")}),
    ({"memory_sequence": "4", "memory_state": "c"}, {Evidence(probe=0), FadingMemory(), MemoryCapacity()}),
    ({"memory_sequence": "²", "review_text": "loved"}, {Evidence(probe=0), FadingMemory(), MemoryCapacity()}),
])  # fmt: skip
def test_knobs_are_anyones_input(knobs: dict[str, str], expected: set[Question]) -> None:
    assert set(needs(REVIEW.replace(**{"task.name": "temporal-order"}), knobs)) == expected


def test_a_cell_without_c_is_read_from_h() -> None:
    assert FadingMemory() in needs(REVIEW.replace(**{"cell.name": "gru"}), {"memory_state": "state"})


@pytest.mark.parametrize("task", ["review", "temporal-order", "adding", "two-lag", "copy"])
@pytest.mark.parametrize("answered", [True, False], ids=["answered", "pending"])
def test_every_picture_and_the_words(shown, task: str, answered: bool) -> None:
    config = REVIEW.replace(**{"task.name": task, **({"task.symbols_to_copy": 2} if task == "copy" else {})})
    now = shown(config, answered=answered)
    for name, spec in PAGE.views.items():
        view = spec.build(now)
        assert (view is None) == (not answered and bool(spec.needs)), name
        if view is not None:
            assert view.name == name and {knob.name for knob in view.knobs} <= set(spec.knobs)
            go.Figure(view.figure.to_plotly_json())
    words = PAGE.caption(now)
    assert words.headline.endswith(".") and ("…" in [figure.value for figure in words.figures]) == (not answered)


def test_a_typed_review_is_drawn_and_what_is_left_out_is_said(shown) -> None:
    text = "I loved this <b>FILM</b>"
    view = PAGE.views["evidence"].build(shown(knobs={"review_text": text}))
    assert list(view.figure.layout.xaxis.ticktext) == ["I", "<b>loved</b>", "this"]
    (problem,) = view.problems
    assert "“b”, “FILM”" in problem and view.knobs[0].value == text
    nothing = PAGE.views["evidence"].build(shown(knobs={"review_text": "?!"}))
    assert len(nothing.figure.data[-1].x) == 12 and "a drawn review stands here" in nothing.problems[0]


def test_one_input_is_chosen_without_asking_anew(shown) -> None:
    assert needs(REVIEW, {"memory_input": "0"}) == needs(REVIEW, {})
    build = PAGE.views["fading"].build
    assert "“loved”" in build(shown(knobs={"memory_input": "0"})).hint
    for wrong in ("99", "-1", "x", "²"):
        assert build(shown(knobs={"memory_input": wrong})).knobs[-1].value == "all"


@pytest.mark.parametrize("wanted, stands", [("0.5", "0.5"), ("-3", "0"), ("7", "0.99"), ("nan", "0.8"), ("a", "0.8")])
def test_the_leak_stands_within_its_bounds(shown, wanted: str, stands: str) -> None:
    view = PAGE.views["leak"].build(shown(knobs={"memory_leak": wanted}, answered=False))
    assert view.knobs[0].value == stands
