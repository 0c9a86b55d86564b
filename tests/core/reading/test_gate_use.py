"""Means, saturation and retention on gates whose answer is known by hand."""

import numpy as np
import pytest

from core.reading.gate_use import retention, use


def test_means_and_shares_by_hand():
    f = np.zeros((4, 2, 3))
    f[..., 0], f[..., 1] = 0.95, 0.5
    f[:3, :, 2] = 0.05
    f[3, :, 2] = 0.92
    found = use({"f": f})["f"]
    assert found.shut.tolist() == [0, 0, 0.75] and found.open.tolist() == [1, 0, 0.25]
    np.testing.assert_allclose(found.over_time, [0.5, 0.5, 0.5, (0.95 + 0.5 + 0.92) / 3])
    assert found.mean == pytest.approx(f.mean())


def test_the_candidates_size_counts():
    found = use({"g": np.array([-0.95, 0.95, -0.05, 0.5]).reshape(4, 1, 1)})["g"]
    assert found.open.tolist() == [0.5] and found.shut.tolist() == [0.25]
    assert found.mean == pytest.approx(0.1125)


def test_bounds_are_not_saturated():
    found = use({"i": np.array([0.1, 0.9]).reshape(2, 1, 1)})["i"]
    assert found.shut.tolist() == found.open.tolist() == [0]


def test_retention_is_what_steps_in_a_row_leave():
    rng = np.random.default_rng(0)
    f = rng.uniform(0.2, 1, (50, 1, 5))
    found = retention(f)
    left = f[:, 0].prod(axis=0)
    np.testing.assert_allclose(found.factor**50, left[found.unit])
    np.testing.assert_allclose(np.exp(-50 / found.steps), left[found.unit])
    assert (np.diff(found.steps) <= 0).all() and sorted(found.unit) == [0, 1, 2, 3, 4]


def test_a_mean_forget_gate_would_say_something_else():
    f = np.array([0.01, 0.99] * 10).reshape(20, 1, 1)
    assert retention(f).factor[0] == pytest.approx(np.sqrt(0.01 * 0.99)) != pytest.approx(0.5)


def test_always_open_never_forgets_and_once_shut_forgets_all():
    z = np.ones((5, 2, 3))
    z[2, 0, 1] = 0
    z[..., 2] = 0.5
    found = retention(z)
    assert found.unit.tolist() == [0, 2, 1] and found.factor.tolist() == [1, pytest.approx(0.5), 0]
    assert found.steps.tolist() == [np.inf, pytest.approx(1 / np.log(2)), 0]


def test_no_gates_and_what_is_not_finite():
    assert use({}) == {}
    f = np.full((3, 1, 2), 0.5, np.float32)
    f[1, 0, 1] = np.nan
    found = use({"f": f})["f"]
    assert found.shut[0] == 0 and np.isnan(found.shut[1]) and np.isnan(found.over_time[1])
    assert np.isnan(retention(f).factor).sum() == 1
