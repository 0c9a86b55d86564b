"""Pictures of what is remembered: the lines are the answers, and the sentences say what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.memory.answer import answer
from app.figures.memory.capacity import capacity
from app.figures.memory.evidence import LONGEST, evidence, sentences, text_knob
from app.figures.memory.fading import fading, half_lag
from app.figures.memory.leak import LEAK, leak
from app.figures.theme import DARK, Style
from core.config import RunConfig
from core.data import probes
from core.tasks import Review
from core.tasks.typed import Typing

styles = pytest.mark.parametrize("style", [Style(), Style(DARK, narrow=True)], ids=["light", "dark narrow"])
tasks = pytest.mark.parametrize("task", ["temporal-order", "adding", "review", "two-lag", "copy"])


def config_of(**settings: Any) -> RunConfig:
    flat = {"task.name": "temporal-order", "task.length": 20, "cell.hidden_size": 6, "steps": 50}
    return RunConfig.from_flat(flat | {key.replace("__", "."): value for key, value in settings.items()})


def found(config: RunConfig, now: np.ndarray | None = None, start: float = 0.3):
    """An answer to "fading" of eleven lags: ½^k for this network, and less for the untrained one."""
    lag, C = np.arange(11), config.task.input_size
    curve = 0.5**lag if now is None else now
    before = 0.5 * 0.25**lag
    arrays = {"lag": lag, "guessed": np.full(11, 0.1), "step": np.arange(1, 21),
              "now.answer": np.linspace(0.2, 0.95, 20), "start.answer": np.full(20, start)}  # fmt: skip
    for who, values in (("now", curve), ("start", before)):
        arrays |= {f"{who}.decoded": 0.1 + 0.9 * values, f"{who}.r2": values,
                   f"{who}.channels": np.stack([values / (k + 1) for k in range(C)], axis=1)}  # fmt: skip
    symbols = config.task.name != "adding"
    return arrays, {"symbols": symbols, "sequences": 100, "states": 200, "chance": 0.25, "last": 2}


@styles
@tasks
def test_fading_of_symbols_and_of_numbers(task: str, style: Style) -> None:
    config = config_of(task__name=task)
    arrays, meta = found(config)
    view = fading(arrays, meta, config, style, part="h", channel="all")
    go.Figure(view.figure.to_dict())
    lines = {trace.name: np.asarray(trace.y) for trace in view.figure.data}
    name = "r2" if task == "adding" else "decoded"
    np.testing.assert_array_equal(lines["this network"], arrays[f"now.{name}"])
    np.testing.assert_array_equal(lines["untrained"], arrays[f"start.{name}"])
    np.testing.assert_array_equal(lines["chance"], 0 if task == "adding" else arrays["guessed"])
    assert "Half of that is gone 2 steps back; in the untrained network gone 1 step back" in view.hint
    assert [knob.name for knob in view.knobs] == ["memory_state", "memory_input"]
    assert len(view.knobs[-1].options) == 1 + config.task.input_size
    assert len(view.table()) == 11


def test_one_channel_has_its_r2() -> None:
    config = config_of(cell__name="gru")
    arrays, meta = found(config)
    view = fading(arrays, meta, config, Style(), part="h", channel="1")
    np.testing.assert_array_equal(view.figure.data[2].y, arrays["now.channels"][:, 1])
    assert "gives “Y” of this step back with R²\u00a00.50" in view.hint
    assert [knob.name for knob in view.knobs] == ["memory_input"], "a GRU has no c"
    assert config_of(task__name="adding").task.channels == ("value", "marker")


@pytest.mark.parametrize("curve, half, words", [
    (np.full(11, 0.8), -1, "still there 10 steps back"),
    (np.zeros(11), -2, "Untrained, half was gone 1 step back"),
])  # fmt: skip
def test_what_never_fades_and_what_is_never_kept(curve: np.ndarray, half: int | None, words: str) -> None:
    config = config_of(task__name="adding")
    arrays, meta = found(config, curve)
    assert half_lag(arrays, meta, "now") == half and half_lag(arrays, meta, "start") == 1
    assert words in fading(arrays, meta, config, Style(), part="h", channel="all").hint


def test_inputs_that_are_the_same_in_every_sequence() -> None:
    config = config_of()
    arrays, meta = found(config)
    blank = np.where(arrays["lag"] < 8, 1.0, 0.25)
    arrays |= {"guessed": blank, "now.decoded": np.maximum(blank, 0.9), "start.decoded": np.maximum(blank, 0.5)}
    assert half_lag(arrays, meta, "now") is None
    hint = fading(arrays, meta, config, Style(), part="h", channel="all").hint
    assert "the same in every sequence" in hint
    assert "Of those 10 steps back a linear readout finds 90\u00a0%, where guessing gets 25\u00a0%" in hint
    for who in ("now", "start"):
        arrays[f"{who}.channels"] = np.full((11, 6), np.nan)
    same = fading(arrays, meta, config, Style(), part="h", channel="1").hint
    assert "nothing to remember" in same


def test_states_that_are_no_numbers() -> None:
    config = config_of()
    arrays, meta = found(config, np.full(11, np.nan))
    arrays["now.answer"] = np.full(20, np.nan)
    for view in (fading(arrays, meta, config, Style(), part="h", channel="all"),
                 answer(arrays, meta, config, Style(), part="h")):  # fmt: skip
        go.Figure(view.figure.to_dict())
        assert "not finite" in view.hint


@styles
@tasks
def test_where_the_answer_is(task: str, style: Style) -> None:
    config = config_of(task__name=task)
    arrays, meta = found(config)
    view = answer(arrays, meta, config, style, part="state")
    go.Figure(view.figure.to_dict())
    np.testing.assert_array_equal(view.figure.data[2].y, arrays["now.answer"])
    assert "best at step 20" in view.hint and "What is above the dashed line was learned." in view.hint


@pytest.mark.parametrize("now, start, words", [
    (np.full(20, 0.26), 0.25, "At the end next to none is there."),
    (np.append(np.full(19, 0.9), 0.25), 0.25, "it was lost on the way"),
    (np.full(20, 0.9), 0.9, "an echo that any readout could use"),
])  # fmt: skip
def test_what_became_of_the_answer(now: np.ndarray, start: float, words: str) -> None:
    config = config_of()
    arrays, meta = found(config, start=start)
    assert words in answer(arrays | {"now.answer": now}, meta, config, Style(), part="h").hint


@styles
def test_capacity_under_its_bound(style: Style) -> None:
    config, lag = config_of(), np.arange(30)
    arrays = {"lag": lag, "now": 0.5**lag, "start": 1.5 * 0.5**lag}
    view = capacity(arrays, {"bound": 6, "channels": 5}, config, style)
    go.Figure(view.figure.to_dict())
    assert view.figure.layout.shapes[0].y0 == 6 and view.figure.data[1].y[-1] == pytest.approx(2)
    assert (
        "2.0 of at most 6 units, over lags 0 to 29; untrained 3.0" in view.hint
        and "keeps less of what comes at random" in view.hint
    )
    small = capacity(arrays, {"bound": 60, "channels": 5}, config, style)
    assert not small.figure.layout.shapes, "a bound far above leaves the picture, and stays in the sentence"
    both = capacity(arrays, {"bound": 12}, config, style)
    assert "of at most 12, h and c of 6 units" in both.hint
    broken = capacity(arrays | {"now": lag * np.nan}, {"bound": 6}, config, style)
    assert "not finite" in broken.hint
    none = capacity(arrays | {"now": np.full(30, -1e-3)}, {"bound": 6}, config, style)
    assert "0 of at most 6 units" in none.hint, "where nothing is held, as much is measured below zero as above"


@pytest.mark.parametrize("a", [0, 0.5, 0.8, 0.99])
def test_a_leaky_unit(a: float) -> None:
    view = leak(Style(), a=a)
    go.Figure(view.figure.to_dict())
    closed, measured = (np.asarray(trace.y) for trace in view.figure.data)
    np.testing.assert_allclose(closed, [(1 - a**2) * a ** (2 * k) for k in range(21)])
    np.testing.assert_allclose(measured, closed, atol=0.02)
    assert view.knobs[0].name == LEAK and "All lags together are worth 1" in view.hint
    assert ("beyond lag 20" in view.hint) == (a == 0.99)


# -- evidence ---------------------------------------------------------------------------------------------------------


def told(text: str, now: list[float], start: float = 0.1) -> dict[str, np.ndarray]:
    x = Review().encode(Review().read(text).places)
    return {"now": np.array(now), "start": np.full(len(x), start), "right": np.full(len(x), np.nan), "x": x}


def drawn(text: str, now: list[float], style: Style | None = None):
    config = config_of(task__name="review")
    view = evidence(told(text, now), config, style or Style(), knob=text_knob(text, [], Typing("review", "")))
    go.Figure(view.figure.to_dict())
    return view


@styles
def test_every_word_stands_under_its_step(style: Style) -> None:
    view = drawn("I loved this movie", [0, 2.0, 2.5, 2.2], style)
    assert list(view.figure.layout.xaxis.ticktext) == ["I", "<b>loved</b>", "this", "movie"]
    assert view.figure.layout.yaxis.range[0] == -view.figure.layout.yaxis.range[1]
    assert "After “loved” the evidence is +2.0, 2 words later +2.2: it is kept" in view.hint
    assert "liked, 90\u00a0% sure" in view.hint and "The untrained network is at +0.1." in view.hint
    assert view.table().iloc[1, :3].tolist() == [2, "loved", 2.0]


@pytest.mark.parametrize("text, now, words", [
    ("I hated it", [0, -8, -9], "disliked, more than 99.9\u00a0% sure"),
    ("I loved it all", [0, 3, 1], "it fades"),
    ("I loved it", [0, 3, -3], "it turned round"),
    ("I loved it", [0, 0.1, 0.02], "there is next to none, and asked after the last word it would say undecided"),
    ("loved", [3], "After “loved” the evidence is +3.0: asked after the last word"),
    ("this movie", [0.5, 0.6], "No word here says whether it was liked"),
    ("loved it hated it", [2, 2, 1, 1.5], "of its verdicts the network goes by “loved”"),
    ("loved it", [np.nan, np.nan], "is not a number"),
])  # fmt: skip
def test_what_became_of_the_evidence(text: str, now: list[float], words: str) -> None:
    assert words in drawn(text, now).hint


@styles
@tasks
def test_drawn_sequences_of_every_task(task: str, style: Style) -> None:
    config = config_of(task__name=task)
    x = probes(config).x[:, 0]
    right = np.full(20, 1.2 if task == "adding" else 1.0)
    if task == "copy":
        right[:10] = np.nan
    arrays = {"now": np.where(np.isfinite(right), 0.4, np.nan), "start": np.full(20, -0.2), "right": right, "x": x}
    view = evidence(arrays, config, style, knob=text_knob("", [], Typing("review", "")))
    go.Figure(view.figure.to_dict())
    assert ("asked for" in [trace.name for trace in view.figure.data]) == (task == "adding")
    assert (view.title == "If it were asked now") == (task != "review")
    assert view.hint.endswith(".") and view.alt


def test_a_long_drawn_review_has_a_time_axis_and_is_thinned() -> None:
    config = config_of(task__name="review", task__length=3000)
    x = probes(config).x[:, 0]
    arrays = {"now": np.ones(3000), "start": np.zeros(3000), "right": np.full(3000, np.nan), "x": x}
    view = evidence(arrays, config, Style(), knob=text_knob("", [], Typing("review", "")))
    assert len(view.figure.data[-1].x) == len(view.table()) == 800


def test_what_cannot_be_read_is_said_with_the_vocabulary() -> None:
    def said(text: str) -> list[str]:
        return sentences(text, Review(), Typing("review", ""))

    assert said("") == said("  ") == said("I loved this movie!") == []
    (one,) = said("I loved this film")
    assert one.startswith("Left out, since the network has never seen it: “film”. It knows 34: loved, adored,")
    (many,) = said("I loved " + " ".join(f"w{k}" for k in range(9)) + " " + "x" * 400)
    assert "“w4” and 5 more" in many and len(many) < 600
    (none,) = said("🙂 <b>")
    assert "so a drawn review stands here" in none and "It knows 34" in none
    assert said("rainy " * 62) == ["The first 60 words it knows are read, and 2 words more are not."]
    knob = text_knob("I loved", ["I hated this movie"], Typing("review", "I loved …"))
    assert knob.text == LONGEST and knob.value == "I loved" and knob.options[0][0] == "I hated this movie"
