"""Copying: S symbols, a silence, a delimiter, and the same symbols again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.tasks import Copying

seeds = st.integers(0, 2**31 - 1)


@st.composite
def tasks(draw: st.DrawFn) -> Copying:
    S = draw(st.integers(1, 8))
    length = draw(st.integers(max(5, 2 * S + 1), 50))
    return Copying(length=length, symbols_to_copy=S, alphabet=draw(st.integers(2, 32)))


@given(tasks(), seeds)
def test_the_recall_repeats_the_symbols(task: Copying, seed: int) -> None:
    T, S, A = task.length, task.symbols_to_copy, task.alphabet
    batch = task.sample(np.random.default_rng(seed), 8, "training")
    channel = batch.x.argmax(axis=2)
    assert (batch.x.sum(axis=2) == 1).all(), "one-hot"
    assert (channel[:S] < A).all() and (batch.target[T - S :] == channel[:S]).all()
    assert (batch.target[: T - S] == A).all(), "before the recall the answer is the blank"


@given(tasks(), seeds)
def test_a_delimiter_follows_delay_minus_one_blanks(task: Copying, seed: int) -> None:
    T, S, A = task.length, task.symbols_to_copy, task.alphabet
    channel = task.sample(np.random.default_rng(seed), 8, "training").x.argmax(axis=2)
    assert task.delay == T - 2 * S
    assert (channel[S : S + task.delay - 1] == A).all()
    assert (channel[S + task.delay - 1] == A + 1).all()
    assert (channel[T - S :] == A).all()


@given(tasks(), seeds)
def test_asked_at_the_recall_or_everywhere(task: Copying, seed: int) -> None:
    recall = np.arange(task.length) >= task.length - task.symbols_to_copy
    every = task.sample(np.random.default_rng(seed), 3, "training")
    only = task.model_copy(update={"asked": "recall"}).sample(np.random.default_rng(seed), 3, "training")
    assert every.asked.all()
    assert (only.asked == recall[:, None]).all()
    assert (every.scored == recall[:, None]).all() and (only.scored == recall[:, None]).all()
    assert (every.x == only.x).all(), "the question does not change the data"


@given(tasks(), seeds)
def test_events_are_the_symbols_and_the_delimiter(task: Copying, seed: int) -> None:
    x = task.sample(np.random.default_rng(seed), 1, "training").x[:, 0]
    steps = [step for step, _ in task.events(x)]
    S = task.symbols_to_copy
    assert steps == [*range(1, S + 1), task.length - S]
    assert task.events(x)[-1][1] == "▶"


def test_the_symbols_are_drawn_evenly_and_independently() -> None:
    x = Copying(length=12, symbols_to_copy=2, alphabet=4).sample(np.random.default_rng(0), 16_000, "training").x
    first, second = x[:2].argmax(axis=2)
    pairs = np.bincount(4 * first + second, minlength=16)
    assert (abs(pairs - 1000) < 5 * np.sqrt(1000)).all()


def test_the_classic_baselines() -> None:
    """S ln A / T over the whole sequence, 10 ln 8 / (delay + 20) for the classic; ln A at the recall alone."""
    classic = Copying(length=120, symbols_to_copy=10, alphabet=8)
    assert classic.delay == 100
    assert classic.baseline_loss == pytest.approx(10 * np.log(8) / 120)
    recall = classic.model_copy(update={"asked": "recall"})
    assert recall.baseline_loss == pytest.approx(np.log(8))
    assert classic.chance == recall.chance == 1 / 8


def test_the_lag_is_the_same_for_every_symbol() -> None:
    """Symbol k enters at step k and is asked at step T − S + k."""
    task = Copying(length=30, symbols_to_copy=5)
    assert task.lag == 25 == task.delay + task.symbols_to_copy


def test_there_must_be_a_delay() -> None:
    assert Copying(length=11, symbols_to_copy=5).delay == 1
    with pytest.raises(ValidationError, match=r"Raise `task\.length` to 11 or more"):
        Copying(length=10, symbols_to_copy=5)
