"""Every picture of a comparison: what it draws is what was measured, in any state, theme and width."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.compare.curves import curves
from app.figures.compare.learning import loss, score
from app.figures.compare.progress import progress
from app.figures.compare.sheet import sheet
from app.figures.compare.side import FURTHER, looks
from app.figures.compare.strips import strips
from app.figures.theme import CELL_LOOKS, DARK, Style
from core.comparison import comparison, verdict
from core.config import RunConfig

ORDER = RunConfig.preset("temporal-order-lstm", steps=300)
GRU, RNN = (ORDER.replace(**{"cell.name": name}) for name in ("gru", "rnn"))
SEEDS = range(3)


def seed(config: RunConfig, k: int) -> RunConfig:
    return config.replace(seed=k)


@pytest.fixture
def three(make_entry, make_sides):
    """LSTM, GRU and RNN with three finished seeds: solved at 40, 50, 60 and at 90, 100, 110, and never."""

    def members(**upto):
        return make_sides([
            (ORDER, [make_entry(seed(ORDER, k), beta=0.9 + 0.02 * k, solved=40 + 10 * k, **upto) for k in SEEDS]),
            (GRU, [make_entry(seed(GRU, k), beta=0.8, solved=90 + 10 * k, **upto) for k in SEEDS]),
            (RNN, [make_entry(seed(RNN, k), beta=0.5, **upto) for k in SEEDS]),
        ])  # fmt: skip

    return members


def test_a_strip_a_member_shows_the_median_of_its_seeds(three) -> None:
    view = strips(three(), ORDER, Style())
    heat = next(trace for trace in view.figure.data if trace.type == "heatmap")
    z, lags = np.asarray(heat.z), np.arange(49, -1, -1)
    for row, beta in zip(z, (0.92, 0.8, 0.5)):
        np.testing.assert_allclose(row, np.clip(lags * np.log10(beta), -99, 0), atol=1e-5)
    names = [note.text for note in view.figure.layout.annotations if "■" in note.text]
    assert [name.rpartition("</span> ")[2] for name in names] == ["LSTM chrono", "GRU chrono", "RNN default init"]
    assert "× 0.92 per step" in {note.text for note in view.figure.layout.annotations}
    assert "median of 3 seeds" in view.hint and view.hint.startswith("At training step 300")


def test_what_truncation_cuts_is_hatched_in_its_own_strip_alone(make_entry, make_sides) -> None:
    cut = ORDER.replace(truncation="windows", truncation_length=20)
    view = strips(make_sides([(ORDER, [make_entry(ORDER)]), (cut, [make_entry(cut)])]), ORDER, Style())
    hatched = [trace for trace in view.figure.data if trace.name == "cut by truncation"]
    assert len(hatched) == 1 and {round(y) for y in hatched[0].y if y is not None} == {1}
    assert any(key.label == "cut by truncation" for key in view.keys)


def test_curves_have_median_and_band(three) -> None:
    view = curves(three(), ORDER, Style())
    lines = {trace.name: trace for trace in view.figure.data if trace.name}
    np.testing.assert_allclose(lines["LSTM chrono"].y[0], 0.92**50, rtol=1e-4)
    bands = [trace for trace in view.figure.data if trace.fill == "toself"]
    assert len(bands) == 1  # the seeds of the other two are all the same
    assert np.nanmin(bands[0].y) == pytest.approx(0.9**50, rel=1e-4)
    assert "Line: median of 3 seeds; band: lowest to highest." in view.hint


def test_loss_and_score_are_medians_at_each_step(three) -> None:
    sides = three()
    lines = {trace.name: trace for trace in score(sides, 300, ORDER, Style()).figure.data if trace.name}
    solved = np.asarray(lines["GRU chrono"].x)[np.asarray(lines["GRU chrono"].y) == 1]
    assert solved[0] == 100  # the second of three has it at 100
    losses = {trace.name: trace for trace in loss(sides, 300, ORDER, Style()).figure.data if trace.name}
    np.testing.assert_allclose(losses["RNN default init"].y, 1.0)


def test_a_loss_goes_as_far_as_each_run_and_broken_ones_end(make_entry, make_sides) -> None:
    runs = [make_entry(ORDER, "running", steps=100), make_entry(ORDER.replace(seed=1), broke=50)]
    sides = make_sides([(ORDER, runs)])
    (line,) = [trace for trace in loss(sides, 0, ORDER, Style()).figure.data if trace.name]
    known = np.asarray(line.x)[np.isfinite(line.y)]
    assert 96 <= known[-1] <= 100


def test_every_run_has_its_line_and_its_marks(make_entry, make_sides) -> None:
    runs = [make_entry(ORDER, "running", steps=120, solved=60), make_entry(ORDER.replace(seed=1), broke=30),
            make_entry(ORDER.replace(seed=2), "waiting")]  # fmt: skip
    view = progress(make_sides([(ORDER, runs), (GRU, [make_entry(GRU, "missing")])]), 120, ORDER, Style())
    marks = {trace.marker.symbol: list(trace.x) for trace in view.figure.data if trace.mode == "markers"}
    assert marks == {"diamond": [60], "x": [30]}
    assert view.table().iloc[:3, 1:].fillna({"solved at step": -1}).values.tolist() == [
        [0, 120, "step 120 of 300, solved at 60", 60],
        [1, 30, "step 30 of 300, over, not a number from 30 on", -1],
        [2, 0, "waiting for its turn", -1],
    ]
    assert view.hint == "4 runs: 1 over, 1 training, 1 waiting for their turn, 1 not trained."


def test_what_is_lost_again_has_a_hollow_mark_and_does_not_count(make_entry, make_sides) -> None:
    """Solved at 20, and not a number from 30 on."""
    view = progress(make_sides([(ORDER, [make_entry(ORDER, solved=20, broke=30)])]), 30, ORDER, Style())
    marks = {trace.marker.symbol: list(trace.x) for trace in view.figure.data if trace.mode == "markers"}
    assert marks == {"diamond-open": [20], "x": [30]}
    assert view.table()["state"][0] == "step 30 of 300, over, solved at 20, not a number from 30 on"
    assert "solved 0 of 1, 1 lost again" in view.alt
    assert [key.label for key in view.keys][1:] == ["solved, and lost again later", "not a number from here on"]


def test_the_sheet_has_medians_ranges_and_the_test(three) -> None:
    sides = three()
    found = verdict([[outcome.order for outcome in side.outcomes] for side in sides])
    view = sheet(sides, found, ORDER, Style())
    assert view.sheet is not None
    rows = {row[0].text: {name: (cell.text, cell.note) for name, cell in zip(view.sheet.columns, row)}
            for row in view.sheet.rows}  # fmt: skip
    lstm, rnn = rows["LSTM chrono"], rows["RNN default init"]
    assert lstm["factor per step"] == ("× 0.92", "0.90 – 0.94")
    assert lstm["steps to solve"] == ("50", "40 – 60, 3 of 3 solved")
    assert lstm["parameters"] == ("548", "H 8") and lstm["ms per step"] == ("2.0", "")
    assert lstm["against the reference"] == ("–", "")
    assert rnn["steps to solve"] == ("–", "0 of 3 solved")
    assert rnn["against the reference"] == ("not distinguishable", "p 0.3 at 3 seeds")
    assert "processor time" in view.hint and "Mann-Whitney" in view.hint


def test_scrubbed_the_sheet_is_that_of_the_moment(three) -> None:
    view = sheet(three(upto=55), None, ORDER, Style())
    assert view.sheet is not None and view.sheet.rows[0][3].note == "40 – 50, 2 of 3 solved"
    assert view.sheet.rows[1][3].text == "–" and "against the reference" not in view.sheet.columns


def test_a_second_member_of_a_cell_has_a_hue_no_cell_has() -> None:
    drawn = looks([ORDER] * 6, Style(DARK))
    colors = [look.color for look in drawn]
    assert colors[0] == CELL_LOOKS["lstm"].color and len(set(colors)) == 6
    assert not set(colors[1:]) & {look.color for look in CELL_LOOKS.values()}
    assert len({(look.color, look.dash) for look in drawn}) == 6 and len(FURTHER) == 5


STATES = ("missing", "waiting", "running", "paused", "over")


@pytest.mark.parametrize("style", [Style(), Style(DARK, narrow=True)], ids=["wide", "narrow"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("preset", ["temporal-order-lstm", "exploding-rnn", "two-lag-rnn-windows-5", "copy-gru"])
def test_every_state_of_every_kind_of_task_can_be_drawn(make_entry, make_sides, preset, state, style) -> None:
    config = RunConfig.preset(preset).replace(steps=40)
    found = comparison(config, seeds=2)
    mixed = [("over", state)[k % 2] for k in range(4)]
    sides = make_sides(
        [(member.config, [make_entry(run, each, broke=7 if k == 3 and each == "over" else None) for run in runs])
         for k, (member, runs, each) in enumerate(zip(found.members, found.runs, mixed))], style,
    )  # fmt: skip
    views = [draw(sides, config, style) for draw in (strips, curves)]
    views += [draw(sides, 3, config, style) for draw in (loss, score, progress)]
    for view in (*views, sheet(sides, None, config, style)):
        go.Figure(view.figure.to_plotly_json())
        assert view.title and view.hint and view.alt
        assert view.table().columns.is_unique
