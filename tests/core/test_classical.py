"""Forecasts without a network, against processes whose best forecast is known and against loops."""

from __future__ import annotations

import numpy as np
import pytest

from core import classical


def test_an_autoregression_finds_the_process_that_it_is() -> None:
    rng, x = np.random.default_rng(0), [0.0, 0.0]
    for _ in range(20_000):
        x.append(1.2 * x[-1] - 0.5 * x[-2] + 0.3 + rng.normal(0, 0.1))
    values = np.array(x[200:])
    weights = classical.autoregression(values, 2, 1)
    assert weights == pytest.approx([-0.5, 1.2, 0.3], abs=0.02)
    told = classical.forecast(weights, values[:-1])
    assert told == pytest.approx(weights[0] * values[-3] + weights[1] * values[-2] + weights[2])
    two = classical.autoregression(values, 2, 2)  # x[t+2] = 1.2 (1.2 x[t] − .5 x[t−1] + .3) − .5 x[t] + .3
    assert two == pytest.approx([-0.6, 1.2**2 - 0.5, 0.66], abs=0.03)


def test_targets_that_do_not_count_are_left_out() -> None:
    values = np.sin(np.arange(200.0))
    wrong = values.copy()
    wrong[150] = 1e6
    asked = np.ones(200, bool)
    asked[150:] = False  # later windows hold it as an input
    right = classical.autoregression(values[:150], 3, 1)
    assert classical.autoregression(wrong, 3, 1, asked) == pytest.approx(right)


@pytest.mark.parametrize("season", [2, 7, 12, 90])
def test_a_season_is_found(season: int) -> None:
    rng = np.random.default_rng(season)
    shape = rng.normal(0, 1, season) if season < 20 else np.sin(2 * np.pi * np.arange(season) / season)
    values = np.tile(shape, 600 // season + 1) + rng.normal(0, 0.05, season * (600 // season + 1))
    assert classical.season_of(values) % season == 0 or (season == 90 and abs(classical.season_of(values) - 90) <= 1)


def test_one_season_back_repeats_the_last_season() -> None:
    past = np.arange(10.0)[:, None]
    assert classical.one_season_back(past, 3, 7)[:, 0].tolist() == [7, 8, 9, 7, 8, 9, 7]


def test_the_order_leaves_enough_to_fit_on() -> None:
    assert [classical.order_of(window, values) for window, values in ((40, 2800), (40, 100), (500, 2800), (5, 3))] == [
        40, 20, 128, 1,
    ]  # fmt: skip
