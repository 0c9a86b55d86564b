"""Needed against reached, as lines and as numbers."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.theme import DARK, Style
from app.figures.truncation_lab.reach import reach
from core.config import RunConfig
from core.reading.horizon import horizon_of

CONFIG = RunConfig.from_flat({"task.length": 50})
CUT = CONFIG.replace(truncation="windows", truncation_length=20)


def draw(make_frame, config: RunConfig, beta: float = 0.8, style: Style | None = None, **more):
    return reach(
        horizon_of(make_frame(config, beta=beta).flow_last, cuts=config.cuts), config, style or Style(), **more
    )


def spans(view) -> dict[str, tuple[float, float]]:
    return {trace.name: tuple(trace.x) for trace in view.figure.data if trace.mode == "lines"}


def test_lines_end_where_the_numbers_say(make_frame) -> None:
    view = draw(make_frame, CONFIG, 0.8)  # .8²⁰ = .0115, .8²¹ = .0092
    assert spans(view) == {"needed": (5.5, 50.5), "reached now": (29.5, 50.5)}
    assert view.table().values.tolist() == [["needed", 44, 6], ["reached now", 20, 30]]
    assert view.hint.startswith("44 steps back needed, 20 reached with 1\u00a0% ")


def test_truncation_has_a_line_and_what_it_hides_another(make_frame) -> None:
    view = draw(make_frame, CUT, 0.97, phi=0.9 ** np.arange(51))
    found = spans(view)
    assert found["left by truncation"] == found["reached now"] == (30.5, 50.5)
    assert found["with nothing cut"] == (6.5, 50.5)  # .9⁴³ = .0108
    assert "left by truncation: 19 steps back, to step 31." in view.alt


def test_a_window_that_cuts_nothing_needs_no_line(make_frame) -> None:
    assert "left by truncation" not in spans(draw(make_frame, CUT.replace(truncation_length=50)))


@pytest.mark.parametrize("flow", [np.zeros(51), np.full(51, np.nan)])
def test_no_gradient_reaches_nothing(make_frame, flow: np.ndarray) -> None:
    found = horizon_of(flow)
    view = reach(found, CONFIG, Style(DARK, narrow=True), np.full(51, np.nan))
    go.Figure(view.figure.to_plotly_json())
    assert "reached: nothing" in view.alt and view.table().iloc[1].tolist() == ["reached now", 0, 50]


@pytest.mark.parametrize("mode", ["full", "windows", "sliding", "stream", "reset"])
@pytest.mark.parametrize("task", ["temporal-order", "adding", "copy", "review", "two-lag"])
def test_every_mode_and_task_can_be_drawn(make_frame, mode: str, task: str) -> None:
    config = CONFIG.replace(**{"task.name": task, "truncation": mode, "truncation_length": 7})
    view = draw(make_frame, config, style=Style(narrow=True))
    go.Figure(view.figure.to_plotly_json())
    seen = 50 if mode == "full" else 7
    assert view.table().iloc[1, 1] <= seen
