"""The angle between raw and clipped gradient, as recorded."""

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.clipping_lab.angle import clip_angle
from app.figures.theme import Style
from core.config import RunConfig

CONFIG = RunConfig.from_flat({"steps": 300, "clip": "value", "clip_threshold": 0.5})


def test_every_angle_is_drawn(make_scalars) -> None:
    angles = np.linspace(0, 30, 100)
    view = clip_angle(make_scalars(100, CONFIG, clip_angle=angles), 50, CONFIG, Style())
    np.testing.assert_allclose(view.figure.data[0].y, angles, rtol=1e-6)
    assert view.hint == "mean 15°, largest 30°" and view.table().iloc[-1].tolist() == [99, 30]
    assert "at most 30 at training step 99" in view.alt


def test_long_runs_keep_the_largest_angle(make_scalars) -> None:
    angles = np.zeros(5000)
    angles[3210] = 77
    view = clip_angle(make_scalars(5000, CONFIG, clip_angle=angles), 0, CONFIG.replace(steps=5000), Style())
    assert max(view.figure.data[0].y) == 77 and len(view.figure.data[0].y) <= 402


def test_by_norm_the_direction_is_kept(make_scalars) -> None:
    config = CONFIG.replace(clip="norm")
    view = clip_angle(make_scalars(50, config), 0, config, Style())
    assert view.hint == "0°: the direction is kept" and "Zero degrees" in view.alt
    assert view.figure.layout.yaxis.range[1] == 10


@pytest.mark.parametrize("clip", ["norm", "value"])
@pytest.mark.parametrize("n, broke", [(0, None), (1, None), (0, 30)])
def test_any_history_can_be_drawn(make_scalars, clip: str, n: int, broke: int | None) -> None:
    config = CONFIG.replace(clip=clip)
    view = clip_angle(make_scalars(n, config, broke), 0, config, Style(narrow=True))
    go.Figure(view.figure.to_plotly_json())
    assert "nan" not in view.alt + view.hint


def test_an_older_run_has_no_angles(make_scalars) -> None:
    taken = make_scalars(20, CONFIG)
    del taken["clip_angle"]
    assert clip_angle(taken, 0, CONFIG, Style()).hint == "not recorded"
