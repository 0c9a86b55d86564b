"""Adding: one marker in each half, the target is the marked values' sum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.tasks import Adding

seeds = st.integers(0, 2**31 - 1)
lengths = st.integers(4, 80)


@given(lengths, seeds)
def test_one_marker_in_each_half(T: int, seed: int) -> None:
    x = Adding(length=T).sample(np.random.default_rng(seed), 16, "training").x
    values, markers = x[:, :, 0], x[:, :, 1]
    assert (values >= 0).all() and (values < 1).all() and set(np.unique(markers)) == {0, 1}
    assert (markers[: T // 2].sum(axis=0) == 1).all() and (markers[T // 2 :].sum(axis=0) == 1).all()


@given(lengths, seeds, st.sampled_from(["last", "every"]))
def test_the_target_is_the_sum_of_what_was_marked_so_far(T: int, seed: int, asked: str) -> None:
    batch = Adding(length=T, asked=asked).sample(np.random.default_rng(seed), 16, "training")
    for t in range(T):
        want = (batch.x[: t + 1, :, 0] * batch.x[: t + 1, :, 1]).sum(axis=0)
        np.testing.assert_allclose(batch.target[t], want, rtol=1e-6)
    assert batch.asked.all() if asked == "every" else (batch.asked.sum(axis=0) == 1).all()
    assert batch.scored[-1].all() and batch.scored.sum() == 16


@given(lengths, seeds)
def test_events_are_the_two_marked_values(T: int, seed: int) -> None:
    task = Adding(length=T)
    batch = task.sample(np.random.default_rng(seed), 1, "training")
    events = task.events(batch.x[:, 0])
    assert len(events) == 2
    assert [f"{batch.x[step - 1, 0, 0]:.2f}" for step, _ in events] == [label for _, label in events]
    symbols = task.symbols(batch.x[:, 0])
    assert [step for step, _ in events] == [t + 1 for t, symbol in enumerate(symbols) if symbol.endswith("*")]


def test_every_step_of_each_half_is_marked_sometimes() -> None:
    markers = Adding(length=9).sample(np.random.default_rng(0), 2000, "training").x[:, :, 1]
    assert (markers.mean(axis=1) > 0.1).all()


def test_the_baseline_is_one_sixth_and_grows_towards_it() -> None:
    """Not the .1767 in circulation. At every step the sum so far varies less than the whole."""
    assert Adding().baseline_loss == pytest.approx(1 / 6)
    assert 0 < Adding(asked="every").baseline_loss < 1 / 6
    assert Adding().chance == 0


def test_bounds() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 4"):
        Adding(length=3)
