"""The tests against full enumeration, against tables of the field, and against what they must never say."""

from __future__ import annotations

import math
from importlib import import_module
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.comparison import ALPHA, least_of_a_pair, least_of_all, most_told_apart, seeds_needed, verdict
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


@pytest.mark.parametrize("members, seeds", [(2, 4), (3, 5), (4, 5), (5, 6), (6, 6)])
def test_how_many_seeds_it_takes_to_tell_always_from_never(members: int, seeds: int) -> None:
    """One member always solves, the others never do: told apart with so many seeds, and not with one fewer."""
    assert seeds_needed(members) == seeds
    for count in (seeds - 1, seeds):
        found = verdict([solved(*range(count)), *([[NEVER] * count] * (members - 1))])
        assert found.least == least_of_a_pair(members, count)
        if members == 2:
            assert found.pairs[0].differ == (count == seeds)
    far = verdict([solved(*range(100 * k, 100 * k + seeds)) for k in range(members)])
    assert all(pair.differ for pair in far.pairs)


def test_the_smallest_p_of_the_test_over_all() -> None:
    """Counted out for two seeds of three; the test itself can have none smaller."""
    orders = {tuple(order) for order in permutations([0, 0, 1, 1, 2, 2])}
    apart = [order for order in orders if all(order[k] == order[k + 1] for k in (0, 2, 4))]
    assert least_of_all(3, 2) == pytest.approx(len(apart) / len(orders))
    assert kruskal_wallis([ranks(solved(*range(6)))[k : k + 2] for k in (0, 2, 4)]) == pytest.approx(1 / 15, abs=0.01)
    assert least_of_all(4, 3) < ALPHA < least_of_a_pair(4, 3)


def test_how_many_can_be_told_apart_within_bounds() -> None:
    assert [most_told_apart(seeds, 24) for seeds in (3, 4, 5, 6)] == [0, 2, 4, 4]
    assert most_told_apart(6, 36) == 6 and most_told_apart(5, 8) == 2


def test_what_is_said_of_members_that_are_the_same_is_rarely_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs drawn from one distribution, a third of them never solving: in no more than ALPHA of all comparisons does
    either test say anything (1,500 drawn; three standard errors are .017)."""
    monkeypatch.setattr(import_module("core.comparison.verdict"), "SHUFFLES", 199)  # a name that its function has too
    rng, said = np.random.default_rng(0), 0
    for _ in range(1_500):
        orders = [NEVER if rng.random() < 0.3 else (float(step), 0.0) for step in rng.integers(50, 300, 15)]
        found = verdict([orders[k : k + 5] for k in (0, 5, 10)])
        assert found.overall is not None
        told_apart = any(pair.differ for pair in found.pairs)
        assert not told_apart or found.overall < ALPHA
        said += told_apart or found.overall < ALPHA
    assert said / 1_500 <= ALPHA + 0.017
