"""Temporal order: X or Y at a few places among distractors, the order is the class."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tasks import TemporalOrder

seeds = st.integers(0, 2**31 - 1)
tasks = st.builds(
    TemporalOrder,
    length=st.integers(10, 120),
    places=st.sampled_from([2, 3]),
    asked=st.sampled_from(["last", "every"]),
)


@given(tasks, seeds)
def test_the_order_of_the_symbols_is_the_class(task: TemporalOrder, seed: int) -> None:
    batch = task.sample(np.random.default_rng(seed), 16, "training")
    assert (batch.x.sum(axis=2) == 1).all(), "one-hot"
    for n in range(16):
        events = task.events(batch.x[:, n])
        assert len(events) == task.places
        order = "".join("XY"[(batch.target[-1, n] >> k) & 1] for k in reversed(range(task.places)))
        assert "".join(symbol for _, symbol in events) == order
        assert (batch.target[:, n] == batch.target[-1, n]).all()


@given(tasks, seeds)
def test_each_symbol_falls_into_its_window(task: TemporalOrder, seed: int) -> None:
    x = task.sample(np.random.default_rng(seed), 16, "training").x
    for n in range(16):
        for (step, _), (first, stop) in zip(task.events(x[:, n]), task.windows(), strict=True):
            assert first <= step - 1 < stop


@given(st.integers(10, 10_000), st.sampled_from([2, 3]))
def test_windows_are_apart_at_any_length(T: int, places: int) -> None:
    bounds = [bound for window in TemporalOrder(length=T, places=places).windows() for bound in window]
    assert len(bounds) == 2 * places and bounds == sorted(bounds) and bounds[-1] < T
    assert all(first < stop for first, stop in zip(bounds[::2], bounds[1::2]))


@given(tasks, seeds)
def test_asked_at_the_end_or_from_the_last_symbol_on(task: TemporalOrder, seed: int) -> None:
    batch = task.sample(np.random.default_rng(seed), 8, "training")
    for n in range(8):
        first = task.events(batch.x[:, n])[-1][0] if task.asked == "every" else task.length
        assert np.flatnonzero(batch.asked[:, n]).tolist() == list(range(first - 1, task.length))
        assert np.flatnonzero(batch.scored[:, n]).tolist() == [task.length - 1]


def test_the_windows_of_the_paper() -> None:
    """Experiments 6a and 6b at T = 100, as half-open ranges of the input's index."""
    assert TemporalOrder(length=100).windows() == [(10, 20), (50, 60)]
    assert TemporalOrder(length=100, places=3).windows() == [(10, 20), (33, 43), (66, 76)]


def test_every_place_of_a_window_is_used_and_distractors_are_even() -> None:
    task = TemporalOrder(length=50)
    channel = task.sample(np.random.default_rng(0), 8000, "training").x.argmax(axis=2)
    places = np.flatnonzero((channel < 2).any(axis=1))
    assert places.tolist() == [t for first, stop in task.windows() for t in range(first, stop)]
    counts = np.bincount(channel[channel >= 2])[2:]
    assert (abs(counts - counts.mean()) < 5 * np.sqrt(counts.mean())).all()


def test_baseline_chance_and_lag() -> None:
    assert TemporalOrder().baseline_loss == pytest.approx(np.log(4))
    assert TemporalOrder(places=3).baseline_loss == pytest.approx(np.log(8))
    assert (TemporalOrder().chance, TemporalOrder(places=3).chance) == (1 / 4, 1 / 8)
    assert TemporalOrder(length=50).lag == 44  # a symbol at t = 5 is in state 6, asked from state 50
