"""Where an answer can be read: states that hold it, lose it, and never had it."""

import numpy as np
import pytest

from core.errors import UnrolledError
from core.reading.answerable import answerable


def noise(S, N, H, seed=0):
    return np.random.default_rng(seed).standard_normal((S, N, H))


def test_classes_are_found_where_the_state_holds_them():
    target = np.random.default_rng(1).integers(0, 3, 600)
    states = noise(3, 600, 6)
    states[1, :, :3] = np.eye(3)[target]
    found = answerable(states, target)
    assert found.share[1] == 1 and (np.abs(found.share[[0, 2]] - 1 / 3) < 0.1).all()
    assert found.chance == pytest.approx((target[300:] == np.bincount(target[:300]).argmax()).mean())


def test_numbers_have_an_r2():
    target = np.random.default_rng(1).random(600).astype(np.float32)
    states = noise(2, 600, 4)
    states[0, :, 2] = 5 - 3 * target
    states[1, :, 2] = target + 0.1 * states[1, :, 2]
    found = answerable(states, target)
    assert found.share[0] > 0.99 and found.chance == 0
    expected = np.var(target) / (np.var(target) + 0.01)  # the best linear readout of a number with noise
    assert found.share[1] == pytest.approx(expected, abs=0.03)


def test_the_readout_is_the_ridge_regression():
    target, states = np.random.default_rng(1).random(60), noise(1, 60, 5)
    rows, wanted = states[0, :30] - states[0, :30].mean(axis=0), target[:30] - target[:30].mean()
    ridge = 1e-3 * np.square(rows).sum() / 5
    stacked = np.vstack([rows, np.sqrt(ridge) * np.eye(5)])
    weight = np.linalg.lstsq(stacked, np.append(wanted, np.zeros(5)), rcond=None)[0]
    guess = (states[0, 30:] - states[0, :30].mean(axis=0)) @ weight + target[:30].mean()
    expected = 1 - np.mean((guess - target[30:]) ** 2) / np.var(target[30:])
    assert answerable(states, target).share[0] == pytest.approx(expected, rel=1e-9)


def test_dead_and_nan_states():
    target = np.random.default_rng(1).integers(0, 2, 40)
    states = noise(3, 40, 4)
    states[0], states[1, 3] = 0, np.nan
    found = answerable(states, target)
    assert found.share[0] == found.chance and np.isnan(found.share[1]) and np.isfinite(found.share[2])


def test_one_sequence_cannot_be_judged():
    with pytest.raises(UnrolledError, match="must be at least 2"):
        answerable(noise(1, 1, 2), np.zeros(1, int))
