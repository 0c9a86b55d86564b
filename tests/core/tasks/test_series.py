"""Series: windows of one long series, cut in time; baselines by loops; what each series is."""

from __future__ import annotations

import numpy as np
import pytest

from core import own_data
from core.errors import ConfigError
from core.own_data import Table
from core.tasks import TASKS, Drifting, MackeyGlass, OwnSeries, Sines, Spectrogram
from core.tasks.mackey_glass import solution
from core.tasks.series import Series, carried_on

ALL = [Sines(length=15), MackeyGlass(length=10, horizon=3), Drifting(asked="last"), Spectrogram(length=9), OwnSeries()]
each = pytest.mark.parametrize("task", ALL, ids=lambda task: task.name)


@each
def test_windows_are_of_the_series_and_no_training_window_reaches_into_what_is_held_out(task: Series) -> None:
    raw, n, h, T = task.raw(), task.trained, task.horizon, task.length
    scaled = (raw - raw[:n].mean(axis=0)) / raw[:n].std(axis=0)
    assert n == len(raw) * task.split // 100
    for part, low, high in (("training", 0, n), ("held-out", n, len(raw))):
        batch = task.sample(np.random.default_rng(3), 200, part)
        places = [int(np.argmin(np.abs(scaled[:, 0] - batch.x[0, k, 0]))) for k in range(3)]
        assert set(task.starts(part)) == set(range(low, high - T - h + 1))
        for k, start in enumerate(places):
            assert low <= start and start + T + h <= high
            assert batch.x[:, k] == pytest.approx(scaled[start : start + T], abs=1e-4)
            assert batch.target[:, k] == pytest.approx(scaled[start + h : start + h + T, task.target], abs=1e-4)
        assert batch.asked.all() == (task.asked == "every") and batch.scored[-1].all() and batch.scored.sum() == 200


@each
def test_baselines_are_what_a_loop_measures(task: Series) -> None:
    x, T, h, season = task.past, task.length, task.horizon, task.season
    weights, order = task.autoregression, task.order
    errors = {"guessing": [], "linear autoregression": [], "the last value": []}
    for t in range(order - 1, len(x) - h):
        window, truth = x[t - order + 1 : t + 1], x[t + h]
        errors["linear autoregression"].append(float(window @ weights[:-1] + weights[-1] - truth) ** 2)
        errors["the last value"].append((x[t] - truth) ** 2)
    floors = {name: value for value, name in task.floors()}
    for name in floors.keys() - {"guessing"}:
        assert floors[name] == pytest.approx(np.mean(errors[name]), rel=1e-6)
    at = range(T - 1, T) if task.asked == "last" else range(T)
    steps = [np.var([x[s + t + h] for s in range(len(x) - T - h + 1)]) for t in at]
    assert task.baseline_loss == pytest.approx(np.mean(steps))
    held_out = [task.known.values[s + T - 1 + h, task.target] for s in task.starts("held-out")]
    assert task.variance == pytest.approx(np.var(held_out), rel=1e-4) and 2 <= season <= len(x) // 2


def test_a_gap_is_filled_with_the_value_before_and_never_asked_for() -> None:
    values = np.sin(np.arange(300.0))[:, None]
    values[[0, 50, 51, 250]] = np.nan
    table = Table(("x",), values)
    own_data.put(table)
    task = OwnSeries(data=table.digest, length=10)
    filled = carried_on(values)
    assert filled[[0, 50, 51, 250], 0].tolist() == filled[[1, 49, 49, 249], 0].tolist()
    assert 250 - 10 not in task.starts("held-out") and 251 - 10 in task.starts("held-out")
    batch = task.windows(np.array([45]))
    assert (~batch.asked[:, 0]).nonzero()[0].tolist() == [4, 5] and np.isfinite(batch.x).all()


def test_what_does_not_fit_is_a_sentence() -> None:
    for settings, sentence in (
        ({"length": 80}, "`task.length` (=80)"), ({"column": 3}, "`task.column` (=3) must be at most 2"),
        ({"split": 95, "length": 20}, "lower `task.split`"),
    ):  # fmt: skip
        with pytest.raises(ConfigError) as caught:
            OwnSeries.model_validate(settings).check()
        assert sentence in str(caught.value)
    assert OwnSeries(length=80).suited().length < 80
    OwnSeries(length=80).suited().check()
    still = Table(("x",), np.append(np.random.default_rng(0).normal(0, 1, 200), np.full(100, 5.0))[:, None])
    own_data.put(still)
    with pytest.raises(ConfigError, match=r"does not move in the held-out part"):
        OwnSeries(data=still.digest).check()


def test_mackey_glass_obeys_its_equation() -> None:
    """By Heun's method with strides a twenty-fifth as long, over the time before chaos drives any two apart."""
    fine, lag = 0.01, 1700
    x = [1.2] * (lag + 1)

    def slope(now: float, past: float) -> float:
        return 0.2 * past / (1 + past**10) - 0.1 * now

    for t in range(lag, lag + 10_000):
        first = slope(x[t], x[t - lag])
        second = slope(x[t] + fine * first, x[t - lag + 1])
        x.append(x[t] + fine * (first + second) / 2)
    assert solution(17, 400)[:400] == pytest.approx(np.array(x[lag + 25 :: 25][:400]), abs=2e-3)
    course = MackeyGlass().raw()
    assert 0.2 < course.min() < course.max() < 1.5 and len(course) == MackeyGlass().steps


@pytest.mark.parametrize("delay", [6, 7, 17, 50])
def test_a_mackey_glass_series_never_comes_to_rest(delay: int) -> None:
    """Below a delay of 4.5 it would, and what is held out would have no spread to be judged by."""
    assert MackeyGlass(delay=delay, spacing=6, split=90).variance > 0.5


def test_the_drifting_series_ends_where_nothing_was_learnt() -> None:
    drifting, control = Drifting(), Drifting(rise=0)
    held_out = [task.known.values[task.trained :, 0] for task in (drifting, control)]
    assert held_out[0].mean() > 1.5 and abs(held_out[1].mean()) < 0.05
    assert held_out[0].max() > drifting.past.max() + 1


def test_sines_and_bands_are_what_they_say() -> None:
    clean = Sines(sines=2, period=10, noise=0).raw()[:, 0]
    t = np.arange(len(clean))
    assert clean == pytest.approx(np.sin(2 * np.pi * t / 10) + np.sin(2 * np.pi * t / 23 + 1))
    loud = Spectrogram(noise=0).raw()
    assert loud.shape[1] == len(Spectrogram().channels) == 12 and loud.min() >= 0 and loud.max() < 1.8
    assert abs(int(loud[0].argmax()) - 5.5) <= 0.5, "the first tone begins in the middle"


def test_where_the_classical_forecast_solves_the_task_and_where_it_does_not() -> None:
    """What the presets say of it."""
    for task, solved in ((Sines(), True), (MackeyGlass(), False)):
        starts = task.starts("held-out")
        x = task.known.values[:, 0].astype(np.float64)
        windows = np.stack([x[start : start + task.length] for start in starts])
        told = windows @ task.autoregression[:-1] + task.autoregression[-1]
        score = 1 - np.mean((told - x[starts + task.length]) ** 2) / task.variance
        assert (score >= task.solved) == solved


def test_series_are_known_as_such() -> None:
    assert {name for name, task in TASKS.items() if issubclass(task, Series)} == {task.name for task in ALL}
