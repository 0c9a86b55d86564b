"""Kinds of zero look different in strip, curve and heatmap, and no line claims a boundary that is none."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.base import View, boundaries, kinds_of, unseen
from app.figures.shared.flow_strip import flow_strip
from app.figures.shared.gradient_curve import gradient_curve
from app.figures.shared.over_training import kinds_by_bin, over_training
from app.figures.theme import Style
from core.config import RunConfig
from core.reach import reach_of
from core.reading.horizon import CUT, KIND_NAMES, LIVE, NOT_A_NUMBER, OVERFLOW, SATURATED, UNDERFLOW, horizon_of

ONE = RunConfig.from_flat({"task.length": 50, "truncation": "windows", "truncation_length": 20, "steps": 50})
MANY = ONE.replace(**{"task.name": "two-lag", "truncation_length": 5})
MODES = ["full", "windows", "sliding", "stream", "reset"]


def flow_of(config: RunConfig, beta: float = 0.9) -> np.ndarray:
    """(T+1,) Σ over the losses of β^lag, as far as each one sees."""
    known, steps = reach_of(config), np.arange(config.task.length + 1)
    flow = np.zeros(len(steps))
    for loss, first in zip(known.losses, known.first):
        inside = (steps >= first - (first == 1)) & (steps <= loss)
        flow[inside] += beta ** (loss - steps[inside])
    return flow.astype(np.float32)


def views(frame, config: RunConfig) -> list[View]:
    found = horizon_of(frame.flow_last, cuts=config.cuts)
    style = Style()
    return [
        flow_strip(frame, config, style),
        gradient_curve(frame, frame, found, config, style),
        over_training(np.array([0, 1]), np.stack([frame.flow] * 2), 1, config, style),
    ]


def named(view: View, name: str) -> list:
    return [trace for trace in view.figure.data if trace.name == name]


def test_boundaries_are_those_that_hold_for_every_loss() -> None:
    assert boundaries(ONE) == [10, 30] and boundaries(MANY) == list(range(5, 50, 5))
    assert boundaries(ONE.replace(truncation="sliding")) == [30]  # one loss: that is where its gradient ends
    assert boundaries(MANY.replace(truncation="sliding")) == []
    assert boundaries(MANY.replace(truncation="stream", truncation_stride=2)) == []
    assert boundaries(MANY.replace(truncation="stream")) == boundaries(MANY)
    assert boundaries(ONE.replace(truncation="full")) == []


@pytest.mark.parametrize("config", [ONE, MANY], ids=["one loss", "many losses"])
@pytest.mark.parametrize("mode", MODES)
def test_cut_is_what_no_loss_sees(config: RunConfig, mode: str) -> None:
    config = config.replace(truncation=mode)
    flow = flow_of(config)
    np.testing.assert_array_equal(kinds_of(flow, config) == CUT, flow == 0)
    assert unseen(config) == ([int(np.flatnonzero(flow == 0).max())] if (flow == 0).any() else [])


def test_a_dead_window_before_the_last_cut_is_saturated_and_not_cut() -> None:
    config = MANY.replace(truncation="windows", truncation_length=10)
    flow = flow_of(config)
    flow[21:25] = 0  # inside a window whose losses do see these steps
    assert set(kinds_of(flow, config)[21:25]) == {SATURATED} and set(kinds_of(flow, config)[:1]) == {LIVE}


@pytest.mark.parametrize("config", [ONE, MANY], ids=["one loss", "many losses"])
@pytest.mark.parametrize("mode", MODES)
def test_every_picture_draws_the_same_boundaries(make_frame, config: RunConfig, mode: str) -> None:
    config = config.replace(truncation=mode)
    frame = make_frame(config, flow=flow_of(config))
    for view in views(frame, config):
        go.Figure(view.figure.to_plotly_json())
        lines = [x for trace in named(view, "truncation") for x in trace.x if x is not None][::2]
        assert lines == [b + 0.5 for b in boundaries(config)]
        assert bool(lines) == any("trunc" in key.label or "state set to zero" in key.label for key in view.keys
                                  if key.kind == "line" and "now" not in key.label)  # fmt: skip
        assert bool(named(view, KIND_NAMES[CUT])) == bool(unseen(config))


def test_reset_is_drawn_through_and_a_cut_is_dotted(make_frame) -> None:
    for mode, dash in (("windows", "dot"), ("reset", "solid")):
        config = ONE.replace(truncation=mode)
        for view in views(make_frame(config, flow=flow_of(config)), config):
            assert named(view, "truncation")[0].line.dash == dash


def test_every_kind_has_its_own_hatching_in_every_picture(make_frame) -> None:
    config = RunConfig.from_flat({"task.length": 50, "cell.name": "rnn", "truncation": "windows",
                                  "truncation_length": 40, "steps": 50})  # fmt: skip
    flow = flow_of(config)
    flow[11:16], flow[20:23], flow[16:20] = 0, 0, 1e-39
    kinds = kinds_of(flow, config)
    flow[45], flow[49] = np.inf, np.nan
    assert {CUT, UNDERFLOW, SATURATED} == set(kinds[kinds != LIVE])
    wanted = {CUT, UNDERFLOW, SATURATED, OVERFLOW, NOT_A_NUMBER}
    for view in views(make_frame(config, flow=flow), config):
        shapes = {kind: named(view, KIND_NAMES[kind])[0].fillpattern.shape for kind in wanted}
        assert len(set(shapes.values())) == len(wanted)
        assert wanted == {KIND_NAMES.index(key.label) for key in view.keys if key.label in KIND_NAMES}


def test_the_heatmap_keeps_each_rows_own_kinds() -> None:
    config = RunConfig.from_flat({"task.length": 20, "steps": 9})
    flow = np.ones((10, 21), np.float32)
    flow[4:6, :8] = 1e-39
    flow[7:] = np.nan
    kinds = kinds_by_bin(np.arange(10), flow, config, config.steps)
    assert (kinds[4:6, :7] == UNDERFLOW).all() and (kinds[7:] == NOT_A_NUMBER).all()
    assert (kinds[[0, 1, 2, 3, 6]] == LIVE).all() and (kinds[4:6, 7:] == LIVE).all()
    view = over_training(np.arange(10), flow, 9, config, Style())
    assert [named(view, KIND_NAMES[UNDERFLOW])[0].y[k] for k in (0, 2)] == [3.5, 5.5]


def test_of_very_many_boundaries_some_are_drawn(make_frame) -> None:
    config = ONE.replace(**{"task.length": 5000, "truncation_length": 1})
    view = flow_strip(make_frame(config), config, Style())
    drawn = [x for x in named(view, "truncation")[0].x if x is not None][::2]
    assert 200 <= len(drawn) <= 400 and drawn[-1] == 4999.5
