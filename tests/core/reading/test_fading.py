"""Readouts of past inputs where it is known what a state remembers."""

import json
import subprocess
import sys

import numpy as np
import pytest

from core.errors import UnrolledError
from core.reading.fading import MAX_LAG, capacity_of_a_leak, fading, memory_capacity, symbols


def shift_register(T=30, N=200, H=4, C=1, seed=0):
    """h[t+1] holds the last H inputs exactly."""
    x = np.random.default_rng(seed).standard_normal((T, N, C))
    h = np.zeros((T + 1, N, H * C))
    for t in range(T):
        h[t + 1, :, C:] = h[t, :, :-C]
        h[t + 1, :, :C] = x[t]
    return h, x


@pytest.mark.parametrize("leak, max_lag", [(0.9, 10), (0.5, 6), (-0.8, 8), (0.0, 3), (0.98, 200)])
def test_one_leaky_unit_has_its_closed_form(leak, max_lag):
    found = memory_capacity(leak, max_lag)
    closed = np.array([(1 - leak**2) * leak ** (2 * k) for k in range(max_lag + 1)])
    np.testing.assert_allclose(found["closed_form"], closed, rtol=1e-12)
    np.testing.assert_allclose(found["measured"], closed, atol=0.003)
    assert found["sum_closed_form"] == pytest.approx(1 - leak ** (2 * max_lag + 2))
    assert found["sum_measured"] == pytest.approx(found["sum_closed_form"], abs=0.02)


def test_one_json_object_and_the_same_numbers_again():
    found = json.loads(json.dumps(memory_capacity(0.7, 5), allow_nan=False))
    assert found == memory_capacity(0.7, 5) != memory_capacity(0.7, 5, seed=1)
    assert found["lags"] == [0, 1, 2, 3, 4, 5] and found["bound"] == 1


@pytest.mark.parametrize("leak, max_lag, name", [(1.0, 3, "leak"), (float("nan"), 3, "leak"), (0.5, -1, "max_lag"),
                                                 (0.5, MAX_LAG + 1, "max_lag")])  # fmt: skip
def test_what_has_no_capacity_is_said(leak, max_lag, name):
    with pytest.raises(UnrolledError, match=f"`{name}` .*must lie between"):
        memory_capacity(leak, max_lag)


def test_a_fitted_readout_of_a_leaky_unit_agrees():
    rng, leak = np.random.default_rng(0), 0.8
    x = rng.standard_normal((60, 600, 1))
    h = np.zeros((61, 600, 1))
    for t in range(60):
        h[t + 1] = leak * h[t] + x[t]
    found = fading(h, x, 8, steps=30)
    np.testing.assert_allclose(found.capacity, capacity_of_a_leak(leak, 8), atol=0.04)
    np.testing.assert_allclose(found.r2, found.capacity, atol=0.02)


def gaussian(H, seed, radius):
    """W (H, H) with this spectral radius, and w (H,), of h = W h + w u."""
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((H, H))
    return W * radius / np.abs(np.linalg.eigvals(W)).max(), rng.standard_normal(H)


def capacity_of_a_linear_net(W, w, times, max_lag):
    """(max_lag+1,) from W alone: the state after input t is Σ_{k≤t} W^k w u[t−k], so with C the mean of its covariance
    over the ``times``, MC_k = (W^k w)ᵀ C⁻¹ W^k w: rows of right singular vectors, which need no inverse."""
    powers = [w]
    for _ in range(max(times)):
        powers.append(W @ powers[-1])
    held = np.mean(np.arange(len(powers))[:, None] <= np.array(times), axis=1)  # share of the times that see lag k
    _, _, V = np.linalg.svd(np.array(powers).T * np.sqrt(held), full_matrices=False)
    return (V**2).sum(axis=0)[: max_lag + 1] / held[: max_lag + 1]


