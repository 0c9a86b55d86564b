"""Embedded Reber: strings of the grammar as often as it makes them, and losses against all strings written out."""

from __future__ import annotations

from collections import Counter
from functools import cache
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tasks import EmbeddedReber
from core.tasks.embedded_reber import LETTERS

GRAPH = {0: "T1 P2", 1: "S1 X3", 2: "T2 V4", 3: "X2 S5", 4: "P3 V5"}


@cache
def inner(size: int, state: int = 0) -> tuple[str, ...]:
    """All ways to the end of the grammar with so many letters."""
    if state == 5:
        return ("",) if size == 0 else ()
    ways = GRAPH[state].split() if size else ()
    return tuple(way[0] + rest for way in ways for rest in inner(size - 1, int(way[1])))


def all_strings(T: int) -> dict[str, float]:
    """Every string that fits, without its last letter, and how likely it is among them."""
    found = {f"B{outer}B{core}E": 0.5 ** len(core) for size in range(T - 3) for core in inner(size) for outer in "TP"}
    total = sum(found.values())
    return {text: share / total for text, share in found.items()}


@pytest.mark.parametrize("T", [8, 14])
def test_strings_come_as_often_as_the_grammar_makes_them(T: int) -> None:
    task, N = EmbeddedReber(length=T), 40_000
    batch, stated = task.sample(np.random.default_rng(0), N, "training"), all_strings(T)
    counted = Counter("".join(task.symbols(batch.x[:, n])).lstrip("·") for n in range(N))
    assert counted.keys() <= stated.keys()
    for text, share in stated.items():
        assert abs(counted[text] - N * share) < 5 * np.sqrt(N * share) + 1


@given(st.integers(8, 60), st.sampled_from(["last", "every"]), st.integers(0, 2**31 - 1))
def test_what_is_asked_is_the_next_letter_and_last_the_outer_one(T: int, asked: str, seed: int) -> None:
    task = EmbeddedReber(length=T, asked=asked)  # pyright: ignore[reportArgumentType]
    batch = task.sample(np.random.default_rng(seed), 8, "training")
    for n in range(8):
        symbols = task.symbols(batch.x[:, n])
        text = "".join(symbols).lstrip("·")
        begin = T - len(text)
        assert text[3:-1] in inner(len(text) - 4) and (text[0], text[2], text[-1]) == ("B", "B", "E")
        want = [LETTERS.index(letter) for letter in text[1:] + text[1]]
        assert batch.target[begin:, n].tolist() == want
        assert np.flatnonzero(batch.asked[:, n]).tolist() == (list(range(begin, T)) if asked == "every" else [T - 1])
        assert task.events(batch.x[:, n]) == [(begin + 2, text[1])]


@pytest.mark.parametrize("T", [8, 15])
def test_losses_are_those_of_all_strings_written_out(T: int) -> None:
    """Whoever knows the grammar tosses a coin for each of its letters; whoever knows the end as well, one for all
    strings of a size; whoever knows the step alone has the letters' frequencies at it."""
    task, strings = EmbeddedReber(length=T), all_strings(T)
    weight = np.zeros((T, len(LETTERS)))
    forgets = knows = least = 0.0
    for text, share in strings.items():
        size = len(text)
        for t, letter in enumerate(text[1:] + text[1]):
            weight[T - size + t, LETTERS.index(letter)] += share / size
        forgets += share * (size - 2) * log(2) / size
        knows += share * (size - 3) * log(2) / size
        least += share * log(sum(len(other) == size for other in strings)) / size
    chances = weight / weight.sum(axis=1, keepdims=True).clip(1e-300)
    guessing = -(weight * np.log(chances.clip(1e-300))).sum()
    assert [loss for loss, _ in task.floors()] == pytest.approx([guessing, forgets, knows, least])
    assert task.baseline_loss == pytest.approx(guessing) and task.least_loss == pytest.approx(least)


def test_the_best_answer_needs_the_first_letter_in_sight() -> None:
    strings = all_strings(14)
    for first in range(1, 15):
        tails: dict[str, Counter[str]] = {}
        for text, share in strings.items():
            tails.setdefault(text.rjust(14, "·")[first - 1 :], Counter())[text[1]] += share  # pyright: ignore
        best = sum(max(answers.values()) for answers in tails.values())
        assert EmbeddedReber(length=14).best(np.full(15, first)).score == pytest.approx(best)
