"""Pascanu's cliff against the figures in print, decimal arithmetic, autograd and finite differences."""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.theory.cliff import LEAST_W, descent, gradient, gradient_on_wall, loss, mesh, wall

weights, biases = st.floats(-8, 8), st.floats(-6, 6)


def norm(w: float, b: float) -> float:
    return float(np.hypot(*gradient(w, b)))


def exact(w: float, steps: int, off: Decimal = Decimal(0)) -> tuple[Decimal, Decimal]:
    """(loss, gradient norm) at ``off`` beside the wall with 120 digits, by the chain."""
    with localcontext() as context:
        context.prec = 120

        def sigmoid(x: Decimal) -> Decimal:
            return 1 / (1 + (-x).exp())

        a, x = Decimal(w), Decimal("0.5")
        b, dw, db = x - a * sigmoid(x) + off, Decimal(0), Decimal(0)
        for _ in range(steps):
            level = sigmoid(x)
            carry = a * level * (1 - level)
            x, dw, db = a * level + b, carry * dw + level, carry * db + 1
        level = sigmoid(x)
        outer = 2 * (level - Decimal("0.7")) * level * (1 - level)
        return (level - Decimal("0.7")) ** 2, abs(outer) * (dw * dw + db * db).sqrt()


def test_where_numbers_end_the_loss_is_still_that_of_a_plain() -> None:
    assert loss(1e308, 1.5e308) == pytest.approx(0.09) and loss(1e308, -1.5e308) == pytest.approx(0.49)


def test_the_figures_of_the_reference() -> None:
    b = float(wall(5))
    assert b == pytest.approx(-2.612296656, abs=5e-10)
    assert norm(5, b) == pytest.approx(779.4, abs=0.05)
    assert norm(5, -2.612297) == pytest.approx(802, abs=0.5) and norm(5, -2.6123) > 802
    assert norm(5, b + 0.05) == pytest.approx(0.16, abs=0.005)
    assert abs(LEAST_W - 4.25525) < 5e-6


@pytest.mark.parametrize(("w", "steps"), [(4.3, 50), (5, 50), (6.5, 50), (9, 120), (5, 1)])
def test_on_the_wall_the_closed_form_is_the_chain_with_120_digits(w: float, steps: int) -> None:
    """At w = 9 iterating in float64 has left the wall long before the last step."""
    assert np.hypot(*gradient_on_wall(w, steps)) == pytest.approx(float(exact(w, steps)[1]), rel=1e-12)


@pytest.mark.parametrize("off", ["0.05", "-0.2", "1e-7", "-1e-5"])
def test_beside_the_wall_too(off: str) -> None:
    height, size = exact(5, 50, Decimal(off))
    b = float(wall(5)) + float(off)
    assert float(loss(5, b)) == pytest.approx(float(height), rel=1e-7)
    assert norm(5, b) == pytest.approx(float(size), rel=1e-7)


@given(weights, biases, st.integers(1, 60))
def test_the_gradient_is_autograds(w: float, b: float, steps: int) -> None:
    leaves = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (w, b)]
    x = torch.tensor(0.5, dtype=torch.float64)
    for _ in range(steps):
        x = leaves[0] * torch.sigmoid(x) + leaves[1]
    height = (torch.sigmoid(x) - 0.7) ** 2
    want = [float(part) for part in torch.autograd.grad(height, leaves)]
    assert float(loss(w, b, steps)) == pytest.approx(height.item(), rel=1e-9, abs=1e-12)
    assert [float(part) for part in gradient(w, b, steps)] == pytest.approx(want, rel=1e-7, abs=1e-12)


@given(st.floats(-3, 4), biases)
def test_the_gradient_is_the_losss_slope(w: float, b: float) -> None:
    h = 1e-5
    slopes = [float(loss(w + h, b) - loss(w - h, b)) / (2 * h), float(loss(w, b + h) - loss(w, b - h)) / (2 * h)]
    assert [float(part) for part in gradient(w, b)] == pytest.approx(slopes, rel=1e-4, abs=1e-6)


@given(st.floats(4.5, 8))
def test_the_loss_jumps_at_the_wall_and_nowhere_near_it(w: float) -> None:
    b = float(wall(w))
    jump = float(loss(w, b - 1e-2) - loss(w, b + 1e-2))
    assert jump > 0.2
    for side in (-1, 1):
        near, far = (float(loss(w, b + side * off)) for off in (0.01, 0.06))
        assert abs(near - far) < 0.1 * jump


@given(st.floats(-5, LEAST_W))
def test_there_is_no_wall_where_the_start_does_not_repel(w: float) -> None:
    assert np.isnan(wall(w))


def test_arrays_are_broadcast_together() -> None:
    w, b = np.linspace(3, 6, 4)[:, None], np.linspace(-3, -1, 5)
    heights, slopes = loss(w, b), gradient(w, b)
    assert heights.shape == slopes[0].shape == slopes[1].shape == (4, 5)
    assert heights[2, 3] == loss(w[2, 0], b[3])
    assert (slopes[0][1, 2], slopes[1][1, 2]) == gradient(w[1, 0], b[2])


def test_the_mesh_has_the_wall_for_its_middle_and_the_box_for_its_edges() -> None:
    w, b = mesh((4.5, -3.5), (6, -1), 7, 12)
    assert w.shape == b.shape == (7, 25)
    np.testing.assert_allclose(b[:, 12], wall(w[:, 12]), rtol=1e-15)
    assert (b[:, 0] == -3.5).all() and (b[:, -1] == -1).all() and (np.diff(b, axis=1) > 0).all()
    assert abs(np.diff(b, axis=1)[:, 11:13]).max() < 1e-6


@pytest.mark.parametrize("theta", [None, 0.05, 1000.0])
def test_a_descent_goes_down_its_own_gradient(theta: float | None) -> None:
    path = descent(5, -1.95, 0.7, 30, theta)
    assert len(path.w) == 31 and np.isnan(path.step[-1])
    for k in range(30):
        parts = np.array([float(part) for part in gradient(path.w[k], path.b[k])])
        size = np.linalg.norm(parts)
        coefficient = 1 if theta is None else min(1, theta / (size + 1e-6))
        moved = np.array([path.w[k + 1] - path.w[k], path.b[k + 1] - path.b[k]])
        np.testing.assert_allclose(moved, -0.7 * coefficient * parts, rtol=1e-9, atol=1e-14)
        assert (path.norm[k], path.loss[k]) == pytest.approx((size, float(loss(path.w[k], path.b[k]))))
        assert path.step[k] == pytest.approx(np.linalg.norm(moved), rel=1e-9, abs=1e-14)


def test_touching_the_wall_throws_the_unclipped_path_off_and_clipping_saves_it() -> None:
    free, kept = descent(5, -1.95, 0.7, 40, None), descent(5, -1.95, 0.7, 40, 0.05)
    assert np.nanmax(free.step) > 100 and free.loss[-1] > free.loss[0]
    assert np.nanmax(kept.step) <= 0.7 * 0.05 and kept.loss[-1] < 0.01 * kept.loss[0]
