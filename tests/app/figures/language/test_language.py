"""Texts on a grid, and what the pictures of the page Language say of them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.language.origin import AT, OF, WRITTEN, prediction_origin
from app.figures.language.page_of_text import GAP, NARROW, WIDE, grid_of
from app.figures.language.perplexity import BITS, PERPLEXITY, perplexity
from app.figures.language.side_by_side import Writer, side_by_side
from app.figures.language.writing import OF_UNIT, SURPRISE, knobs_of, writing, written_text
from app.figures.theme import Style
from core import RunConfig, train
from core.questions import PredictionOrigin, Writing
from core.questions.over_training import Earlier
from core.tasks import Language
from core.training.replay import moment_of

CONFIG = RunConfig.from_flat(
    {"task.name": "language", "task.length": 9, "cell.hidden_size": 4, "batch_size": 2, "steps": 4}
)
TASK, WORDS = Language(length=9), Language(length=9, tokens="words")
STYLES = [Style(), Style(narrow=True)]


@pytest.mark.parametrize("style", STYLES, ids=["wide", "narrow"])
def test_every_symbol_has_a_place_of_its_own_and_words_stay_whole(style: Style) -> None:
    width = NARROW if style.narrow else WIDE
    for task in (TASK, WORDS):
        places = task.text_read.held_out[:300]
        grid = grid_of(places, task, style)
        order = grid.line * width + grid.column
        assert (np.diff(order) > 0).all() and (np.diff(grid.line) <= 1).all() and grid.column.max() < width
        assert all(grid.letters[k] in " ␣↵" for k in np.flatnonzero(np.diff(grid.line)))
        shown = "".join(grid.letters).replace("␣", " ").replace("↵", "\n")
        assert shown == task.text_read.joined(places)
        for k in (0, 7, 299):
            assert "".join(grid.letters[j] for j in grid.of(k)) == task.vocabulary[places[k]]
        cells = np.array(grid.cells)
        assert (cells[grid.line, grid.column] == grid.owner).all()
        assert (cells == GAP).sum() == cells.size - (grid.owner != GAP).sum()
    whole = grid_of([TASK.vocabulary.index("a")] * 100, TASK, style)
    assert (whole.line * width + whole.column == np.arange(100)).all()


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
    click = view.figure.layout.meta["click"]
    assert click["knob"] == AT and click["beside"] == {OF: WRITTEN} and click["shown"] == "origin"
    assert [k for row in click["cells"] for k in row if k != GAP] == list(range(500))
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


def test_words_are_coloured_whole_and_framed_whole() -> None:
    config = CONFIG.replace(**{"task.tokens": "words"})
    asked = Writing(characters=200)
    arrays, meta = asked.answer(moment_of(config, 3), Earlier())
    origin, at = PredictionOrigin(at=20, written=asked).answer(moment_of(config, 3), Earlier())
    assert (origin["places"] == arrays["places"]).all() and len(arrays["places"]) == asked.length(config)
    np.testing.assert_allclose(origin["surprise"], arrays["surprise"], rtol=1e-4)
    knobs = knobs_of(WORDS, "", 0.7, 0, SURPRISE, 1, 4)
    view = writing(arrays, meta, WORDS, Style(), colour=SURPRISE, unit=1, knobs=knobs, framed=20)
    z, cells = np.asarray(view.figure.data[0].z, float), np.array(view.figure.layout.meta["click"]["cells"])
    bits = np.minimum(arrays["surprise"] / np.log(2), 8)
    for k, place in enumerate(arrays["places"]):
        shown = z[cells == k]
        assert len(shown) == len(WORDS.vocabulary[place]) and shown == pytest.approx(bits[k], rel=1e-5)
    frames = view.figure.layout.shapes
    assert sum(frame.x1 - frame.x0 for frame in frames) == (cells == 19).sum()
    assert written_text(arrays, WORDS).startswith("\n\n")
    drawn = prediction_origin(origin, at, WORDS, Style(), of=WRITTEN)
    assert f"comes “{WORDS.vocabulary[origin['places'][19]]}”" in drawn.hint and "of what it wrote" in drawn.alt


def test_networks_side_by_side_go_on_from_the_same_beginning() -> None:
    configs = [CONFIG.replace(**{"cell.name": name}) for name in ("lstm", "gru")]
    asked = Writing(given=(1, 2, 3), characters=60)
    told = [asked.answer(moment_of(config, 3), Earlier())[0] for config in configs]
    writers = [Writer(config.cell.name, config, arrays, 3, 3, perplexity)
               for config, arrays, perplexity in zip(configs, told, (9.5, 7.25))]  # fmt: skip
    view = side_by_side(writers, TASK, Style(narrow=True))
    assert view.hint.startswith("Unseen text is least of a surprise to gru: perplexity gru 7.25, lstm 9.50.")
    heat, titles = view.figure.data
    rows = ["".join(row) for row in heat.text]
    heads = [int(y) for y in titles.y]
    assert [title.split(":")[0].strip() for title in titles.text] == ["lstm", "gru"] and all(
        rows[y] == "" for y in heads
    )
    for begin, end, arrays in zip(heads, [*heads[1:], len(rows)], told):
        assert "".join(rows[begin:end]) == "".join(TASK.vocabulary[p] for p in arrays["places"]).replace("␣", " ")
    apart = [writers[0], replace(writers[1], step=2)]
    assert "least" not in side_by_side(apart, TASK, Style()).hint
