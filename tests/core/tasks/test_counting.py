"""aⁿbⁿ and aⁿbⁿcⁿ: what follows is what the language says, and the best answers are those of an enumeration."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.tasks import AnBn, AnBnCn
from core.tasks.counting import Counting

tasks = st.one_of(
    st.builds(AnBn, length=st.integers(12, 40), trained_to=st.integers(2, 5), asked=st.sampled_from(["last", "every"])),
    st.builds(AnBnCn, length=st.integers(18, 40), trained_to=st.integers(2, 5)),
)


def what_follows(text: str, letters: str) -> str | None:
    """The next symbol of a string of the language that begins like ``text``; None where there are several."""
    n = text.count("a")
    whole = "".join(letter * n for letter in letters)
    assert whole.startswith(text)
    return None if text == "a" * n else (*whole, "end")[len(text)]


@given(tasks, st.sampled_from(["training", "held-out"]), st.integers(0, 2**31 - 1))
def test_what_is_asked_is_what_follows(task: Counting, part: str, seed: int) -> None:
    batch = task.sample(np.random.default_rng(seed), 8, "training" if part == "training" else "held-out")
    for k in range(8):
        symbols = task.symbols(batch.x[:, k])
        text = "".join(symbols).lstrip("·")
        n = text.count("a")
        assert 2 <= n <= task.trained_to if part == "training" else task.trained_to < n <= task.longest
        begin = task.length - len(text)
        for t in range(task.length):
            follows = what_follows(text[: t - begin + 1], task.letters) if t >= begin else None
            asked = follows is not None and (task.asked == "every" or t == task.length - 1)
            assert batch.asked[t, k] == asked
            assert not asked or task.answers[batch.target[t, k]] == follows
        last = text.rstrip(text[-1])
        assert len(text) - len(last) in (n - 1, n), "it stops at the last of a letter or one before"


def test_every_string_is_as_likely() -> None:
    task = AnBnCn(length=24, trained_to=4)
    batch = task.sample(np.random.default_rng(0), 24_000, "training")
    texts = Counter("".join(task.symbols(batch.x[:, k])) for k in range(24_000))
    assert len(texts) == 3 * 2 * 2 and all(abs(count - 2000) < 5 * np.sqrt(2000) for count in texts.values())


@pytest.mark.parametrize("task", [AnBn(length=24, trained_to=4), AnBnCn(length=27, trained_to=4)], ids=str)
def test_the_best_answers_are_those_of_an_enumeration(task: Counting) -> None:
    """Strings that look the same from the first known step on get the same answer, the most frequent one."""
    strings = []
    for n in range(task.trained_to + 1, task.length // len(task.letters) + 1):
        for stage in range(1, len(task.letters)):
            for count in (n - 1, n):
                text = "".join(letter * n for letter in task.letters[:stage]) + task.letters[stage] * count
                strings.append((text.rjust(task.length, "·"), what_follows(text, task.letters)))
    for first in range(1, task.length + 1):
        tails: dict[str, Counter[str | None]] = defaultdict(Counter)
        for text, follows in strings:
            tails[text[first - 1 :]][follows] += 1
        share = sum(max(answers.values()) for answers in tails.values()) / len(strings)
        assert task.best(np.full(task.length + 1, first)).score == pytest.approx(share)


def test_typed_strings_are_read_letter_by_letter() -> None:
    assert AnBn().read("AAb ab!").places == (1, 1, 2, 1, 2) and AnBn().read("abx").unknown == ("x",)


def test_longer_strings_than_those_of_training_must_fit() -> None:
    with pytest.raises(ValidationError, match="must be at least 33"):
        AnBnCn(length=32, trained_to=10)
