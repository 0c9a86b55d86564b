"""Influence balancing against the figures in print, exact fractions, and the system run for real."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
import torch

from core.errors import UnrolledError
from core.theory.influence import POSITIVE, UNITS, derivative, descent, first_right, full, optimum


def exact(k: int) -> Fraction:
    """Σ over lags below k: from unit 1 + j the influence arrives with the binomial weight C(lag, j) 2^−lag."""
    return sum(
        (Fraction(comb(lag, j) * (1 if j < POSITIVE else -1), 2**lag) for lag in range(k) for j in range(UNITS)),
        Fraction(0),
    )


def test_the_figures_of_the_reference() -> None:
    assert derivative(10) == 10
    assert derivative(19) == derivative(20) == pytest.approx(16.476, abs=5e-4)
    assert max(derivative(k) for k in range(1, 200)) == derivative(19)
    assert derivative(40) == pytest.approx(0.566, abs=5e-4) and derivative(41) == pytest.approx(-0.219, abs=5e-4)
    assert full() == -6 and first_right() == 41


@pytest.mark.parametrize("k", [1, 2, 11, 19, 20, 33, 40, 41, 90])
def test_truncated_derivatives_are_exact(k: int) -> None:
    assert derivative(k) == pytest.approx(float(exact(k)), abs=1e-12)


def test_the_system_says_the_same() -> None:
    """Autograd through the recurrence itself: θ is let in during the last k steps only, then always."""
    A = torch.diag(torch.full((UNITS,), 0.5)) + torch.diag(torch.full((UNITS - 1,), 0.5), 1)
    v = torch.where(torch.arange(UNITS) < POSITIVE, 1.0, -1.0).double()
    for k, want in ((10, derivative(10)), (25, derivative(25)), (300, full())):
        theta = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
        s = torch.zeros(UNITS, dtype=torch.float64)
        for t in range(300):
            s = A.double() @ s + v * (theta if t >= 300 - k else theta.detach())
        assert float(torch.autograd.grad(s[0], theta)[0]) == pytest.approx(want, abs=1e-9)
        assert float(s[0].detach()) == pytest.approx(full() * 0.3, abs=1e-9)


def test_a_window_that_sees_everything_sees_the_whole_derivative() -> None:
    assert derivative(10**9) == pytest.approx(full(), abs=1e-12)


@pytest.mark.parametrize("k", [0, -3])
def test_a_window_sees_an_input_at_least(k: int) -> None:
    with pytest.raises(UnrolledError, match="at least 1"):
        derivative(k)


@pytest.mark.parametrize("k", [None, 5, 20, 40, 41, 60])
def test_descent_is_gradient_descent_on_the_settled_system(k: int | None) -> None:
    slope, theta, walked = full() if k is None else derivative(k), 0.1, [0.1]
    for _ in range(12):
        theta -= 0.004 * (full() * theta - 1) * slope
        walked.append(theta)
    np.testing.assert_allclose(descent(k, 0.004, 12, 0.1), walked, rtol=1e-9)


def test_truncated_descent_leaves_the_optimum_and_the_full_one_finds_it() -> None:
    def distance(k: int | None) -> np.ndarray:
        return abs(descent(k, 0.005, 30) - optimum())

    assert distance(None)[-1] < 1e-2 * distance(None)[0]
    assert all((np.diff(distance(k)) > 0).all() for k in range(1, 41))
    assert all((np.diff(distance(k)) < 0).all() for k in range(41, 80))
    assert np.isinf(descent(20, 1e3, 400)[-1])
