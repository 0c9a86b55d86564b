"""The registry: every kind can be asked of every cell, told as JSON and read back; what cannot be is one sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.anatomy import ANATOMIES
from core.config import RunConfig
from core.errors import UnrolledError
from core.network import Network
from core.questions import (
    QUESTIONS,
    CheckedGradient,
    Evidence,
    ForcedGates,
    GateUse,
    Question,
    TrainingStep,
    question_of,
)
from core.questions.over_training import Earlier
from core.training.replay import moment_of

NEEDED: dict[str, dict[str, Any]] = {"check": {"t": 3}, "evidence": {"probe": 0}}
"""Arguments without a default."""
OF_A_TASK: dict[str, str] = {"forecast": "sines", "writing": "language", "prediction-origin": "language"}
"""What only some tasks can be asked."""


def kind_of(question: type[Question]) -> str:
    return question.model_fields["kind"].default


def plain(question: type[Question]) -> Question:
    return question(**NEEDED.get(kind_of(question), {}))


each = pytest.mark.parametrize("question", QUESTIONS, ids=kind_of)


@each
@pytest.mark.parametrize(
    ("cell", "spoilt"), [*((cell, False) for cell in ANATOMIES), ("peephole", True)], ids=[*ANATOMIES, "not a number"]
)
@pytest.mark.usefixtures("quick_questions")
def test_every_kind_has_an_answer_or_a_sentence(question: type[Question], cell: str, spoilt: bool) -> None:
    small: dict[str, Any] = {"task.length": 12, "cell.hidden_size": 3, "batch_size": 4, "steps": 4, "cell.name": cell}
    small["task.name"] = OF_A_TASK.get(kind_of(question), "temporal-order")
    moment = moment_of(RunConfig.from_flat(small), 2)
    if spoilt:
        params = {name: values * np.nan for name, values in moment.layer.params.items()}
        moment = replace(moment, network=Network.of(moment.cell, params, moment.network.readout))
    try:
        arrays, facts = plain(question).answer(moment, Earlier())
    except UnrolledError as error:
        assert str(error).endswith(".") and spoilt, "a moment of numbers has an answer"
        return
    assert arrays and all(isinstance(values, np.ndarray) for values in arrays.values())
    np.testing.assert_equal(json.loads(json.dumps(facts)), facts)


@each
def test_a_question_is_read_back_and_equal(question: type[Question]) -> None:
    one = plain(question)
    again = question_of(json.loads(one.text))
    assert again == one and hash(again) == hash(one) and again.text == one.text


def test_kinds_are_told_apart() -> None:
    texts = {plain(question).text for question in QUESTIONS}
    assert len(texts) == len({kind_of(question) for question in QUESTIONS}) == len(QUESTIONS)
    assert [kind_of(question) for question in QUESTIONS if not question.changes] == [
        "cost",
        "starts",
        "cell-costs",
        "program",
    ]


@each
def test_every_argument_says_what_it_is(question: type[Question]) -> None:
    for name, info in question.model_fields.items():
        assert name == "kind" or (info.title and str(info.description).endswith("."))


@pytest.mark.parametrize("told, why", [
    ({"kind": "prophecy"}, "`prophecy` is not known"), ({}, "`None` is not known"), (3, "`3` is not known"),
    ({"kind": "check"}, "`t`"), ({"kind": "check", "t": -1}, "`t` (=-1) must be at least 0"),
    ({"kind": "check", "t": 1, "part": "hc"}, "`part` (=hc)"), ({"kind": "check", "t": "²"}, "a whole number"),
    ({"kind": "slow", "sequence": 0}, "at least 1"), ({"kind": "slow", "unit": 0}, "at least 1"),
    ({"kind": "theory", "unit": 1}, "not a setting of this question"),
    ({"kind": "paths", "losses": "first"}, "Choose last or all"), ({"kind": "fading", "part": "c"}, "h or state"),
    ({"kind": "probe", "force": [["f", 2]]}, "at most 1"),
    ({"kind": "probe", "force": [["f", float("nan")]]}, "number"),
    ({"kind": "probe", "force": [["ff", 1]]}, "`force.0.0` (=ff)"), ({"kind": "probe", "force": ["f"]}, "`force.0`"),
    ({"kind": "probe", "force": [["f", 0], ["f", 1]]}, "more than once"),
    ({"kind": "probe", "peepholes": "gone"}, "Choose kept, removed or cut"),
    ({"kind": "evidence"}, "one of the two"), ({"kind": "evidence", "probe": 0, "words": [1]}, "one of the two"),
    ({"kind": "evidence", "probe": -1}, "at least 0"),
    ({"kind": "evidence", "words": [1] * 61}, "at most 60"),
])  # fmt: skip
def test_what_cannot_be_asked_is_a_sentence(told: Any, why: str) -> None:
    with pytest.raises(UnrolledError) as caught:
        question_of(told)
    assert why in str(caught.value) and "\n" not in str(caught.value)


def test_built_in_code_it_is_the_same_sentence() -> None:
    for build in (lambda: TrainingStep(sequence=0), lambda: CheckedGradient(t=-1), lambda: Evidence(words=(-1,)),
                  lambda: ForcedGates(force=(("f", 2.0),))):  # fmt: skip
        with pytest.raises(UnrolledError, match="must be"):
            build()


def test_a_cell_whose_gates_do_not_keep_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = moment_of(RunConfig.from_flat({"cell.name": "gru", "task.length": 12, "steps": 1}), 0)
    monkeypatch.setattr("core.anatomy.Anatomy.with_role", lambda self, role: None)
    with pytest.raises(UnrolledError, match=r"`cell.name` \(=gru\) does not say which of its gates keeps"):
        GateUse().answer(moment, Earlier())
