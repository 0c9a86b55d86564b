"""The recorded size of the updates, and the bound that clipping by norm sets plain SGD."""

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.clipping_lab.update_size import update_size
from app.figures.theme import Style
from core.config import RunConfig
from core.learning_rate import rate_at

CONFIG = RunConfig.from_flat({"steps": 300, "optimizer": "sgd", "lr": 0.5, "clip": "norm", "clip_threshold": 3})


def test_sizes_and_bound_are_drawn(make_scalars) -> None:
    sizes = np.geomspace(0.01, 1, 100)
    view = update_size(make_scalars(100, CONFIG, update_size=sizes), 5, CONFIG, Style())
    np.testing.assert_allclose(view.figure.data[0].y, sizes, rtol=1e-6)
    assert view.figure.layout.shapes[0].y0 == 1.5 and "lr × θ = 1.5" in [key.label for key in view.keys]
    assert "at most 1.0 at training step 99" in view.alt


@pytest.mark.parametrize("changes", [{"clip": "value"}, {"clip": "none"}, {"optimizer": "adam"}])
def test_elsewhere_there_is_no_such_bound(make_scalars, changes: dict[str, str]) -> None:
    config = CONFIG.replace(**changes)
    assert len(update_size(make_scalars(10, config), 5, config, Style()).figure.layout.shapes) == 1


def test_a_stream_may_move_as_far_with_each_of_its_updates(make_scalars) -> None:
    config = CONFIG.replace(**{"task.name": "two-lag", "task.length": 50, "truncation": "stream",
                               "truncation_length": 10})  # fmt: skip
    view = update_size(make_scalars(10, config), 5, config, Style())
    assert view.figure.layout.shapes[0].y0 == 5 * 1.5
    assert "5 updates × lr × θ = 7.5" in [key.label for key in view.keys]


@pytest.mark.parametrize("schedule", ["warm-up", "cosine"])
def test_no_schedule_goes_beyond_the_bound(make_scalars, schedule: str) -> None:
    config = CONFIG.replace(lr_schedule=schedule, warmup_steps=40)
    view = update_size(make_scalars(10, config), 5, config, Style())
    assert max(rate_at(config, step) for step in range(300)) * 3 == view.figure.layout.shapes[0].y0 == 1.5
    assert ("lr grows over 40 steps" in view.hint) == (schedule == "warm-up")


@pytest.mark.parametrize("n", [0, 1, 3000])
def test_any_history_can_be_drawn(make_scalars, n: int) -> None:
    sizes = np.full(n, np.nan)
    sizes[: n // 2] = np.inf
    view = update_size(make_scalars(n, CONFIG, update_size=sizes), 0, CONFIG, Style(narrow=True))
    go.Figure(view.figure.to_plotly_json())
    assert "nan" not in view.alt


def test_the_band_ends_where_the_numbers_do(make_scalars) -> None:
    """Over the steps after a run broke there is no wedge, and every step that is a number lies within."""
    sizes = np.random.default_rng(0).uniform(1, 2, 3000)
    sizes[1000:1500] = sizes[2000:] = np.nan
    band = update_size(make_scalars(3000, CONFIG, update_size=sizes), 5, CONFIG, Style()).figure.data[0]
    assert band.fill == "toself" and not ((band.x > 1015) & (band.x < 1480) | (band.x > 2015)).any()
    assert np.nanmin(band.y) == np.nanmin(sizes).astype(np.float32) and np.nanmax(band.y) <= np.nanmax(sizes)


def test_a_run_that_broke_early_fills_its_axis(make_scalars) -> None:
    view = update_size(make_scalars(0, CONFIG, broke=40), 40, CONFIG, Style())
    assert 50 < view.figure.layout.xaxis.range[1] < 65