@pytest.mark.parametrize("H, radius", [(16, 0.95), (32, 0.95), (32, 0.99), (64, 0.99)])
def test_a_linear_net_of_long_memory_loses_nothing_to_rounding(H, radius):
    """Its farthest inputs are held in directions 10⁹ times smaller than its nearest."""
    (W, w), T, N, max_lag = gaussian(H, 0, radius), 100, 512, 75
    x = np.random.default_rng(1).standard_normal((T, N, 1))
    h = np.zeros((T + 1, N, H))
    for t in range(T):
        h[t + 1] = h[t] @ W.T + x[t] * w
    closed = capacity_of_a_linear_net(W, w, range(max_lag, T), max_lag)
    found = fading(h, x, max_lag)
    assert closed.sum() > 0.9 * H
    assert found.capacity.sum() == pytest.approx(closed.sum(), rel=0.02)
    np.testing.assert_allclose(found.capacity, closed, atol=0.05)


def test_a_shift_register_remembers_as_many_inputs_as_it_has_units():
    found = fading(*shift_register(), max_lag=9)
    np.testing.assert_allclose(found.r2[:4], 1)
    np.testing.assert_allclose(found.r2[4:], 0, atol=0.02)
    assert found.capacity.sum() == pytest.approx(4, abs=0.02) and found.judged == 100 * 21


def test_channels_are_told_apart_and_their_capacities_add_up():
    h, x = shift_register(C=3)
    h[:, :, 1] = 0  # channel 1 of the newest input is lost
    x[:, :, 2], h[:, :, 2::3] = 5, 5  # channel 2 never changes
    found = fading(h, x, 2)
    np.testing.assert_allclose(found.channels[1:, :2], 1)
    np.testing.assert_allclose(found.channels[0, :2], [1, 0], atol=0.02)
    assert np.isnan(found.channels[:, 2]).all()
    np.testing.assert_allclose(found.capacity, [1, 2, 2], atol=0.02)
    assert 0.4 < found.r2[0] < 0.6


def test_the_judges_are_sequences_that_the_fit_never_saw():
    rng = np.random.default_rng(0)
    h, x = rng.standard_normal((6, 20, 9)), rng.standard_normal((5, 20, 1))  # nothing to find, much to overfit
    assert (fading(h, x, 4).r2 < 0).all()


def test_many_states_are_thinned():
    h, x = shift_register(T=400, N=150)
    found = fading(h, x, 3)
    assert found.judged < 30_000
    np.testing.assert_allclose(found.r2, 1)


def test_dead_units_do_no_harm_and_nan_passes():
    h, x = shift_register()
    found = fading(np.concatenate([h, h * 0, h], axis=2), x, 5)
    np.testing.assert_allclose(found.r2[:4], 1)
    h[20, 0] = np.nan
    assert np.isnan(fading(h, x, 5).r2).all() and np.isnan(fading(h, x, 5).capacity).all()


@pytest.mark.parametrize("max_lag, N, name", [(30, 4, "max_lag"), (-1, 4, "max_lag"), (3, 1, "sequences")])
def test_what_cannot_be_fitted_is_said(max_lag, N, name):
    with pytest.raises(UnrolledError, match=f"`{name}`"):
        fading(*shift_register(N=N), max_lag=max_lag)


def test_numpy_only():
    code = "import sys, core.reading.fading, core.reading.gate_use; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_symbols_are_decoded_and_guessed():
    rng = np.random.default_rng(0)
    places = rng.choice(4, (12, 400), p=[0.4, 0.2, 0.2, 0.2])
    x = np.eye(4)[places]
    h = np.zeros((13, 400, 4))
    for t in range(12):  # the state holds the input of one step before, and noise
        h[t + 1] = (x[t - 1] if t else 0) + 0.01 * rng.standard_normal((400, 4))
    found = fading(h, x, 4, lags=[0, 1, 4])
    assert found.lags.tolist() == [0, 1, 4] and found.decoded[1] == 1
    np.testing.assert_allclose(found.decoded[[0, 2]], 0.4, atol=0.04)
    np.testing.assert_allclose(found.guessed, (places[:, 200:] == 0).mean(), atol=0.04)
    assert symbols(x) and not symbols(2 * x) and not symbols(x[..., :1])


def test_numbers_are_not_decoded():
    found = fading(*shift_register(), max_lag=2)
    assert np.isnan(found.decoded).all() and np.isnan(found.guessed).all()


def test_inputs_that_never_change_have_no_r2():
    h, x = shift_register()
    assert np.isnan(fading(h, x * 0 + 3, 2).r2).all()
