"""Multiplication: adding with the product; what is known of its errors, against enumeration and against its data."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tasks import Adding, Multiplication
from core.tasks.marked_pair import MarkedPair

seeds = st.integers(0, 2**31 - 1)
PAIRS = [Adding, Multiplication]
HALF = Fraction(1, 2)


@given(st.integers(4, 60), seeds, st.sampled_from(["last", "every"]))
def test_the_target_is_the_product_of_what_was_marked_so_far(T: int, seed: int, asked: str) -> None:
    batch = Multiplication(length=T, asked=asked).sample(np.random.default_rng(seed), 16, "training")
    for n in range(16):
        product = 1.0
        for t in range(T):
            product *= batch.x[t, n, 0] if batch.x[t, n, 1] > 0.5 else 1
            assert batch.target[t, n] == pytest.approx(product, rel=1e-6)


@given(st.integers(4, 60), seeds)
def test_the_inputs_are_those_of_adding(T: int, seed: int) -> None:
    added, multiplied = (task(length=T).sample(np.random.default_rng(seed), 3, "training") for task in PAIRS)
    assert (added.x == multiplied.x).all() and (added.asked == multiplied.asked).all()


def moment(power: int, about: Fraction = Fraction(0)) -> Fraction:
    """E[(v − about)^power] of v uniform in 0 … 1."""
    return ((1 - about) ** (power + 1) - (-about) ** (power + 1)) / (power + 1)


def test_variances_and_spreads_are_exact() -> None:
    """Of v₁ + v₂ and of v₁ v₂, by moments of the uniform distribution."""
    neither = 2 * moment(4, HALF) + 6 * moment(2, HALF) ** 2  # E[e⁴] of the sum
    assert Adding().variance == pytest.approx(float(2 * moment(2, HALF)))
    assert Adding.one_known == float(moment(2, HALF))
    assert np.sqrt(float(neither) - Adding().variance ** 2) / Adding().variance <= Adding.spread
    variance, m = moment(2) ** 2 - moment(1) ** 4, Fraction(1, 4)
    neither = moment(4) ** 2 - 4 * m * moment(3) ** 2 + 6 * m**2 * moment(2) ** 2 - 4 * m**4 + m**4
    assert variance == Fraction(7, 144) and Multiplication().variance == pytest.approx(float(variance))
    assert Multiplication.one_known == float(moment(2) * moment(2, HALF))
    assert np.sqrt(float(neither - variance**2)) / float(variance) <= Multiplication.spread
    assert np.sqrt(float(moment(4) * moment(4, HALF))) / float(variance) <= Multiplication.spread


@pytest.mark.parametrize("task", PAIRS, ids=lambda task: task.__name__)
def test_the_best_answers_take_a_half_for_what_is_out_of_sight(task: type[MarkedPair]) -> None:
    pair, N = task(length=20), 40_000
    batch = pair.sample(np.random.default_rng(0), N, "held-out")
    for start in (1, 2, 7, 11, 12, 17, 20):
        seen = np.where(np.arange(1, 21)[:, None] >= start, batch.x[:, :, 0], 0.5)
        answer = pair.so_far(seen.astype(np.float32), batch.x[:, :, 1])[-1]
        errors = (answer - batch.target[-1]) ** 2 / pair.variance
        best = pair.best(np.full(21, start))
        assert 1 - errors.mean() == pytest.approx(best.score, abs=5 * best.spread / np.sqrt(N) + 1e-9)
        assert errors.std() <= 1.02 * best.spread + 1e-9
