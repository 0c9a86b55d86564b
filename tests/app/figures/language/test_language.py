"""Texts on a grid, and what the pictures of the page Language say of them."""

from __future__ import annotations

import re

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.language.origin import prediction_origin
from app.figures.language.page_of_text import NARROW, WIDE, places
from app.figures.language.perplexity import BITS, PERPLEXITY, perplexity
from app.figures.language.writing import OF_UNIT, SURPRISE, knobs_of, writing
from app.figures.theme import Style
from core import RunConfig, train
from core.questions import PredictionOrigin, Writing
from core.questions.over_training import Earlier
from core.tasks import Language
from core.training.replay import moment_of

CONFIG = RunConfig.from_flat(
    {"task.name": "language", "task.length": 9, "cell.hidden_size": 4, "batch_size": 2, "steps": 4}
)
TASK = Language(length=9)
STYLES = [Style(), Style(narrow=True)]


@pytest.mark.parametrize("style", STYLES, ids=["wide", "narrow"])
def test_every_symbol_has_a_place_of_its_own_and_words_stay_whole(style: Style) -> None:
    symbols = [TASK.vocabulary[place] for place in TASK.text_read.held_out[:500]]
    line, column = places(symbols, style)
    width = NARROW if style.narrow else WIDE
    assert len(set(zip(line, column))) == 500 and column.max() < width
    order = line * width + column
    assert (np.diff(order) > 0).all() and (np.diff(line) <= 1).all()
    assert all(symbols[k] in "␣↵" for k in np.flatnonzero(np.diff(line)))
    line, column = places(["x"] * 100, style)
    assert (line * width + column == np.arange(100)).all()


@pytest.mark.parametrize("style", STYLES, ids=["wide", "narrow"])
@pytest.mark.parametrize("colour", [SURPRISE, OF_UNIT])
def test_a_text_of_its_own(style: Style, colour: str) -> None:
    arrays, meta = Writing(given=(1, 2, 3), unit=2).answer(moment_of(CONFIG, 3), Earlier())
    knobs = knobs_of(TASK, "abc", 0.7, 0, colour, 2, 4)
    view = writing(arrays, meta, TASK, style, colour=colour, unit=2, knobs=knobs)
    go.Figure(view.figure.to_dict())
    heat = view.figure.data[0]
    text = "".join(symbol for row in heat.text for symbol in row)
    written = "".join(TASK.vocabulary[place] for place in arrays["places"]).replace("␣", " ")
    assert text == written
    values = np.asarray(heat.z, float)
    shown = values[np.isfinite(values)]
    expected = arrays["unit"] if colour == OF_UNIT else np.minimum(arrays["surprise"] / np.log(2), 8)
    assert shown == pytest.approx(expected, rel=1e-5)
    bits = float(re.findall(r"by ([\d.]+) bits", view.hint)[0])
    assert bits == pytest.approx(arrays["surprise"][3:].mean() / np.log(2), abs=0.006)
    table = view.table()
    assert len(table) == 500 and table["surprise, bits"].to_numpy() == pytest.approx(arrays["surprise"] / np.log(2))


@pytest.mark.parametrize("style", STYLES, ids=["wide", "narrow"])
def test_the_origin_of_a_prediction(style: Style) -> None:
    arrays, meta = PredictionOrigin(at=40).answer(moment_of(CONFIG, 3), Earlier())
    view = prediction_origin(arrays, meta, TASK, style)
    go.Figure(view.figure.to_dict())
    symbols = [TASK.vocabulary[place] for place in arrays["places"]]
    credit = arrays["credit"][:39]
    strongest = int(credit.argmax())
    assert f"“{symbols[strongest]}”, {39 - strongest} symbol" in view.hint and f"comes “{symbols[39]}”" in view.hint
    far = 39 - int(np.flatnonzero(credit >= 0.01 * credit.max())[0])
    assert f"still arrives {far} symbol" in view.hint
    heat, rest = view.figure.data
    shown = np.asarray(heat.z, float)
    shown = shown[np.isfinite(shown)]
    assert shown == pytest.approx(np.maximum(np.log10(credit / credit.max()), -3), abs=1e-4)
    assert len(rest.text) == len(symbols) - 39
    assert len(view.table()) == 39


def test_the_origin_where_there_are_no_numbers() -> None:
    arrays, meta = PredictionOrigin(at=40).answer(moment_of(CONFIG, 3), Earlier())
    view = prediction_origin(arrays | {"credit": np.full(300, np.nan)}, meta, TASK, Style())
    assert "no number" in view.hint
    view = prediction_origin(arrays | {"credit": np.zeros(300)}, meta, TASK, Style())
    assert "No gradient comes back" in view.hint


def test_perplexity_is_what_the_held_out_text_costs() -> None:
    frames = list(train(CONFIG))
    scalars = {name: np.concatenate([frame.history[name] for frame in frames]) for name in frames[0].history}
    for measure in (PERPLEXITY, BITS):
        view = perplexity(scalars, 4, CONFIG, TASK, Style(), measure)
        go.Figure(view.figure.to_dict())
        nats = frames[-1].error * TASK.text_read.grams[0]
        last = view.table()[measure].iloc[-1]
        assert last == pytest.approx(np.exp(nats) if measure == PERPLEXITY else nats / np.log(2), rel=1e-5)
