"""Pictures and words of the page Untrained: they draw and say what was answered."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.shared.guess import guess_of
from app.figures.theme import DARK, Style
from app.figures.untrained.begun import begun
from app.figures.untrained.by_length import AT, LOWEST, NAMES, PREFIX, by_length
from app.figures.untrained.costs import costs
from app.figures.untrained.starts import starts
from app.text.shared.situation import Situation
from app.text.untrained.caption import caption
from core.anatomy import ANATOMIES
from core.config import RunConfig
from core.numbers import fixed
from core.questions.cell_costs import MEASURES
from core.reading.horizon import horizon_of

CONFIG = RunConfig.from_flat({"task.name": "temporal-order", "task.length": 20, "cell.hidden_size": 4})
styles = pytest.mark.parametrize("style", [Style(), Style(DARK, narrow=True)], ids=["light", "dark narrow"])


def answer(betas: list[float]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """One start a cell, whose gradient has one factor per step; three seeds a hundredth apart."""
    told = [{"cell.name": name, "cell.init": "default"} for name in ANATOMIES]
    steps = np.arange(20, -1, -1.0)
    flow = np.array([[(beta + nudge) ** steps for nudge in (-0.01, 0, 0.01)] for beta in betas])
    return {"flow": flow}, {"starts": told, "seeds": [0, 1, 2], "sequences": 8}


@styles
def test_a_row_a_start_and_its_factor(style: Style) -> None:
    rows = begun(*answer([0.5, 0.9, 1.0, 1.2]), CONFIG)
    view = starts(rows, CONFIG, style, seeds=3)
    go.Figure(view.figure.to_dict())
    for row, trace, beta in zip(rows, view.figure.data, (0.5, 0.9, 1.0, 1.2), strict=True):
        assert row.factor == pytest.approx(beta) and row.arrives == pytest.approx(beta**CONFIG.task.lag)
        np.testing.assert_allclose(trace.z[0], np.log10(beta) * np.arange(21), rtol=1e-5, atol=1e-6)
        assert f"× {fixed(beta)}" in [note.text for note in view.figure.layout.annotations]
    reach = sum(beta**CONFIG.task.lag >= 0.01 for beta in (0.5, 0.9, 1.0, 1.2))
    assert f"arrives in {reach} of 4." in view.hint
    assert len(view.table()) == 21


def test_what_is_no_number_leaves_a_gap_and_counts_as_nothing() -> None:
    arrays, meta = answer([0.9, 0.9, 0.9, 0.9])
    arrays["flow"][0, :, :10] = 0
    arrays["flow"][1, :] = np.nan
    rows = begun(arrays, meta, CONFIG)
    assert rows[0].arrives == 0 and not rows[0].reaches and rows[1].factor is None and rows[2].reaches
    view = starts(rows, CONFIG, Style(), seeds=3)
    assert np.isnan(view.figure.data[0].z[0][11:]).all() and np.isnan(view.figure.data[1].z[0]).all()
    assert "nothing" in view.figure.data[0].text[0][-1]


@styles
@pytest.mark.parametrize("step", [0, 40])
def test_lines_by_length(style: Style, step: int) -> None:
    lengths = np.array([10, 20, 50, 400])
    shares = np.array([[beta ** lengths.astype(float)] * 3 for beta in (0.5, 0.9, 1.0, 1.1)])
    arrays = {"length": lengths, "untrained": shares, "now": 0.99 ** lengths.astype(float)}
    view = by_length(arrays, {"cells": list(ANATOMIES), "own": 20, "seeds": 3}, CONFIG, step, style)
    go.Figure(view.figure.to_dict())
    assert len(view.figure.data) == len(view.keys) == 4 + (step > 0)
    for trace, values in zip(view.figure.data, shares[:, 0]):
        np.testing.assert_allclose(trace.y, np.maximum(values, 10.0**LOWEST))
        np.testing.assert_array_equal(trace.customdata, values)
    assert ("asked" in view.hint or "reads other lengths" in view.hint) == (step > 0)
    np.testing.assert_array_equal(view.table()["sequence length"], lengths)


def test_the_table_of_costs_holds_every_cell_against_the_settings() -> None:
    arrays = {name: np.array([1.0, 2.0, 4.0, 3.0]) * 1e-3 for name in MEASURES}
    arrays |= {"parameters": np.array([100, 400, 410, 300]), "products": np.array([90, 380, 385, 280])}
    arrays["layer.seconds"][2] = np.nan
    meta = {"cells": list(ANATOMIES), "H": 4, "steps": 20, "of": 40, "sequences": 32}
    view = costs(arrays, meta, CONFIG.replace(**{"cell.name": "lstm"}), Style())
    assert view.sheet is not None
    cells = [[(cell.text, cell.note) for cell in row] for row in view.sheet.rows]
    assert cells[0][1] == ("100", "× 0.25") and cells[1][1] == ("400", "") and cells[3][3] == ("3.0", "× 1.5")
    assert cells[2][4] == ("–", "torch has none") and "20 time steps of 40" in view.hint


def test_the_caption_counts_what_the_picture_shows(make_frame) -> None:
    frame = make_frame(CONFIG, 0)
    found = horizon_of(frame.flow_last)
    moment = Situation(CONFIG, frame, found, found, frame.history, "preview")
    rows = begun(*answer([0.5, 0.9, 1.0, 1.2]), CONFIG)
    words = caption(moment, rows)
    assert words.headline.endswith(f"in {sum(row.reaches for row in rows)} of 4 starts.")
    assert words.subline == "Per step, as torch starts them: RNN × 0.50, LSTM × 0.90, Peephole LSTM × 1.00, GRU × 1.20."
    assert words.figures[-1].label == "kept best: Peephole LSTM, torch’s default"
    assert "being measured" in caption(moment, None).headline


def test_a_guess_stands_alone_until_what_was_measured_is_asked_for() -> None:
    arrays = {"length": np.array([10, 100]), "untrained": np.full((len(NAMES), 3, 2), [1e-2, 1e-9]), "now": np.ones(2)}
    meta, knobs = {"cells": list(NAMES), "own": 20, "seeds": 3}, {f"{PREFIX}_rnn": "-6"}
    first, then = (
        by_length(arrays, meta, CONFIG, 5, Style(), guess_of(PREFIX, NAMES, AT, (knobs | more).get))
        for more in ({}, {f"{PREFIX}_shown": "measured"})
    )
    names = [trace.name for trace in first.figure.data]
    assert names == ["RNN, guessed", *(f"{ANATOMIES[name].word}, not guessed yet" for name in NAMES if name != "rnn")]
    assert [key.label for key in first.keys] == names and "-9" not in first.alt
    np.testing.assert_allclose(first.figure.data[0].y, 10.0 ** np.array([-0.6, -6]))
    assert not [knob for knob in first.knobs if knob.hidden] and len(first.table().columns) == 1 + len(NAMES)
    drawn = [trace.name for trace in then.figure.data]
    assert drawn[0] == names[0] and len(drawn) == 1 + len(NAMES) + 1 and all(knob.hidden for knob in then.knobs[1:])
    assert "guessed" in then.hint and "measured" in then.hint
