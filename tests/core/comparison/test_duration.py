"""How long a comparison takes: by the model before, by what was measured as soon as there is something."""

from __future__ import annotations

import pytest

from core.comparison import Left, comparison, seconds_left
from core.config import RunConfig
from core.cost import step_seconds

ORDER = RunConfig.preset("temporal-order-lstm")
RUNS = [Left(config) for config in comparison(ORDER).in_turn]


def test_two_at_a_time_take_half_as_long_and_never_less_than_the_longest() -> None:
    one, two = seconds_left(RUNS, 1), seconds_left(RUNS, 2)
    assert two == pytest.approx(one / 2) and seconds_left([], 2) == 0
    assert (
        seconds_left(RUNS, 100)
        == max(seconds_left([run], 1) for run in RUNS)
        == max(seconds_left([run], 2) for run in RUNS)
    )
    assert one > sum(601 * step_seconds(run.config) for run in RUNS), "scoring takes time too"


def test_what_is_measured_replaces_the_estimate() -> None:
    """One run that takes three times what the model says: so do those that were not measured."""
    slow = Left(ORDER, 300, 3 * step_seconds(ORDER))
    assert seconds_left(RUNS, 1, [slow]) == pytest.approx(3 * seconds_left(RUNS, 1))
    assert seconds_left([slow], 1) == pytest.approx(3 * seconds_left([Left(ORDER, 300)], 1))
    over = Left(ORDER, 600, 0.0)
    assert seconds_left([over], 1) == 0


def test_what_is_done_is_done() -> None:
    left = [seconds_left([Left(ORDER, step)], 2) for step in (-1, 0, 300, 599, 600)]
    assert left == sorted(left, reverse=True) and left[-1] == 0
    assert left[2] == pytest.approx(left[1] / 2, rel=0.02)
