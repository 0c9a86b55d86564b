"""Reber's grammar (1967): strings B … E in which every letter between is one of two, as likely as each other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

LETTERS = "BTSXVPE"
WAYS: tuple[tuple[tuple[str, int], ...], ...] = (
    (("T", 1), ("P", 2)),
    (("S", 1), ("X", 3)),
    (("T", 2), ("V", 4)),
    (("X", 2), ("S", 5)),
    (("P", 3), ("V", 5)),
)
"""Between B and E: from each state two ways as likely as each other, a letter and the state it leads to; 5 is the
end."""
END = len(WAYS)


def inner_strings(rng: np.random.Generator, count: int) -> list[str]:
    """What stands between B and E of ``count`` strings, as likely as the grammar makes them."""
    coins = iter(rng.integers(0, 2, 16 * count).tolist())  # five of them a string on average
    return [_inner(coins, rng) for _ in range(count)]


def _inner(coins: Iterable[int], rng: np.random.Generator) -> str:
    state, letters = 0, ""
    tosses = iter(coins)
    while state != END:
        coin = next(tosses, None)
        letter, state = WAYS[state][int(rng.integers(0, 2)) if coin is None else coin]
        letters += letter
    return letters


def grammatical(string: str) -> bool:
    """Whether ``string``, from its B to its E, is one of the grammar's."""
    if len(string) < 2 or string[0] != "B" or string[-1] != "E":
        return False
    state = 0
    for letter in string[1:-1]:
        ways = dict(WAYS[state]) if state != END else {}
        if letter not in ways:
            return False
        state = ways[letter]
    return state == END


def mean_letters() -> float:
    """How many letters stand between B and E on average: from each state one, and what is left where it leads."""
    leads = np.zeros((END, END))
    for state, ways in enumerate(WAYS):
        for _, to in ways:
            if to != END:
                leads[state, to] += 0.5
    left = np.linalg.solve(np.eye(END) - leads, np.ones(END))
    return float(left[0])
