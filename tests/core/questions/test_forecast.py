"""Forecasts of many steps, against a loop that feeds a network its own answers one at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.config import RunConfig
from core.errors import UnrolledError
from core.questions import Forecast
from core.questions.over_training import Earlier
from core.training.replay import moment_of

SIZES = {"cell.hidden_size": 4, "batch_size": 2, "steps": 1}


def answered(**settings: object):
    config = RunConfig.from_flat(SIZES | {key.replace("__", "."): value for key, value in settings.items()})
    moment = moment_of(config, 0)
    return moment, config.task, Forecast(steps=6).answer(moment, Earlier())


@pytest.mark.parametrize("horizon", [1, 3])
def test_each_forecast_is_the_answer_to_the_values_a_horizon_before_it(horizon: int) -> None:
    moment, task, (arrays, meta) = answered(task__name="own-series", task__length=9, task__horizon=horizon)
    series, first = task.known.values[:, 0].astype(np.float64), meta["place"] - 1
    network, linear = series.copy(), series.copy()
    network[first:] = linear[first:] = np.nan
    for k in range(6):
        window = slice(first + k - horizon - 8, first + k - horizon + 1)
        x = torch.tensor(network[window, None, None], dtype=torch.float32)
        h = moment.network.layer.forward(x).h[-1]
        network[first + k] = float(moment.network.answers(h)[0, 0])
        linear[first + k] = float(task.autoregression[:-1] @ linear[window][-task.order :] + task.autoregression[-1])
    assert arrays["ahead"][0] == pytest.approx(network[first : first + 6], abs=1e-5)
    assert arrays["ahead"][1] == pytest.approx(linear[first : first + 6], abs=1e-5)
    season = [series[first - task.season + k % task.season] for k in range(6)]
    assert arrays["ahead"][2] == pytest.approx(season) and set(arrays["ahead"][3]) == {series[first - 1]}
    assert arrays["truth"] == pytest.approx(series[first : first + 6])
    assert arrays["before"] == pytest.approx(series[first - 9 : first])


def test_one_horizon_ahead_is_what_the_score_is_taken_of() -> None:
    moment, task, (_, meta) = answered(task__name="drifting", task__length=7, task__horizon=2)
    batch = task.windows(task.starts("held-out"))
    h = moment.network.layer.forward(torch.tensor(batch.x)).h[-1]
    errors = moment.network.answers(h)[:, 0].numpy() - batch.target[-1]
    assert meta["off"]["network"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-5)
    series = task.known.values[:, 0].astype(np.float64)
    places = task.starts("held-out") + 8
    assert meta["first"] == places[0] + 1 and meta["spread"] == pytest.approx(np.sqrt(task.variance), rel=1e-5)
    for who, told in (("last", series[places - 2]), ("season", series[places - task.season])):
        assert meta["off"][who] == pytest.approx(np.sqrt(np.mean((series[places] - told) ** 2)), rel=1e-5)
    assert meta["mean"] == pytest.approx(series[places].mean(), rel=1e-5)


def test_the_band_holds_eighty_per_cent_of_the_errors() -> None:
    _, task, (arrays, meta) = answered(task__name="own-series", task__length=9)
    assert arrays["low"].shape == arrays["high"].shape == (6,) and (arrays["low"] <= arrays["high"]).all()
    assert arrays["error"].shape == (4, 6) and meta["starts"] >= 40 and meta["free"]
    K, T = 6, 9
    first = max(task.trained, T, task.season)
    every = np.arange(first, len(task.known.values) - K + 1)
    places = every[np.unique(np.linspace(0, len(every) - 1, 64).round().astype(int))]
    errors = task.known.values[places, 0] - task.known.values[places - 1, 0]
    assert arrays["error"][3, 0] == pytest.approx(np.sqrt(np.mean(errors.astype(float) ** 2)))


def test_several_channels_go_as_far_as_the_horizon() -> None:
    _, _, (arrays, meta) = answered(task__name="spectrogram", task__length=8, task__horizon=3)
    assert arrays["ahead"].shape == (4, 3) and not meta["free"]


def test_what_is_no_series_has_no_forecast() -> None:
    with pytest.raises(UnrolledError, match=r"`task.name` \(=adding\) is no series"):
        answered(task__name="adding", task__length=8)
