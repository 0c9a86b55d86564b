"""The two-lag floors against the figures in print and against brute force over every joint outcome."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import log

import pytest

from core.errors import UnrolledError
from core.theory.two_lag import Floors, floors


def enumerated(*seen: bool) -> float:
    """H(y | the lags that are ``seen``) from the joint distribution in exact fractions."""
    joint: dict[tuple[int, ...], list[Fraction]] = {}
    for lags in product((0, 1), repeat=2):
        one = Fraction(1, 2) + Fraction(1, 2) * lags[0] - Fraction(1, 4) * lags[1]
        known = tuple(x for x, is_seen in zip(lags, seen) if is_seen)
        for y, p in enumerate((1 - one, one)):
            joint.setdefault(known, [Fraction(0), Fraction(0)])[y] += p / 4
    return -sum(float(p) * log(p / sum(row)) for row in joint.values() for p in row if p)


def test_the_figures_of_the_reference() -> None:
    found = floors(3, 8)
    assert (found.none, found.short, found.both) == pytest.approx((0.66156, 0.51917, 0.45445), abs=5e-6)


def test_floors_are_the_conditional_entropies() -> None:
    twin = Floors(enumerated(False, False), enumerated(True, False), enumerated(False, True), enumerated(True, True))
    found = floors(2, 5)
    assert vars(found) == pytest.approx(vars(twin), abs=1e-15)


@pytest.mark.parametrize(("lags", "way"), [((8, 3), "Write 3 8"), ((4, 4), "Write 4 5"), ((-1, 3), "not be negative")])
def test_lags_must_be_two_in_order(lags: tuple[int, int], way: str) -> None:
    with pytest.raises(UnrolledError, match=way):
        floors(*lags)
