"""How often clipping stepped in, counted by hand."""

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.clipping_lab.share import BINS, binned, clipped_share
from app.figures.theme import Style
from core.config import RunConfig

CONFIG = RunConfig.from_flat({"steps": 399, "clip": "norm", "clip_threshold": 3})


def test_shares_of_intervals() -> None:
    cut = np.zeros(205, bool)
    cut[10:15] = True
    cut[200:] = True
    starts, shares = binned(np.arange(205), cut, 399)
    np.testing.assert_array_equal(starts, np.arange(0, 205, 10))
    assert shares[1] == 0.5 and shares[-1] == 1 and shares.sum() == 1.5


def test_the_line_is_the_share_of_all(make_scalars) -> None:
    view = clipped_share(make_scalars(100, CONFIG), 50, CONFIG, Style())
    assert view.figure.layout.shapes[0].y0 == 0.01 and "all so far: 1\u00a0%" in [key.label for key in view.keys]


@pytest.mark.parametrize("threshold, hint", [(100, "never reached"), (0.1, "the same length")])
def test_the_extremes_are_said(make_scalars, threshold: float, hint: str) -> None:
    config = CONFIG.replace(clip_threshold=threshold)
    assert hint in clipped_share(make_scalars(60, config), 0, config, Style()).hint


@pytest.mark.parametrize("steps", [1, 20, 100_000])
@pytest.mark.parametrize("n", [0, 1, 2])
def test_any_history_can_be_drawn(make_scalars, steps: int, n: int) -> None:
    for clip in ("norm", "value"):
        config = CONFIG.replace(steps=steps, clip=clip)
        view = clipped_share(make_scalars(n, config), 0, config, Style(narrow=True))
        go.Figure(view.figure.to_plotly_json())
        assert len(view.table()) <= BINS and "nan" not in view.alt
