"""What a run came to, at any step of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.comparison import Outcome, outcome_of
from core.config import RunConfig

CONFIG = RunConfig.preset("temporal-order-lstm")


def scalars(score: list[float], loss: list[float] | None = None) -> dict[str, np.ndarray]:
    return {"step": np.arange(len(score)), "score": np.array(score), "loss": np.array(loss or [1.0] * len(score))}


def test_solved_at_the_first_scored_step_that_counts() -> None:
    known = scalars([0.2, 0.2, 0.94, 0.95, 0.9, 0.97])
    assert outcome_of(known, CONFIG) == Outcome(5, 3, 0.97, None)
    assert outcome_of(known, CONFIG, 2) == Outcome(2, None, 0.94, None)
    assert outcome_of(known, CONFIG, 4) == Outcome(4, 3, 0.9, None)


def test_between_two_scorings_the_last_one_holds() -> None:
    assert outcome_of(scalars([0.2, math.nan, math.nan]), CONFIG).score == 0.2
    assert math.isnan(outcome_of(scalars([math.nan]), CONFIG).score)
    assert outcome_of({name: np.zeros(0) for name in ("step", "score", "loss")}, CONFIG).step == -1


def test_a_run_that_broke_scores_nothing_but_keeps_that_it_had_solved() -> None:
    known = scalars([0.3, 0.97, 0.97, 0.97], [1, 0.1, math.inf, math.nan])
    assert outcome_of(known, CONFIG) == Outcome(3, 1, 0.0, 2)
    assert outcome_of(known, CONFIG, 1).broke is None


@pytest.mark.parametrize("better, worse", [
    (Outcome(9, 3, 1.0, None), Outcome(9, 4, 1.0, None)), (Outcome(9, 9, 0.95, None), Outcome(9, None, 0.94, None)),
    (Outcome(9, None, 0.5, None), Outcome(9, None, 0.4, None)), (Outcome(9, None, 0.3, None), Outcome(9, None, 0.0, 4)),
])  # fmt: skip
def test_sooner_is_better_then_a_higher_score(better: Outcome, worse: Outcome) -> None:
    assert better.order < worse.order


def test_scores_within_a_percent_are_the_same() -> None:
    assert Outcome(9, None, 0.251, None).order == Outcome(9, None, 0.254, None).order
