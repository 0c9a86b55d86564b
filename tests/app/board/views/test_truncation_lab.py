"""The Truncation lab's board: knobs, answers and every picture, without a server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from app.board.known import Answered
from app.board.query import Query
from app.board.source import Memory, Status
from app.board.views.base import Shown
from app.board.views.truncation_lab import PAGE, choice
from app.figures.theme import Style
from app.figures.truncation_lab.bias import Choice
from core.config import RunConfig
from core.lab.answers import Answer
from core.questions import Question, TruncationBias, TruncationCost

CUT = RunConfig.preset("temporal-order-lstm-truncated")
FULL = CUT.replace(truncation="full")
T = CUT.task.length


def truncation(step: int = 0) -> Answer:
    """A geometric decay of .9 a step."""
    K = np.arange(1, T + 1)
    bias = (0.9**K - 0.9**T) / (1 - 0.9**T)
    names = {"relative_bias": bias, "cosine": 1 - bias, "norm_ratio": 1 - bias}
    arrays: dict[str, Any] = {"phi": 0.9 ** np.arange(T + 1)}
    for kind in ("windows", "sliding"):
        arrays |= {f"{kind}.K": K} | {f"{kind}.{part}{name}": values for part in ("", "cell_")
                                      for name, values in names.items()}  # fmt: skip
    return Answer(step, arrays, {"sequences": 8, "of": 32})


def cost() -> Answer:
    K = np.array([1, 20, T])
    return Answer(0, {"K": K, "seconds": K / 1e3, "bytes": 1e4 * K}, {})


@pytest.fixture
def shown(make_frame):
    """``shown(config, knobs={…}, answers={…})`` at training step 3 of a run in training."""

    def make(config: RunConfig = CUT, knobs: dict[str, str] | None = None, answers: Any = ()) -> Shown:
        memory = Memory()
        for step in range(4):
            memory.add(make_frame(config, step))
        snapshot = memory.snapshot("1", Status("running"))
        query = Query("truncation_lab", tuple(PAGE.views), (), None, Style(), knobs=tuple((knobs or {}).items()))
        assert snapshot.last is not None
        source: Any = SimpleNamespace(id="run", config=config)
        return Shown(source, snapshot, answered=Answered(dict(answers)), query=query, frame=snapshot.last)

    return make


def test_knobs_stand_where_the_run_does(shown) -> None:
    assert choice(shown()) == Choice(20, "windows", 0.1)
    assert choice(shown(CUT.replace(truncation="sliding"))).kind == "sliding"
    assert choice(shown(FULL)) == Choice(FULL.task.lag + 1, "windows", 0.1)  # a loss would just see all it needs
    assert choice(shown(CUT.replace(truncation_length=9999))).K == T


@pytest.mark.parametrize("knobs, expected", [
    ({"k": "33", "cut": "sliding", "delta": "0.25"}, Choice(33, "sliding", 0.25)),
    ({"k": "0", "delta": "7"}, Choice(1, "windows", 1.0)),
    ({"k": "1e9", "delta": "1e-9"}, Choice(T, "windows", 0.01)),
    ({"k": "many", "cut": "diagonal", "delta": "nan"}, Choice(20, "windows", 0.1)),
])  # fmt: skip
def test_knobs_are_anyones_input(shown, knobs: dict[str, str], expected: Choice) -> None:
    assert choice(shown(knobs=knobs)) == expected


@pytest.mark.parametrize(
    "answers", [{}, {TruncationBias(): truncation(), TruncationCost(): cost()}], ids=["pending", "answered"]
)
@pytest.mark.parametrize("mode", ["full", "windows", "sliding", "stream", "reset"])
def test_every_picture_and_the_words_are_there(shown, mode: str, answers: dict[Question, Answer]) -> None:
    now = shown(CUT.replace(truncation=mode), answers=answers)
    for name, spec in PAGE.views.items():
        view = spec.build(now)
        assert view is not None and view.name == name
        assert {knob.name for knob in view.knobs} == set(spec.knobs)
        go.Figure(view.figure.to_plotly_json())
    words = PAGE.caption(now)
    assert words.headline and (words.figures[2].value == "…") == (not answers)


def test_moving_k_changes_words_and_read_out(shown) -> None:
    answers = {TruncationBias(): truncation(3)}
    one, other = (shown(knobs={"k": k}, answers=answers) for k in ("20", "30"))
    assert [figure.value for figure in PAGE.caption(one).figures] == ["44", "19", "12\u00a0%", "0.88", "22"]
    assert PAGE.caption(other).figures[2].value == "4\u00a0%"
    hints = [PAGE.views["bias"].build(each).hint for each in (one, other)]  # pyright: ignore
    assert hints[0].startswith("K = 20: the gradient of the cell's weights is off by 12\u00a0%") and hints[
        1
    ].startswith("K = 30: the gradient of the cell's weights is off by 4\u00a0%")


@pytest.mark.parametrize("asked, cut, drawn", [
    ("last", "windows", True), ("every", "windows", False), ("every", "sliding", True),
])  # fmt: skip
def test_k_from_the_decay_stands_where_its_model_holds(shown, asked: str, cut: str, drawn: bool) -> None:
    """Where every loss sees K steps back: in sliding truncation, and where there is a single loss at the end."""
    config = FULL.replace(**{"task.asked": asked})
    view = PAGE.views["bias"].build(shown(config, {"cut": cut}, {TruncationBias(): truncation()}))
    assert view is not None
    assert any(trace.name == "K from the decay" for trace in view.figure.data) == drawn
    assert any("estimated from the decay" in key.label for key in view.keys) == drawn
