"""Latch: the first numbers carry the class, the rest is noise of a given variance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.config import RunConfig
from core.reach import questions, shares_in_sight
from core.tasks import Latch

tasks = st.builds(
    Latch, length=st.integers(8, 40), carriers=st.integers(1, 7), noise=st.sampled_from([0.0, 0.2, 1.0]),
    asked=st.sampled_from(["last", "every"]),
)  # fmt: skip


@given(tasks, st.integers(0, 2**31 - 1))
def test_the_first_numbers_are_the_answer(task: Latch, seed: int) -> None:
    batch = task.sample(np.random.default_rng(seed), 8, "training")
    for n in range(8):
        sign = 2 * batch.target[-1, n] - 1
        assert (batch.x[: task.carriers, n, 0] == sign).all() and (batch.target[:, n] == batch.target[-1, n]).all()
        assert task.events(batch.x[:, n]) == [(step + 1, "+1" if sign > 0 else "−1") for step in range(task.carriers)]
    first = task.carriers if task.asked == "every" else task.length
    assert (batch.asked == (np.arange(1, task.length + 1) >= first)[:, None]).all()


@pytest.mark.parametrize("noise", [0.2, 1.0])
def test_the_rest_has_the_variance_and_says_nothing(noise: float) -> None:
    batch = Latch(length=10, noise=noise).sample(np.random.default_rng(0), 20_000, "training")
    rest, plus = batch.x[3:, :, 0], batch.target[-1] == 1
    assert rest.var() == pytest.approx(noise, rel=0.03)
    assert abs(rest[:, plus].mean(axis=1) - rest[:, ~plus].mean(axis=1)).max() < 5 * np.sqrt(noise / 5000)


def test_one_carrier_in_sight_is_enough() -> None:
    task = Latch(length=20, carriers=3)
    assert [task.best(np.full(21, first)).score for first in (1, 3, 4, 20)] == [1, 1, 0.5, 0.5]
    cut = RunConfig.from_flat({"task.name": "latch", "task.length": 20, "truncation": "windows"})
    assert questions(cut.task)[1].tolist() == [3] and cut.task.lag == 17
    assert [shares_in_sight(cut.replace(truncation_length=K)) for K in (17, 18)] == [(0, 0), (1, 1)]


def test_noise_follows_the_carriers() -> None:
    with pytest.raises(ValidationError, match=r"Raise `task\.length` to 6 or more"):
        Latch(length=5, carriers=5)
