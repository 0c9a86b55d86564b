"""Which runs a sweep is made of, and that it is the same one wherever it is written down."""

from itertools import product

import numpy as np
import pytest

from core.config import RunConfig
from core.errors import ConfigError
from core.sweep import MOST_RUNS, Sweep, sweep

BASE = RunConfig.preset("temporal-order-rnn", seed=3)
GRID = ["cell.hidden_size=4,8", "lr=log:0.001:0.1:3"]


def test_a_grid_is_every_combination_with_every_seed() -> None:
    found = sweep(BASE, GRID, seeds=2)
    settings = {(run.cell.hidden_size, run.lr, run.seed) for run in found.in_turn}
    assert settings == set(product((4, 8), (0.001, 0.01, 0.1), (3, 4))) and len(found.in_turn) == 12
    same = {run.replace(**{"cell.hidden_size": 4, "lr": 0.1, "seed": 0}) for run in found.in_turn}
    assert len(same) == 1  # nothing else differs
    assert [run.seed for run in found.in_turn] == [3] * 6 + [4] * 6  # early first results: a seed of every point
    assert all(point.values == (run.cell.hidden_size, run.lr) for point, (run, _) in zip(found.points, found.runs))
    assert Sweep.stored(found.spec()) == found and Sweep.stored(found.spec()).digest == found.digest
    assert len({found.digest, sweep(BASE, GRID, seeds=3).digest, sweep(BASE, GRID[::-1], seeds=2).digest}) == 3


def test_draws_are_the_same_every_time_and_more_of_them_have_the_first_ones() -> None:
    axes = ["lr=1e-3..1e-1:log", "cell.hidden_size=4..40", "optimizer=sgd,adam"]
    few, many = sweep(BASE, axes, draws=10, seeds=1), sweep(BASE, axes, draws=60, seeds=1)
    assert many.points[:10] == few.points and len(many.points) == 60
    rates = np.array([point.config.lr for point in many.points])
    sizes = [point.config.cell.hidden_size for point in many.points]
    assert rates.min() >= 1e-3 and rates.max() <= 1e-1 and 0.3 < (rates < 1e-2).mean() < 0.7  # even in the logarithm
    assert 4 <= min(sizes) < 10 and 34 < max(sizes) <= 40
    assert {point.config.optimizer for point in many.points} == {"sgd", "adam"}
    assert all(float(f"{rate:.3e}") == rate for rate in rates)


def test_points_that_cannot_be_and_points_that_are_the_same_run_are_left_out() -> None:
    lstm = RunConfig.preset("temporal-order-lstm")
    found = sweep(lstm, ["cell.init=default,chrono", "cell.forget_bias=,1"])
    assert [point.values for point in found.points] == [("default", None), ("default", 1.0), ("chrono", None)]
    assert len(found.problems) == 1 and found.problems[0].startswith("One point is left out. `cell.forget_bias` (=1)")
    idle = sweep(BASE, ["clip=none,norm", "clip_threshold=1,2"])
    assert len(idle.points) == 3 and "One point is the same run as another" in idle.problems[0]
    with pytest.raises(ConfigError, match="not a setting of cell gru"):
        sweep(lstm, ["cell.name=lstm,gru", "cell.forget_bias=0,1"])


def test_settings_of_a_swept_cell_are_known_and_bounds_hold() -> None:
    assert len(sweep(BASE, ["cell.forget_bias=0,1", "cell.name=lstm"]).points) == 2  # the RNN of the base has none
    assert len(sweep(BASE, ["lr=linear:0.01:0.02:40"], seeds=6).in_turn) == MOST_RUNS


def test_only_points_of_one_task_are_tested() -> None:
    assert sweep(BASE, ["batch_size=2,3"]).tested and sweep(BASE, ["cell.name=gru,lstm"]).tested
    assert not sweep(BASE, ["task.length=50,60"]).tested and not sweep(BASE, ["steps=5,6"]).tested
