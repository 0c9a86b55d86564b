"""Pictures of forecasts: the lines are the answers in the series' own unit, and the sentences say what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.figures.series.ahead import ahead
from app.figures.series.forecast import forecast
from app.figures.series.one_step import one_step
from app.figures.theme import DARK, Style
from app.text.series.caption import no_series
from app.text.series.forecasts import Forecasts
from core.config import RunConfig
from core.tasks import OwnSeries, Sines

STYLES = pytest.mark.parametrize("style", [Style(), Style(DARK, narrow=True)], ids=["light", "dark narrow"])
CONFIG = RunConfig.from_flat({"task.name": "own-series"})
TASK = OwnSeries()


def answer(K: int = 5, network: float = 0.5, **meta: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The network is off by ``network`` one step ahead and by as much more each step."""
    error = np.stack([network * np.arange(1, K + 1), np.full(K, 0.4), np.full(K, 0.6), np.full(K, 0.8)])
    arrays = {"ahead": np.arange(4.0 * K).reshape(4, K) / 10, "truth": np.linspace(0, 1, K), "before": np.zeros(24),
              "low": np.full(K, -0.5), "high": np.full(K, 0.25), "error": error, "shown": np.ones((4, 30)),
              "shown_truth": np.zeros(30)}  # fmt: skip
    off = dict(zip(("network", "autoregression", "season", "last"), error[:, 0].tolist()))
    return arrays, {"off": off, "mean": 0.2, "spread": 1.0, "place": 230, "first": 226, "starts": 40, "free": True,
                    "season": 12, "order": 24, "horizon": 1} | meta  # fmt: skip


@STYLES
def test_forecasts_are_drawn_in_the_series_own_unit(style: Style) -> None:
    arrays, meta = answer()
    view = forecast(arrays, meta, CONFIG, TASK, style, start=50, steps=5)
    lines = {trace.name: trace for trace in view.figure.data}
    mean, deviation = TASK.past.mean(), TASK.past.std()
    known = TASK.known
    assert (mean, deviation) == pytest.approx((0, 1), abs=1e-5)
    for name, row in (("this network", 0), ("linear autoregression", 1), ("one season before", 2), ("last value", 3)):
        assert np.asarray(lines[name].y) == pytest.approx(arrays["ahead"][row] * known.deviation + known.mean)
        assert [*lines[name].x] == ["2019-02-01", "2019-03-01", "2019-04-01", "2019-05-01", "2019-06-01"]
    band = np.asarray(lines["80 % of its errors"].y, float)
    low = (arrays["ahead"][0] - 0.5) * known.deviation + known.mean
    assert band[:5] == pytest.approx(low, rel=1e-4) or band[5:10][::-1] == pytest.approx(low, rel=1e-4)
    assert "begins at step 230" in view.hint and "40 places" in view.hint and len(view.table()) == 5
    assert [*lines["the series"].x][-6:] == ["2019-01-01", *lines["this network"].x]
    assert view.table()["date"].tolist() == [*lines["this network"].x]
    assert view.figure.layout.xaxis.type == "date" and str(view.figure.layout.shapes[0].x0).startswith("2019-01-16")
    plain = Sines(length=24)
    assert [*forecast(arrays, meta, CONFIG, plain, style, start=50, steps=5).figure.data[1].x][-5:] == [
        230,
        231,
        232,
        233,
        234,
    ]


@STYLES
def test_errors_are_shares_of_the_spread(style: Style) -> None:
    arrays, meta = answer(spread=2.0)
    view = ahead(arrays, meta, CONFIG, style)
    lines = {trace.name: np.asarray(trace.y) for trace in view.figure.data}
    assert lines["this network"] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.25])
    assert view.hint.startswith(
        "One step ahead, the linear autoregression of 24 values is off least, and 5 steps ahead too."
    )
    shown = one_step(arrays, meta, CONFIG, TASK, style)
    assert (
        "the network is off by 25\u00a0% of the spread, the linear autoregression of 24 values by 20\u00a0%"
        in shown.hint
    )


def test_what_is_no_number_is_said_and_not_drawn() -> None:
    arrays, meta = answer()
    for name in ("ahead", "low", "high", "error"):
        arrays[name] = np.where(np.arange(4)[:, None] == 0, np.nan, arrays[name]) if arrays[name].ndim == 2 else (
            np.full(5, np.nan))  # fmt: skip
    meta["off"]["network"] = float("nan")
    assert not Forecasts.of(arrays, meta).known
    assert ahead(arrays, meta, CONFIG, Style()).hint == "The network's forecasts are not numbers."
    assert forecast(arrays, meta, CONFIG, TASK, Style(), start=0, steps=5).figure.data


def test_when_it_says_nothing_any_more() -> None:
    found = Forecasts.of(*answer(network=0.25))
    assert found.useless_from == 4 and found.best_at(1) == "network" and found.best_at(5) == "autoregression"
    assert Forecasts.of(*answer(network=0.1)).useless_from is None
    assert [found.compared(*pair) for pair in ((1, 1.02), (1, 1.2), (1.2, 1))] == [0, -1, 1] and no_series
