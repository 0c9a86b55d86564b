"""Two-lag stream: the answer's chances are those of its definition, and its floors those of the closed form."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import RunConfig
from core.errors import ConfigError
from core.tasks import TwoLag

MANY = 4000


@pytest.mark.parametrize(("short", "long"), [(3, 8), (0, 1), (2, 11)])
def test_the_chances_are_those_of_the_two_earlier_tosses(short: int, long: int) -> None:
    task = TwoLag(length=20, short=short, long=long)
    batch = task.sample(np.random.default_rng(0), MANY, "training")
    coin = batch.x[..., 1]
    for near, far in product((0, 1), repeat=2):
        answers = [batch.target[t][(coin[t - short] == near) & (coin[t - long] == far)] for t in range(long, 20)]
        got, p = np.concatenate(answers), 0.5 + 0.5 * near - 0.25 * far
        assert got.mean() == pytest.approx(p, abs=5 * np.sqrt(p * (1 - p) / len(got)) + 1e-12)


def test_tosses_are_fair_and_independent() -> None:
    coin = TwoLag(length=20).sample(np.random.default_rng(0), MANY, "training").x[..., 1]
    correlation = np.corrcoef(coin)
    assert coin.mean() == pytest.approx(0.5, abs=0.01)
    assert abs(correlation - np.eye(20)).max() < 0.1


@given(st.integers(13, 40), st.integers(0, 4), st.integers(5, 12))
def test_it_is_asked_where_both_lags_exist(T: int, short: int, long: int) -> None:
    batch = TwoLag(length=T, short=short, long=long).sample(np.random.default_rng(0), 3, "training")
    assert (batch.asked == (np.arange(T) >= long)[:, None]).all() and (batch.scored == batch.asked).all()


def test_no_table_of_the_inputs_beats_the_lowest_floor() -> None:
    """The loss of the best table of chances, by what it sees, is its floor on data of the task."""
    task = TwoLag(length=30)
    batch = task.sample(np.random.default_rng(1), MANY, "training")
    coin, y = batch.x[..., 1].astype(int), batch.target[8:]
    near, far = coin[5:-3], coin[:-8]
    for group, (floor, _) in zip((0 * near, near, 2 * near + far), task.floors(), strict=True):
        share = np.array([y[group == g].mean() for g in range(group.max() + 1)])[group]
        share = np.clip(share, 1e-12, 1 - 1e-12)
        loss = -(y * np.log(share) + (1 - y) * np.log(1 - share)).mean()
        assert loss == pytest.approx(floor, abs=0.005)


def test_the_last_question_depends_on_the_marked_steps() -> None:
    task = TwoLag(length=20)
    x = task.sample(np.random.default_rng(0), 1, "training").x[:, 0]
    assert task.events(x) == [(12, str(int(x[11, 1]))), (17, str(int(x[16, 1])))]
    assert task.entry.first == 12 and task.lag == 8


def test_the_score_is_the_share_of_the_learnable_nats() -> None:
    task = TwoLag()
    assert task.score_of(0.475, 0.7, None)[0] == pytest.approx(0.9008, abs=1e-4)
    assert task.score_of(0.51917, 0.7, None)[0] == pytest.approx(0.6875, abs=1e-4)
    assert task.score_of(2.0, 0.5, None)[0] == 0 and task.score_of(0.4, 0.8, None)[0] == 1


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"task.short": 8}, "`task.short` (=8) must be less than `task.long` (=8)."),
        ({"task.length": 8}, "`task.length` (=8) must be more than `task.long` (=8)"),
    ],
)
def test_lags_that_do_not_fit_are_refused_with_a_way_out(settings: dict[str, int], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RunConfig.from_flat({"task.name": "two-lag", **settings})
    assert caught.value.problems[0].startswith(sentence) and len(caught.value.problems) == 1
