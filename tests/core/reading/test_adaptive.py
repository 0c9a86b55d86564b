import numpy as np
import pytest

from core.diagnostics.truncation_bias import truncation_bias
from core.errors import ConfigError
from core.forecasts.distribution import drawn
from core.reading.adaptive import adaptive_k, fitted_from, smallest_k
from core.training.replay import moment_of


def test_the_smallest_measured_k_may_come_before_a_worse_one() -> None:
    K, bias = np.array([1, 2, 3, 5]), np.array([0.9, 0.05, 0.3, 0.0])
    assert smallest_k(K, bias, 0.1) == 2 and smallest_k(K, bias, 0.01) == 5 and smallest_k(K, bias, 0.95) == 1
    assert smallest_k(K, np.array([np.nan, np.inf, 0.9, np.nan]), 0.1) is None


def estimated(phi: np.ndarray, delta: float, tau: int) -> int:
    """The definition, written down for one K after the other, with φ continued from τ on by its slope."""
    beta = np.exp(np.polyfit(np.arange(tau, len(phi)), np.log(phi[tau:]), 1)[0])

    def rest(K: int) -> float:
        return sum(phi[K:tau]) + phi[tau] * beta ** max(0, K - tau) / (1 - beta)

    least = max(sum(phi[:K]) - rest(K) for K in range(1, len(phi) + 1))
    return next(K for K in range(1, 10_000) if rest(K) / least < delta)


@pytest.mark.parametrize("seed", range(20))
def test_the_estimate_is_the_first_k_that_the_definition_allows(seed) -> None:
    draw = np.random.default_rng(seed)
    phi = draw.uniform(0.6, 0.95) ** np.arange(120) * np.exp(0.2 * draw.normal(size=120))
    delta, tau = draw.uniform(0.02, 0.5), int(draw.integers(0, 40))
    found = adaptive_k(phi, delta, tau)
    assert found.k == estimated(phi, delta, tau) and found.tau == tau
    assert f"K = {found.k}" in found.why and f"{found.beta:.3f}" in found.why


@pytest.mark.parametrize("beta", [0.5, 0.8, 0.9])
def test_for_geometric_decay_it_is_the_logarithm_of_delta_by_that_of_beta(beta) -> None:
    found = adaptive_k(beta ** np.arange(300.0), 0.01, 10)
    assert found.beta == pytest.approx(beta)
    assert found.k == np.ceil(np.log(0.01) / np.log(beta))


@pytest.mark.parametrize("beta, words", [(1.0, "does not fade"), (1.05, "grows")])
def test_what_does_not_fade_has_no_safe_k(beta, words) -> None:
    found = adaptive_k(beta ** np.arange(60.0), 0.1, 5)
    assert found.k is None and found.beta == pytest.approx(beta)
    assert words in found.why and found.why.endswith("no K is safe.")


def test_a_fade_that_is_too_slow_for_what_was_measured_has_no_safe_k() -> None:
    found = adaptive_k(0.999 ** np.arange(60.0), 0.1, 5)
    assert found.k is None and "outweigh" in found.why


def test_a_k_beyond_the_sequence_is_the_whole_sequence() -> None:
    found = adaptive_k(0.99 ** np.arange(200.0), 0.01, 5)
    assert found.k == 199 and "Only the whole sequence" in found.why


@pytest.mark.parametrize(
    "phi",
    [
        np.r_[0.5 ** np.arange(4.0), np.zeros(20)],  # three live lags from τ on
        np.r_[1.0, np.full(20, np.nan)],
        np.r_[1.0, 0.0, 0.5 ** np.arange(20.0)],  # τ itself is dead
        np.full(20, np.inf),
    ],
)
def test_too_few_live_lags_are_no_estimate(phi) -> None:
    found = adaptive_k(phi, 0.1, 1)
    assert found.k is None and np.isnan(found.beta) and "no K can be estimated" in found.why


def test_underflow_is_left_out_of_the_slope() -> None:
    phi = 0.5 ** np.arange(300.0)
    found = adaptive_k(np.where(phi < 1.2e-38, 0, phi), 0.1, 5)
    assert found.beta == pytest.approx(0.5) and found.k == 4


def test_bad_arguments_are_sentences() -> None:
    for delta in (0.0, -1.0, np.nan):
        with pytest.raises(ConfigError, match=r"`delta` .* must be more than 0"):
            adaptive_k(np.ones(5), delta, 1)
        with pytest.raises(ConfigError, match=r"`delta`"):
            smallest_k(np.ones(1, int), np.ones(1), delta)
    with pytest.raises(ConfigError, match=r"`tau` \(=9\) must be 0 to 4"):
        adaptive_k(np.ones(5), 0.1, 9)


@pytest.mark.slow
def test_the_estimate_holds_for_sliding_truncation_of_everything_trained() -> None:
    """The measured bias at the estimated K, of the declared random networks before any training: below δ in most of
    them, where in windows with many losses it is not. ``tests/bench/adaptive_k.py`` measures it over more."""
    held: dict[tuple[str, bool], list[bool]] = {}
    for index in range(40):
        config = drawn(index).replace(truncation="full", trained="all")
        moment = moment_of(config, 0, sequences=4 if config.batch_size >= 4 else None)
        arrays, T = truncation_bias(moment), config.task.length
        K = adaptive_k(arrays["phi"], 0.1, fitted_from(T)).k
        if K is not None and K < T:
            many = int(moment.batch.asked.any(axis=1).sum()) > 1
            for kind in ("sliding", "windows"):
                place = int(np.searchsorted(arrays[f"{kind}.K"], K))
                held.setdefault((kind, many), []).append(bool(arrays[f"{kind}.relative_bias"][place] < 0.1))
    share = {key: np.mean(good) for key, good in held.items()}
    assert min(map(len, held.values())) >= 5
    assert share["sliding", True] >= 0.75 and share["sliding", False] >= 0.85
    assert share["windows", True] < share["sliding", True]
