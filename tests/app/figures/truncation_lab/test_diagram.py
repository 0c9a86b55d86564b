"""The diagram is drawn from the settings: state, gradient and updates stand where the mode puts them."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.theme import DARK, LIGHT, Style
from app.figures.truncation_lab.diagram import NAMES, truncation_diagram
from core.config import RunConfig
from core.reach import MODES, reach_of

ORDER = RunConfig.from_flat({"task.length": 50, "truncation": "windows", "truncation_length": 20})
TWO_LAG = RunConfig.from_flat({"task.name": "two-lag", "truncation": "sliding", "truncation_length": 5})
STREAM = TWO_LAG.replace(truncation="stream", truncation_length=12, truncation_stride=4)


def row(config: RunConfig, mode: str, name: str) -> list:
    """The traces of this name in the row of ``mode``; the rows come in the order of MODES, each ends with updates."""
    rows: list[list] = [[]]
    for trace in truncation_diagram(config, Style()).figure.data:
        rows[-1].append(trace)
        if trace.name == "update":
            rows.append([])
    return [trace for trace in rows[MODES.index(mode)] if trace.name == name]


def segments(trace) -> list[tuple[float, float]]:
    x = [value for value in trace.x if value is not None]
    return list(zip(x[::2], x[1::2]))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("config", [ORDER, TWO_LAG, STREAM], ids=["one loss", "sliding", "stream"])
def test_gradients_run_from_their_loss_to_the_first_step_it_sees(config: RunConfig, mode: str) -> None:
    known = reach_of(config, mode)
    drawn = segments(row(config, mode, "gradient")[0])
    assert drawn[-1] == (known.losses[-1] + 0.3, known.first[-1] - 0.5)
    assert {(right, left) for right, left in drawn} <= set(zip(known.losses + 0.3, known.first - 0.5))


@pytest.mark.parametrize("mode", MODES)
def test_the_state_is_broken_by_reset_alone(mode: str) -> None:
    lines = segments(row(ORDER, mode, "state")[0])
    assert len(lines) == (3 if mode == "reset" else 1)
    rings = row(ORDER, mode, "reset")
    if mode != "reset":
        assert not rings and lines[0][0] == 0.5 and lines[0][1] > 50
        return
    assert list(rings[0].text) == ["state set to zero after step 10", "state set to zero after step 30"]
    assert all(left < b + 0.5 < right for b, (_, left), (right, _) in zip((10, 30), lines, lines[1:]))


def test_cuts_stand_below_the_state_and_only_where_all_losses_share_them() -> None:
    state = row(ORDER, "windows", "state")[0].y[0]
    cut = row(ORDER, "windows", "cut")[0]
    assert cut.x[::3] == (10.5, 30.5) and min(y for y in cut.y if y is not None) > state
    assert not row(TWO_LAG, "sliding", "cut") and not row(STREAM, "stream", "cut") and not row(ORDER, "full", "cut")


def test_updates_are_those_of_the_settings() -> None:
    assert row(STREAM, "stream", "update")[0].x == tuple(range(10, 51, 4))
    assert row(STREAM, "windows", "update")[0].x == (50,)


def test_the_mode_in_use_is_the_strong_one() -> None:
    for mode in MODES:
        config = ORDER.replace(truncation=mode)
        assert [row(config, each, "gradient")[0].opacity == 1 for each in MODES] == [each == mode for each in MODES]
        notes = [note.text for note in truncation_diagram(config, Style()).figure.layout.annotations]
        assert [text for text in notes if "in use" in text] == [text for text in notes if NAMES[mode] in text]


def test_words_say_what_is_cut_and_what_is_reset() -> None:
    view = truncation_diagram(ORDER, Style())
    text = " ".join(note.text for note in view.figure.layout.annotations)
    assert "gradient cut every 20 steps, state carried on" in text
    assert "gradient cut, state set to zero every 20 steps" in text
    assert "<b>Windows, in use</b>: reaches 19 of 44 steps back" in text and "<b>Full</b>: reaches all 44" in text
    assert view.table().iloc[4, -1] == "set to zero" and view.table().iloc[1, -1] == "carried on"
    assert "in use: windows" in view.alt


def test_many_losses_are_summed_up() -> None:
    words = truncation_diagram(STREAM, Style()).table().set_index("kind")["losses that see far enough"]
    assert words.to_dict() == {"full": "100\u00a0%", "windows": "38\u00a0%", "sliding": "100\u00a0%",
                               "stream": "100\u00a0%", "reset": "38\u00a0%"}  # fmt: skip
    assert "no loss sees far enough" in truncation_diagram(TWO_LAG, Style()).alt
    assert "38\u00a0% of the losses see far enough" in truncation_diagram(STREAM, Style()).alt


def test_nothing_cut_shows_the_k_of_the_knob() -> None:
    full = ORDER.replace(truncation="full")
    assert "every 33 steps" in truncation_diagram(full, Style(), 33).alt
    assert "every 20 steps" in truncation_diagram(ORDER, Style(), 33).alt


@pytest.mark.parametrize("task", ["temporal-order", "adding", "copy", "review", "two-lag"])
@pytest.mark.parametrize("style", [Style(LIGHT), Style(DARK, narrow=True)], ids=["wide", "narrow"])
@pytest.mark.parametrize("T, K", [(12, 1), (50, 20), (2000, 3), (40, 9999)])
def test_any_task_and_length_can_be_drawn(task: str, style: Style, T: int, K: int) -> None:
    config = RunConfig.from_flat({"task.name": task, "task.length": T, "truncation": "reset", "truncation_length": K})
    view = truncation_diagram(config, style)
    go.Figure(view.figure.to_plotly_json())
    for note in view.figure.layout.annotations:
        assert len(note.text.replace("<b>", "").replace("</b>", "")) <= 52
    assert sum(np.size(trace.x) for trace in view.figure.data) < 8000
