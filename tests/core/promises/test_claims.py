"""A claim in numbers: when a run is as claimed, and when enough of them are."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import pytest
from pydantic import ValidationError

from core.presets.claims import Claim, Measures

RUN = Measures(horizon=9, first_loss=1, second_loss=2, broke_at=inf, reached_at=30, solved_at=30, score=0.9,
               highest_score=0.95)  # fmt: skip


@pytest.mark.parametrize(("value", "kept"), [(0.2, True), (0.3, True), (0.19, False), (0.31, False), (nan, False)])
def test_bounds_belong_to_what_is_claimed_and_nan_never_does(value: float, kept: bool) -> None:
    claim = Claim(measure="score", at_least=0.2, at_most=0.3)
    assert claim.kept(replace(RUN, score=value)) is kept


def test_what_never_happens_is_at_infinity() -> None:
    never = Claim(measure="broke_at", at_least=inf)
    assert never.kept(RUN) and not never.kept(replace(RUN, broke_at=4000))


@pytest.mark.parametrize(("seeds", "fewest"), [("all", 6), ("most", 4)])
def test_enough_seeds_are_all_of_them_or_more_than_half(seeds: str, fewest: int) -> None:
    claim = Claim.model_validate({"measure": "solved_at", "at_most": 30, "seeds": seeds})
    held = [claim.holds([RUN] * kept + [replace(RUN, solved_at=31)] * (6 - kept)) for kept in range(7)]
    assert held == [kept >= fewest for kept in range(7)]
    assert not claim.holds([])


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"measure": "luck", "at_most": 1}, r"`measure` \(=luck\) is not known. Choose one of: horizon, first_loss, "),
        ({"measure": "score"}, r"`at_least` \(=-inf\) and `at_most` \(=inf\) leave out nothing, or everything. Give "),
        ({"measure": "score", "at_least": 2, "at_most": 1}, r"`at_least` \(=2\) and `at_most` \(=1\) leave out"),
    ],
)
def test_a_claim_that_says_nothing_is_refused(told: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Claim.model_validate(told)
