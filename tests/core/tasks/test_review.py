"""Review: one word decides, the rest says nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tasks import Review
from core.tasks.review import NEGATIVE, NEUTRAL, POSITIVE, WORDS
from core.tasks.typed import MOST_READ

seeds = st.integers(0, 2**31 - 1)
tasks = st.builds(Review, length=st.integers(5, 50), asked=st.sampled_from(["last", "every"]))


def test_words_are_told_apart() -> None:
    assert len(set(WORDS)) == len(WORDS) == Review().input_size
    assert len(POSITIVE) == len(NEGATIVE)
    assert not set(NEUTRAL) & {*POSITIVE, *NEGATIVE}


@given(tasks, seeds)
def test_the_verdict_decides_the_answer(task: Review, seed: int) -> None:
    batch = task.sample(np.random.default_rng(seed), 16, "training")
    assert (batch.x.sum(axis=2) == 1).all(), "one-hot"
    for n in range(16):
        words = task.symbols(batch.x[:, n])
        assert [words[0], *words[2:4]] == ["I", "this", "movie"]
        assert words[1] in (POSITIVE if batch.target[-1, n] else NEGATIVE)
        assert task.speaks_for(words[1]) == batch.target[-1, n]
        assert {task.speaks_for(word) for word in (words[0], *words[2:])} == {None}
        assert set(words[4:]) <= set(NEUTRAL)
        assert (batch.target[:, n] == batch.target[-1, n]).all()
        assert task.events(batch.x[:, n]) == [(2, words[1])]


@given(tasks, seeds)
def test_asked_at_the_last_word_or_from_the_verdict_on(task: Review, seed: int) -> None:
    batch = task.sample(np.random.default_rng(seed), 3, "training")
    steps = np.arange(1, task.length + 1)[:, None]
    assert (batch.asked == (steps >= (2 if task.asked == "every" else task.length))).all()
    assert (batch.scored == (steps == task.length)).all()


def test_all_words_come_up_and_neutral_ones_say_nothing() -> None:
    batch = Review(length=10).sample(np.random.default_rng(0), 20_000, "training")
    words = batch.x.argmax(axis=2)
    assert set(words.ravel()) == set(range(len(WORDS)))
    liked = batch.target[-1].astype(bool)
    shares = [
        np.bincount(words[4:, who].ravel(), minlength=len(WORDS)) / words[4:, who].size for who in (liked, ~liked)
    ]
    np.testing.assert_allclose(shares[0], shares[1], atol=5 * np.sqrt(2 / (len(NEUTRAL) * 60_000)))


def test_baseline_and_lag() -> None:
    assert Review().baseline_loss == pytest.approx(np.log(2))
    assert (Review(length=40).lag, Review().chance) == (38, 0.5)


def words(text: str) -> list[str]:
    return [WORDS[place] for place in Review().read(text).places]


@given(tasks, seeds)
def test_a_drawn_review_is_read_as_it_stands(task: Review, seed: int) -> None:
    drawn = task.symbols(task.sample(np.random.default_rng(seed), 1, "training").x[:, 0])
    found = Review().read(" ".join(drawn))
    assert words(" ".join(drawn)) == drawn and not found.unknown and not found.left


@pytest.mark.parametrize("text, known, unknown", [
    ("I LOVED this movie!", ["I", "loved", "this", "movie"], ()),
    ("i,hated.THIS;film", ["I", "hated", "this"], ("film",)),
    ("<b>this</b> wasn't a movie & wasn't", ["this", "a", "movie"], ("b", "wasn't")),
    ("", [], ()),
    (" ... \u2028 🙂 \x00", [], ()),
    ("Фильм 电影 ٣", [], ("Фильм", "电影", "٣")),
])  # fmt: skip
def test_anyones_text_is_read(text: str, known: list[str], unknown: tuple[str, ...]) -> None:
    found = Review().read(text)
    assert words(text) == known and found.unknown == unknown and found.left == 0


def test_of_a_long_text_the_first_words_are_read() -> None:
    found = Review().read("loved " + "rainy evening " * 50)
    assert len(found.places) == MOST_READ and found.left == 101 - MOST_READ and WORDS[found.places[0]] == "loved"
