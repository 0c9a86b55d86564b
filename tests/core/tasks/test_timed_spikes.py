"""Timed spikes: two of them, and the delay between is the target."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import RunConfig
from core.errors import ConfigError
from core.tasks import TimedSpikes

tasks = st.builds(TimedSpikes, length=st.integers(13, 40), shortest=st.integers(1, 5), longest=st.integers(6, 12))


@given(tasks, st.integers(0, 2**31 - 1))
def test_the_target_is_the_delay_on_a_scale_from_the_shortest_to_the_longest(task: TimedSpikes, seed: int) -> None:
    batch = task.sample(np.random.default_rng(seed), 16, "training")
    assert set(np.unique(batch.x)) == {0, 1} and (batch.x.sum(axis=0) == 2).all() and batch.x[-1].all()
    for n in range(16):
        first, second = np.flatnonzero(batch.x[:, n, 0])
        delay = task.shortest + batch.target[-1, n] * (task.longest - task.shortest)
        assert second - first == pytest.approx(delay, abs=1e-4)
        assert task.events(batch.x[:, n]) == [(first + 1, f"{second - first} steps")]


def test_every_delay_is_as_likely() -> None:
    batch = TimedSpikes(length=12, shortest=3, longest=7).sample(np.random.default_rng(0), 10_000, "training")
    assert (abs(batch.x[:-1, :, 0].sum(axis=1)[4:9] - 2000) < 5 * np.sqrt(2000)).all()


@pytest.mark.parametrize("task", [TimedSpikes(length=20, shortest=1, longest=12), TimedSpikes()])
def test_the_best_answer_without_a_spike_in_sight_is_the_mean_of_longer_delays(task: TimedSpikes) -> None:
    """By enumeration of all delays."""
    delays = np.arange(task.shortest, task.longest + 1)
    targets = (delays - task.shortest) / (task.longest - task.shortest)
    assert task.variance == pytest.approx(targets.var())
    for first in range(1, task.length + 1):
        hidden = task.length - delays < first
        errors = np.where(hidden, (targets - targets[hidden].mean()) ** 2 if hidden.any() else 0, 0) / task.variance
        best = task.best(np.full(task.length + 1, first))
        assert best.score == pytest.approx(1 - errors.mean()) and best.spread >= errors.std() - 1e-12


@pytest.mark.parametrize(("settings", "sentence"), [
    ({"task.shortest": 30}, "`task.shortest` (=30) must be less than `task.longest` (=30)"),
    ({"task.length": 30}, "`task.length` (=30) must be more than `task.longest` (=30)"),
])  # fmt: skip
def test_delays_that_do_not_fit_are_refused_with_a_way_out(settings: dict[str, int], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RunConfig.from_flat({"task.name": "timed-spikes", **settings})
    assert caught.value.problems[0].startswith(sentence) and len(caught.value.problems) == 1
