"""The curve: measured values, fit, horizon, cuts and pins."""

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.shared.gradient_curve import Pin, gradient_curve
from app.figures.theme import DARK, Style
from core.config import RunConfig
from core.reading.horizon import horizon_of

CONFIG = RunConfig.from_flat({"task.length": 50, "cell.hidden_size": 8})


def draw(frame, config=CONFIG, start=None, style=None, pins=()):
    found = horizon_of(frame.flow_last, cuts=config.cuts)
    return gradient_curve(frame, start or frame, found, config, style or Style(), pins)


def trace(view, name: str):
    return next(trace for trace in view.figure.data if trace.name == name)


def test_lines_are_profiles_over_the_last_step(make_frame) -> None:
    frame, start = make_frame(CONFIG, 30, beta=0.9), make_frame(CONFIG, beta=0.5)
    view = draw(frame, start=start)
    np.testing.assert_allclose(trace(view, "now, training step 30").y, frame.flow / frame.flow[-1], rtol=1e-6)
    np.testing.assert_allclose(trace(view, "at the start of training").y, start.flow / start.flow[-1], rtol=1e-6)
    np.testing.assert_allclose(trace(view, "‖∂L/∂h‖ alone").y, frame.grad_h / frame.flow[-1], rtol=1e-6)


def test_fit_and_horizon_are_drawn_with_their_numbers(make_frame) -> None:
    view = draw(make_frame(CONFIG, 30, beta=0.9))
    assert trace(view, "fit: × 0.90 per step").y[0] == pytest.approx(0.9**5, rel=1e-3)
    assert trace(view, "horizon: 43 steps back").x == (7,)


def test_a_profile_that_is_no_line_gets_no_factor(make_frame) -> None:
    lags = np.arange(50, -1, -1)
    flow = np.where(lags < 18, 0.7**lags, 0.7**18 * 1.4 ** (lags - 18.0)).astype(np.float32)
    view = draw(make_frame(CONFIG, 30, flow=flow))
    assert not any("fit" in (trace.name or "") for trace in view.figure.data)
    assert "Not a straight line from 5 to 30 steps back (R²" in view.hint


def test_cuts_are_lines_and_hatched(make_frame) -> None:
    config = CONFIG.replace(truncation="windows", truncation_length=10)
    view = draw(make_frame(config), config)
    assert [x for x in trace(view, "truncation").x if x is not None][::2] == [10.5, 20.5, 30.5, 40.5]
    assert trace(view, "cut by truncation").fillpattern.shape == "/"


def test_a_faint_start_does_not_stretch_the_axis(make_frame) -> None:
    view = draw(make_frame(CONFIG, 30, beta=0.99), start=make_frame(CONFIG, beta=0.4))
    assert view.figure.layout.yaxis.range[0] >= -8


def test_pins_end_at_the_same_asked_step(make_frame) -> None:
    pin = Pin("RNN, untrained", "rnn", np.geomspace(1e-3, 2, 21))
    line = trace(draw(make_frame(CONFIG), pins=[pin]), "RNN, untrained")
    assert line.x[-1] == 50 and line.y[-1] == pytest.approx(1) and line.line.dash == "dot"


def test_table_holds_every_profile(make_frame) -> None:
    frame = make_frame(CONFIG, 5)
    table = draw(frame).table()
    assert tuple(table) == ("time step", "flow", "÷ last step", "‖∂L/∂h‖", "‖∂L/∂c‖", "flow at the start")
    np.testing.assert_array_equal(table["‖∂L/∂c‖"], frame.grad_c)


@pytest.mark.parametrize("flow", [np.full(51, np.nan), np.zeros(51), np.full(51, np.inf)])
def test_numbers_that_are_none_are_drawn_as_such(make_frame, flow: np.ndarray) -> None:
    view = draw(make_frame(CONFIG, 9, flow=flow.astype(np.float32)), start=make_frame(CONFIG), style=Style(DARK, True))
    go.Figure(view.figure.to_plotly_json())
