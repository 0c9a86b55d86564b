"""Factor, half-life, horizon and kinds of zero on profiles whose answer is known in closed form."""

import subprocess
import sys

import numpy as np
import pytest

from core.reading.horizon import CUT, LIVE, NOT_A_NUMBER, OVERFLOW, SATURATED, SILENT, UNDERFLOW, horizon_of, zeros


def geometric(beta: float, T: int = 100) -> np.ndarray:
    return (0.3 * beta ** np.arange(T, -1, -1.0)).astype(np.float32)


@pytest.mark.parametrize("beta", [0.6, 0.9, 0.99, 1.0, 1.05])
def test_geometric_decay_gives_back_its_factor(beta: float) -> None:
    found = horizon_of(geometric(beta))
    assert found.factor == pytest.approx(beta, rel=1e-5)
    assert found.fitted == (10, 60)
    assert found.is_line


@pytest.mark.parametrize("beta", [0.5, 0.8, 0.9])
def test_half_life_and_reach_of_a_decay(beta: float) -> None:
    found = horizon_of(geometric(beta))
    assert found.half_life == pytest.approx(np.log(2) / -np.log(beta), rel=1e-5)
    assert found.reach == int(np.log(0.01) / np.log(beta))


def test_no_half_life_without_decay() -> None:
    assert horizon_of(geometric(1.02)).half_life is None
    assert horizon_of(geometric(1.02)).reach == 100


def test_reach_is_the_largest_lag_even_after_a_dip() -> None:
    flow = np.ones(51, np.float32)
    flow[20:40] = 0.001
    assert horizon_of(flow).reach == 50


def test_fade_and_rise_is_no_line_and_states_no_factor() -> None:
    lags = np.arange(51)
    phi = np.where(lags < 18, 0.7**lags, 0.7**18 * 1.4 ** (lags - 18))
    found = horizon_of(phi[::-1])
    assert found.r2 is not None and not found.is_line
    assert found.factor is None and found.half_life is None


def test_kept_profile_with_small_wiggles_is_a_line() -> None:
    flow = 1 + 0.03 * np.sin(np.arange(101))
    assert horizon_of(flow).factor == pytest.approx(1, abs=0.005)


def test_truncation_is_cut_and_not_fitted() -> None:
    flow = geometric(0.9)
    flow[:71] = 0  # K = 30: cuts at 70, 40, 10
    found = horizon_of(flow, cuts=[10, 40, 70])
    assert found.fitted == (10, 29)
    assert found.factor == pytest.approx(0.9, rel=1e-4)
    assert (found.kinds[30:] == CUT).all() and (found.kinds[:30] == LIVE).all()
    assert found.reach == 29


def test_a_window_with_its_own_loss_is_not_cut() -> None:
    flow = np.ones(11, np.float32)
    flow[5] = 0
    assert zeros(flow, cuts=[5]).tolist() == [LIVE] * 5 + [CUT] + [LIVE] * 5


def test_too_short_a_window_gives_no_factor() -> None:
    flow = geometric(0.9)
    flow[:96] = 0
    assert horizon_of(flow, cuts=[95]).factor is None


def test_underflow_is_its_own_kind() -> None:
    found = horizon_of(geometric(0.3, 200))
    assert found.kinds[-1] == UNDERFLOW and found.kinds[10] == LIVE
    assert found.factor == pytest.approx(0.3, rel=1e-3)


def test_sudden_zero_far_above_the_floor_is_saturation() -> None:
    flow = geometric(0.9, 20)
    flow[:8] = 0
    assert (zeros(flow)[:8] == SATURATED).all()


def test_not_finite_values_are_marked_and_left_out() -> None:
    flow = geometric(0.9)
    flow[50] = np.nan
    flow[10] = np.inf
    found = horizon_of(flow)
    assert found.kinds[50] == NOT_A_NUMBER and found.kinds[90] == OVERFLOW
    assert found.factor == pytest.approx(0.9, rel=1e-4)


def test_the_rounding_of_a_flat_profile_is_no_slope() -> None:
    noise = 1e-7 * np.random.default_rng(0).standard_normal(101)
    assert horizon_of(1 + noise).r2 == 1.0


def test_where_no_loss_sends_any_the_zero_is_the_losses() -> None:
    flow = geometric(0.5, 20)
    flow[15:] = 0
    kinds = zeros(flow, cuts=[8])
    assert (kinds[15:] == SILENT).all() and (kinds[:15] == LIVE).all()
    flow[:9], flow[11:] = 0, 0
    kinds = zeros(flow, cuts=[8])
    assert (kinds[:9] == CUT).all() and (kinds[9:11] == LIVE).all() and (kinds[11:] == SILENT).all()


@pytest.mark.parametrize("flow, source", [
    (np.full(51, np.nan), NOT_A_NUMBER), (np.full(51, np.inf), OVERFLOW), (np.zeros(51), SILENT),
    (np.full(51, 1e-39), UNDERFLOW),
])  # fmt: skip
def test_nothing_to_measure(flow: np.ndarray, source: int) -> None:
    found = horizon_of(flow)
    assert found.source == source
    assert found.reach is None and found.factor is None and found.half_life is None


@pytest.mark.parametrize("T", [1, 2, 4])
def test_tiny_sequences(T: int) -> None:
    found = horizon_of(geometric(0.5, T))
    assert found.factor is None
    assert found.reach == T


def test_asked_before_the_end() -> None:
    flow = geometric(0.5, 20)
    flow[16:] = 0
    found = horizon_of(flow, asked=15)
    assert found.phi[0] == flow[15]
    assert len(found.phi) == 16


def test_diagnostics_import_without_torch() -> None:
    code = "import sys; import core.reading.horizon; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
