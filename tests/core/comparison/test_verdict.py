"""The tests against full enumeration, against tables of the field, and against what they must never say."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.comparison import ALPHA, seeds_needed, verdict
from core.comparison.verdict import holm, kruskal_wallis, least_p, mann_whitney, ranks

NEVER = (math.inf, -0.25)


def solved(*steps: float) -> list[tuple[float, float]]:
    return [(float(step), 0.0) for step in steps]


orders = st.one_of(st.integers(1, 5).map(lambda step: (float(step), 0.0)), st.just(NEVER), st.just((math.inf, -0.3)))
groups = st.lists(orders, min_size=1, max_size=4)


def u_statistic(one: list, other: list) -> float:
    """How often one of ``one`` comes before one of ``other``, ties half."""
    return sum((a < b) + 0.5 * (a == b) for a in one for b in other)


@given(groups, groups)
def test_mann_whitney_is_the_share_of_all_permutations(one: list, other: list) -> None:
    """Every order of all runs, the first of them taken as one member's; U counted pair by pair, without any rank."""
    together, n = [*one, *other], len(one)
    if len(together) > 6:
        together, n = together[-6:], min(n, 3)
        one, other = together[:n], together[n:]
    middle, seen = n * len(other) / 2, abs(u_statistic(one, other) - n * len(other) / 2)
    far = [abs(u_statistic(list(each[:n]), list(each[n:])) - middle) >= seen - 1e-12 for each in permutations(together)]
    assert mann_whitney(one, other) == pytest.approx(np.mean(far), abs=1e-12)
    assert mann_whitney(other, one) == pytest.approx(mann_whitney(one, other))


@pytest.mark.parametrize("n, p", [(1, 1.0), (2, 1 / 3), (3, 0.1), (4, 2 / 70), (5, 2 / 252)])
def test_all_of_one_before_all_of_the_other(n: int, p: float) -> None:
    """The smallest p there is at n against n, as in every table of U = 0."""
    assert mann_whitney(solved(*range(n)), solved(*range(50, 50 + n))) == pytest.approx(p)
    assert least_p(n, n) == pytest.approx(p)


def test_equal_runs_are_equal() -> None:
    assert mann_whitney([NEVER] * 5, [NEVER] * 5) == 1
    assert ranks([NEVER, (3.0, 0.0), NEVER, (3.0, 0.0), (1.0, 0.0)]).tolist() == [4.5, 2.5, 4.5, 2.5, 1.0]


def test_holm_as_in_the_books() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5]) == [0.5] and holm([0.9, 0.8]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_never_lowers_a_p_nor_beats_bonferroni(p: list[float]) -> None:
    assert all(each <= other <= min(1, each * len(p)) + 1e-12 for each, other in zip(p, holm(p)))


def test_the_test_over_all_agrees_with_enumeration() -> None:
    drawn = ranks([*solved(1, 2), *solved(3, 3), NEVER, NEVER])
    three = [drawn[:2], drawn[2:4], drawn[4:]]
    every = [sum(sum(each[k : k + 2]) ** 2 / 2 for k in (0, 2, 4)) for each in permutations(drawn.tolist())]
    exact = np.mean(np.array(every) >= sum(group.sum() ** 2 / 2 for group in three) - 1e-9)
    assert kruskal_wallis(three) == pytest.approx(exact, abs=0.02)
    assert kruskal_wallis(three) == kruskal_wallis(three)


def test_three_seeds_cannot_tell_two_apart_and_five_can() -> None:
    few = verdict([solved(1, 2, 3), [NEVER] * 3])
    assert few.overall is None and few.least == pytest.approx(0.1) and not few.pairs[0].differ
    many = verdict([solved(1, 2, 3, 4, 5), [NEVER] * 5])
    assert many.pairs[0].differ and many.pairs[0].better == 0 and many.order == [0, 1]


def test_four_members_need_five_seeds_and_then_all_that_is_clear_is_said() -> None:
    few = verdict([solved(*range(k, k + 4)) for k in (0, 10, 20)] + [[NEVER] * 4])
    assert few.least > ALPHA and few.overall is not None and few.overall < 0.01
    assert not any(pair.differ for pair in few.pairs)
    many = verdict([solved(*range(k, k + 5)) for k in (20, 10, 0)] + [[NEVER] * 5])
    assert all(pair.differ for pair in many.pairs) and many.order == [2, 1, 0, 3]
    assert many.pair(3, 0).better == 0 and many.pair(0, 2).better == 2


@pytest.mark.parametrize("pairs, seeds", [(1, 4), (3, 5), (6, 5), (10, 6), (15, 6)])
def test_how_many_seeds_it_takes(pairs: int, seeds: int) -> None:
    assert seeds_needed(pairs) == seeds
    assert least_p(seeds, seeds) * pairs < ALPHA <= least_p(seeds - 1, seeds - 1) * pairs


def test_members_that_are_the_same_are_rarely_told_apart() -> None:
    """Runs drawn from one distribution: the share of false verdicts over all pairs keeps below ALPHA."""
    rng = np.random.default_rng(0)
    false = sum(
        any(pair.differ for pair in verdict([solved(*rng.integers(50, 300, 5)) for _ in range(3)]).pairs)
        for _ in range(200)
    )
    assert false <= 200 * ALPHA
