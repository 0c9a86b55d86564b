"""Median and range over seeds, against NumPy's own."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.compare.band import band, over_seeds
from app.figures.theme import CELL_LOOKS


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_median_and_range(k: int) -> None:
    values = np.random.default_rng(k).normal(size=(k, 40))
    low, middle, high = over_seeds(values)
    np.testing.assert_allclose(low, values.min(axis=0))
    np.testing.assert_allclose(middle, np.median(values, axis=0))
    np.testing.assert_allclose(high, values.max(axis=0))


def test_what_is_no_number_is_left_out() -> None:
    values = np.array([[1.0, np.nan, np.nan, 4.0], [3.0, 5.0, np.nan, np.inf], [2.0, 7.0, np.nan, np.nan]])
    low, middle, high = over_seeds(values)
    np.testing.assert_equal(low, [1, 5, np.nan, 4])
    np.testing.assert_equal(middle[:3], [2, 6, np.nan])
    np.testing.assert_equal(high[:3], [3, 7, np.nan])
    assert all(np.isnan(each).all() for each in over_seeds(np.zeros((0, 3))))


def test_a_band_has_gaps_and_none_is_drawn_for_one_seed() -> None:
    x = np.arange(5.0)
    low, high = np.array([1, 1, np.nan, 1, 1]), np.array([2, 2, np.nan, 2, 2])
    (trace,) = band(x, low, high, CELL_LOOKS["gru"])
    assert np.isnan(go.Scatter(trace).x).sum() == 2
    assert band(x, low, low, CELL_LOOKS["gru"]) == []
