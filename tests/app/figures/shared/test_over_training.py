"""The heatmap over training: bins, references, gaps."""

import numpy as np
import plotly.graph_objects as go

from app.figures.shared.over_training import COLUMNS, ROWS, bins, over_training
from app.figures.theme import Style
from core.config import RunConfig

CONFIG = RunConfig.from_flat({"task.length": 20, "steps": 50, "cell.hidden_size": 4})


def profiles(betas: np.ndarray, T: int) -> np.ndarray:
    return (betas[:, None] ** np.arange(T, -1, -1.0)).astype(np.float32)


def test_small_runs_keep_every_value() -> None:
    flow = profiles(np.linspace(0.5, 1, 6), 20)
    binned = bins(np.arange(6), flow, 50, 20)
    np.testing.assert_allclose(binned.values[:6], np.log10(flow[:, 1:]), rtol=1e-5)
    assert np.isnan(binned.values[6:]).all()


def test_each_row_is_measured_by_its_own_last_step() -> None:
    flow = profiles(np.full(3, 0.9), 20)
    faded = flow * np.array([[1], [1e-3], [1e-6]], np.float32)
    same, other = (bins(np.arange(3), values, 50, 20).values[:3] for values in (flow, faded))
    np.testing.assert_allclose(same, other, atol=1e-4)


def test_long_runs_are_averaged_into_a_bounded_picture() -> None:
    steps, flow = np.arange(0, 10_001, 10), np.ones((1001, 1001), np.float32)
    binned = bins(steps, flow, 10_000, 1000)
    assert binned.values.shape == (ROWS, COLUMNS)
    np.testing.assert_allclose(binned.values, 0)


def test_cut_is_a_gap_and_underflow_is_the_deepest_blue() -> None:
    flow = np.ones((1, 21), np.float32)
    flow[0, :8] = 0
    values = bins(np.array([0]), flow, 50, 20, cut=4).values[0]
    assert np.isnan(values[:4]).all() and (values[4:7] < -30).all() and (values[7:] == 0).all()


def test_view_has_table_alt_and_a_common_time_axis() -> None:
    view = over_training(np.arange(6), profiles(np.linspace(0.5, 1, 6), 20), 5, CONFIG, Style())
    figure = go.Figure(view.figure.to_plotly_json())
    assert figure.layout.xaxis.range == (0.5, 20.5) and figure.layout.yaxis.range == (-0.5, 50.5)
    assert len(view.table()) == 6 and view.table().iloc[0, -1] == 1
    assert "training step 5" in view.alt


def test_exploded_rows_are_gaps() -> None:
    flow = profiles(np.array([0.9, 0.9]), 20)
    flow[1] = np.nan
    view = over_training(np.arange(2), flow, 1, CONFIG, Style())
    assert np.isnan(np.asarray(view.figure.data[0].z)[1]).all()
    assert "not finite" in view.alt
