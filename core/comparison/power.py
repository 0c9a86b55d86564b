"""What a number of seeds is able to show, whatever the runs come to: the smallest p that the tests could have."""

from __future__ import annotations

from math import comb, factorial

from core.comparison.verdict import ALPHA, SHUFFLES, least_p

MOST_TRIED = 20


def least_of_a_pair(members: int, seeds: int) -> float:
    """The smallest adjusted p of two among ``members``: one always before the other, corrected for all pairs."""
    return min(1.0, least_p(seeds, seeds) * comb(members, 2))


def least_of_all(members: int, seeds: int) -> float:
    """The smallest p of the test over all members: each of them before the next, in any order."""
    ways = factorial(members * seeds) // factorial(seeds) ** members
    return max(factorial(members) / ways, 1 / (1 + SHUFFLES))


def seeds_needed(members: int) -> int | None:
    """How many seeds each would let two of so many members be told apart at all; None beyond MOST_TRIED."""
    return next((k for k in range(2, MOST_TRIED + 1) if least_of_a_pair(members, k) < ALPHA), None)


def most_told_apart(seeds: int, runs: int) -> int:
    """How many members at most, with up to ``seeds`` seeds each and ``runs`` runs in all, can be told apart; 0 where
    not even two can."""
    return max((k for k in range(2, runs // 2 + 1)
                if (needed := seeds_needed(k)) is not None and needed <= min(seeds, runs // k)), default=0)  # fmt: skip
