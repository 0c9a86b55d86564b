"""What a run came to, at any step of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.config import RunConfig
from core.reading.outcome import Outcome, outcome_of

CONFIG = RunConfig.preset("temporal-order-lstm")


def scalars(score: list[float], loss: list[float] | None = None) -> dict[str, np.ndarray]:
    return {"step": np.arange(len(score)), "score": np.array(score), "loss": np.array(loss or [1.0] * len(score))}


def test_solved_at_the_first_scored_step_that_counts() -> None:
    known = scalars([0.2, 0.2, 0.94, 0.95, 0.96, 0.97])
    assert outcome_of(known, CONFIG) == Outcome(5, 3, 0.97, None, True)
    assert outcome_of(known, CONFIG, 2) == Outcome(2, None, 0.94, None, False)
    assert outcome_of(known, CONFIG).solved == 3 and outcome_of(known, CONFIG).lost is None


def test_only_the_scorings_that_all_have_in_common_count() -> None:
    known = scalars([0.2, 0.2, 0.94, 0.95, 0.96, 0.93])
    assert outcome_of(known, CONFIG, scored=np.array([0, 4])) == Outcome(5, 4, 0.96, None, True)
    assert outcome_of(known, CONFIG, 3, np.array([0, 4])) == Outcome(3, None, 0.2, None, False)


def test_between_two_scorings_the_last_one_holds() -> None:
    assert outcome_of(scalars([0.2, math.nan, math.nan]), CONFIG).score == 0.2
    assert math.isnan(outcome_of(scalars([math.nan]), CONFIG).score)
    assert outcome_of({name: np.zeros(0) for name in ("step", "score", "loss")}, CONFIG).step == -1


@pytest.mark.parametrize("score, loss, last", [
    ([0.3, 0.97, 0.97, 0.97], [1, 0.1, math.inf, math.nan], 0.0), ([0.3, 0.97, 0.97, 0.6], None, 0.6),
])  # fmt: skip
def test_what_was_solved_and_is_lost_again_is_not_solved(score: list, loss: list | None, last: float) -> None:
    """It broke, or fell below the line: it ranks behind every run that holds, and by its score among the others."""
    whole, before = outcome_of(scalars(score, loss), CONFIG), outcome_of(scalars(score, loss), CONFIG, 1)
    assert before.solved == 1 and before.lost is None and before.broke is None
    assert whole.solved is None and whole.lost == 1 and whole.score == last
    assert before.order < Outcome(9, 9, 0.96, None, True).order < whole.order
    assert whole.order == Outcome(9, None, last, None, False).order


@pytest.mark.parametrize("better, worse", [
    (Outcome(9, 3, 1.0, None, True), Outcome(9, 4, 1.0, None, True)),
    (Outcome(9, 9, 0.95, None, True), Outcome(9, None, 0.94, None, False)),
    (Outcome(9, None, 0.5, None, False), Outcome(9, None, 0.4, None, False)),
    (Outcome(9, None, 0.3, None, False), Outcome(9, None, 0.0, 4, False)),
])  # fmt: skip
def test_sooner_is_better_then_a_higher_score(better: Outcome, worse: Outcome) -> None:
    assert better.order < worse.order


def test_scores_within_a_percent_are_the_same() -> None:
    assert Outcome(9, None, 0.251, None, False).order == Outcome(9, None, 0.254, None, False).order
