"""Whether members of a comparison can be told apart by a few seeds each: exact tests on ranks. NumPy only.

The rule. All runs are put in one order by ``Outcome.order``. With more than two members a permutation test of the
Kruskal-Wallis kind says first whether they are all the same; only where it rejects that at ALPHA are pairs told apart.
Two members differ if the two-sided Mann-Whitney test says so at ALPHA, its p counted out over every way to share their
runs between them (ties get middle ranks) and corrected after Holm for all pairs of the comparison. Everything else is
"not distinguishable".

So no more than ALPHA of all comparisons say anything that is not so: among members that are all the same nothing is
said unless the first test errs, and where some do differ Holm's correction bounds what is said of the others.

Three seeds against three can have no p below .1, four .029, five .0079 (1 ÷ the number of ways, twice): few seeds
cannot show a difference, however large it looks, and ``least`` says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.05
SHUFFLES = 9_999
"""Of the test over all members, drawn with a fixed seed: its p is good to a few thousandths."""
_SLACK = 1e-9
"""Sums of ranks that are equal on paper differ by rounding."""

Ranks = NDArray[np.float64]
Order = tuple[float, float]


@dataclass(frozen=True)
class Pair:
    """Two members by their places: ``p`` of their test; ``adjusted`` for all pairs, and no smaller than that of the
    test over all members; ``better`` has the lower ranks."""

    first: int
    second: int
    p: float
    adjusted: float
    better: int

    @property
    def differ(self) -> bool:
        """Whether the two are told apart."""
        return self.adjusted < ALPHA


@dataclass(frozen=True)
class Verdict:
    """What the runs of all members say.

    ranks    mean rank of each member among all runs; lower is better
    pairs    every two members, in order
    overall  p of the test that all members are the same; None for two, whose pair says it
    least    the smallest adjusted p that this many runs could have had for one pair
    """

    ranks: tuple[float, ...]
    pairs: tuple[Pair, ...]
    overall: float | None
    least: float

    @property
    def order(self) -> list[int]:
        """Members from the best down."""
        return sorted(range(len(self.ranks)), key=lambda member: self.ranks[member])

    def pair(self, one: int, other: int) -> Pair:
        """The test of these two, whichever comes first."""
        return next(pair for pair in self.pairs if {pair.first, pair.second} == {one, other})


def verdict(groups: Sequence[Sequence[Order]]) -> Verdict:
    """The verdict on at least two members with the orders of at least one run each."""
    ranked = _split(ranks([order for group in groups for order in group]), [len(group) for group in groups])
    places = list(combinations(range(len(groups)), 2))
    tested = [mann_whitney(groups[a], groups[b]) for a, b in places]
    means = tuple(float(each.mean()) for each in ranked)
    overall = kruskal_wallis(ranked) if len(groups) > 2 else None
    pairs = tuple(
        Pair(a, b, p, max(adjusted, overall or 0.0), a if means[a] <= means[b] else b)
        for (a, b), p, adjusted in zip(places, tested, holm(tested), strict=True)
    )
    least = min(1.0, min(least_p(len(groups[a]), len(groups[b])) for a, b in places) * len(places))
    return Verdict(means, pairs, overall, least)


def ranks(orders: Sequence[Order]) -> Ranks:
    """1 for the smallest …; equal ones share the mean of their places."""
    places: dict[Order, list[int]] = {}
    for place, order in enumerate(sorted(orders), 1):
        places.setdefault(order, []).append(place)
    return np.array([float(np.mean(places[order])) for order in orders])


def mann_whitney(one: Sequence[Order], other: Sequence[Order]) -> float:
    """Two-sided p: the share of all ways to deal the ranks out whose sum is as far from its mean as this one."""
    doubled = np.rint(2 * ranks([*one, *other])).astype(int)  # whole numbers: middle ranks are halves
    n, total = len(one), int(doubled.sum())
    ways = _ways(doubled.tolist(), n, total)
    away = np.abs(2 * len(doubled) * np.arange(total + 1) - 2 * n * total)  # of a sum from its mean, scaled
    return float(ways[away >= away[doubled[:n].sum()]].sum() / comb(len(doubled), n))


def _ways(values: Sequence[int], n: int, most: int) -> NDArray[np.float64]:
    """(most+1,) in how many ways ``n`` of the whole numbers ``values`` have each sum, counted value after value."""
    ways = np.zeros((n + 1, most + 1))
    ways[0, 0] = 1
    for value in values:
        ways[1:, value:] += ways[:-1, : most + 1 - value].copy()
    return ways[n]


def least_p(n: int, m: int) -> float:
    """The smallest p that ``mann_whitney`` can have: all of one side before all of the other, either way round."""
    return min(1.0, 2 / comb(n + m, n))


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down correction: adjusted values, 1 at most, in the order of ``p``."""
    adjusted, highest = [1.0] * len(p), 0.0
    for place, k in enumerate(sorted(range(len(p)), key=lambda k: p[k])):
        highest = max(highest, min(1.0, (len(p) - place) * p[k]))
        adjusted[k] = highest
    return adjusted


def kruskal_wallis(groups: Sequence[Ranks]) -> float:
    """p of the sum of (rank sum)² ÷ n over the groups among shuffled ranks (the H statistic, but for constants)."""
    values, sizes = np.concatenate(list(groups)), [len(group) for group in groups]
    shuffled = np.random.default_rng(0).permuted(np.tile(values, (SHUFFLES, 1)), axis=1)
    drawn = sum((part.sum(axis=1) ** 2 / part.shape[1] for part in _split(shuffled, sizes)), np.zeros(SHUFFLES))
    seen = sum(group.sum() ** 2 / len(group) for group in groups)
    return float((1 + np.count_nonzero(drawn >= seen - _SLACK)) / (1 + SHUFFLES))


def _split(values: Ranks, sizes: Sequence[int]) -> list[Ranks]:
    return np.split(values, np.cumsum(sizes)[:-1], axis=-1)
