"""Counting and backing off, on tables made by hand; calibration and Brier score, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.forecasts.calibration import judged
from core.forecasts.table import Count, counted, looked_up


def test_every_beginning_of_a_key_is_counted_where_enough_are_behind_it() -> None:
    outcomes = [(("a", "x"), True)] * 3 + [(("a", "y"), False)] * 2 + [(("b", "x"), True)]
    counts = counted(outcomes, least=3)
    assert counts == {(): Count(6, 4), ("a",): Count(5, 3), ("a", "x"): Count(3, 3)}


def test_exactly_the_least_number_is_enough_and_one_fewer_is_not() -> None:
    counts = counted([(("a",), True)] * 4 + [(("b",), False)] * 3, least=4)
    assert set(counts) == {(), ("a",)}


def test_a_key_with_too_few_or_none_goes_up_step_by_step() -> None:
    counts = counted([(("a", "x", "1"), True)] * 5 + [(("a", "y", "1"), False)] * 2, least=3)
    assert looked_up(counts, ("a", "x", "1")) == (("a", "x", "1"), Count(5, 5))
    assert looked_up(counts, ("a", "x", "never drawn")) == (("a", "x"), Count(5, 5))
    assert looked_up(counts, ("a", "y", "1")) == (("a",), Count(7, 5))
    assert looked_up(counts, ("never drawn", "x", "1")) == ((), Count(7, 5))


def test_all_of_them_are_counted_however_few() -> None:
    assert counted([], least=25) == {(): Count(0, 0)} and np.isnan(Count(0, 0).share)
    assert counted([(("a",), True)], least=25) == {(): Count(1, 1)}


def test_brier_score_and_calibration_by_hand() -> None:
    found = judged([0.0, 0.1, 0.1, 0.5, 1.0], [False, False, True, True, True], base=0.5)
    assert found.brier == pytest.approx((0 + 0.01 + 0.81 + 0.25 + 0) / 5)
    assert found.brier_of_base == 0.25 and found.skill == pytest.approx(1 - 0.214 / 0.25)
    assert [(row.low, row.n, row.solved) for row in found.rows] == [
        (0.0, 1, 0),
        (0.05, 2, 1),
        (0.5, 1, 1),
        (0.75, 1, 1),
    ]
    assert sum(row.n for row in found.rows) == found.n == 5 and found.solved == 3
