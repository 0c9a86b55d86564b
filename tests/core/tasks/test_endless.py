"""Endless tasks: windows that follow each other, texts that are what they are said to be, chances counted twice."""

from __future__ import annotations

from collections import Counter
from math import log

import numpy as np
import pytest

from core import own_data
from core.errors import ConfigError
from core.tasks import ContinualReber, Language, OwnText
from core.tasks.endless import Endless
from core.tasks.language import SHUFFLED
from core.tasks.ngrams import cross_entropies
from core.tasks.reber import grammatical, inner_strings, mean_letters
from core.tasks.texts.story import told
from core.tasks.tokens import UNKNOWN, joined, split

TEXTS = ("story", "names", "reber")
WORDS = Language(length=20, tokens="words")
EACH: list[Endless] = [*(Language(length=20, text=text) for text in TEXTS), ContinualReber(length=20), WORDS]


def text_of(task: Language | Endless, places: np.ndarray) -> str:
    return "".join(task.text_read.symbols[place] for place in places)


@pytest.mark.parametrize("task", EACH, ids=lambda task: task.name)
def test_a_window_begins_where_the_one_before_it_ended(task: Endless) -> None:
    """Over more windows than the text has: it begins again, and each of N places reads all of it."""
    size, n = len(task.text_read.training), 3
    for step in (0, 7, size // task.length, size // task.length + 1):
        one, following = (task.following(5, s, n) for s in (step, step + 1))
        assert one.start is None and one.asked.all()
        assert np.array_equal(one.x[1:].argmax(axis=2), one.target[:-1])
        assert np.array_equal(one.target[-1], following.x[0].argmax(axis=1))
    first = task.following(5, 0, n).target
    after = task.following(5, size // task.length, n)  # once around, but for what is left of the last window
    left = size % task.length
    assert np.array_equal(after.target[left:], first[: task.length - left])
    assert not np.array_equal(task.following(6, 0, n).x, task.following(5, 0, n).x)


@pytest.mark.parametrize("task", EACH, ids=lambda task: task.name)
def test_what_is_held_out_is_all_read_once_and_never_trained_on(task: Endless) -> None:
    batch = task.judged(np.random.default_rng(0), 1000)
    assert batch.target.size == task.judged_steps
    read = batch.target.T.ravel()
    assert np.array_equal(read, task.text_read.held_out[1 : len(read) + 1])


def test_the_story_is_told_by_its_rules_and_the_names_are_each_once() -> None:
    story, names = Language(text="story").text_read, Language(text="names").text_read
    whole = text_of(Language(text="story"), np.concatenate([story.training, story.held_out]))
    assert whole == told() and 30_000 < len(whole) < 32_000
    listed = text_of(Language(text="names"), np.concatenate([names.training, names.held_out])).split()
    assert len(listed) == len(set(listed)) > 5000 and all(name.isalpha() and name.istitle() for name in listed)


def test_every_entry_of_the_story_returns_to_what_it_began_with() -> None:
    """Its brackets and quotation marks close, and its first person and thing are named again in its last sentence."""
    for entry in told().split("\n\n")[:-1]:
        assert entry.count("(") == entry.count(")") >= 1 and entry.count("“") == entry.count("”") >= 0
        depth = np.cumsum([{"(": 1, ")": -1, "“": 1, "”": -1}.get(mark, 0) for mark in entry])
        assert set(depth.tolist()) <= {0, 1} and depth[-1] == 0
        thing = next(word for word in THINGS if word in entry)
        assert thing in entry.rsplit(". ", 1)[1]


THINGS = ("lantern", "kettle", "ladder", "anchor", "basket", "clock", "fiddle", "bucket", "compass", "barrel")


def test_chances_of_ngrams_against_counting_by_hand() -> None:
    """Witten and Bell, written as it is said: recursive, with dictionaries."""
    rng = np.random.default_rng(0)
    training, held_out = rng.integers(0, 4, 300) // rng.integers(1, 3, 300), rng.integers(0, 5, 80)

    def chance(context: tuple[int, ...] | None, symbol: int) -> float:
        if context is None:
            return 1 / 5
        n = len(context)
        shorter = chance(context[1:] if n else None, symbol)
        start = 1 if n == 0 else n
        after = Counter(int(training[t]) for t in range(start, len(training))
                        if tuple(training[t - n : t].tolist()) == context)  # fmt: skip
        if not after:
            return shorter
        seen = sum(after.values())
        return (after[symbol] + len(after) * shorter) / (seen + len(after))

    for n, found in enumerate(cross_entropies(training, held_out, 5), start=1):
        nats = [-log(chance(tuple(held_out[max(0, t - n + 1) : t].tolist()), int(held_out[t])))
                for t in range(1, len(held_out))]  # fmt: skip
        assert found == pytest.approx(np.mean(nats), rel=1e-12)


def test_what_two_symbols_tell_is_less_than_what_one_tells() -> None:
    for text in TEXTS:
        grams = Language(text=text).text_read.grams
        assert grams[0] > grams[1] > grams[2] > 0


def test_the_entropy_of_reber_strings_is_that_of_their_coins() -> None:
    """Per letter, from the mean number of letters; the held-out part has as much within its luck."""
    strings = inner_strings(np.random.default_rng(SHUFFLED), 20_000)
    sizes = np.array([len(string) for string in strings])
    assert mean_letters() == pytest.approx(sizes.mean(), abs=5 * sizes.std() / np.sqrt(len(sizes)))
    expected = log(2) * mean_letters() / (mean_letters() + 2)
    assert Language(text="reber").least_loss == pytest.approx(expected, rel=0.01)
    assert all(grammatical(f"B{string}E") for string in strings[:500])
    assert not any(map(grammatical, ("BE", "BTE", "BTXSB", "TXXVVE", "BPTVPSEE", "", "B", "BTSXSX")))


def test_continual_strings_close_with_what_opened_them() -> None:
    """The score is taken of the second T or P alone, and there the floors part."""
    task = ContinualReber(length=200)
    batch = task.sample(np.random.default_rng(3), 4, "training")
    for n in range(4):
        text = text_of(task, np.append(batch.x[:1, n].argmax(axis=1), batch.target[:, n]))
        for t in np.flatnonzero(batch.scored[:, n]):
            begin = text.rfind("E", 0, text.rfind("B", 0, t)) + 1
            if text[begin] == "B" and begin + 1 < t and begin > 0:
                assert text[t + 1] == text[begin + 1] and text[t + 1] in "TP" and text[t] == "E"
    high, middle, low = (loss for loss, _ in task.floors())
    assert high > middle > low > 0
    per_string = len(task.text_read.held_out) / task.text_read.scored["held-out"].sum()
    assert middle - low == pytest.approx(log(2) / per_string, rel=1e-9)


def test_a_text_of_ones_own_is_read_as_it_stands() -> None:
    characters = "Ein Text, é, 漢字 und\tein Tabulator. " * 20
    task = OwnText(data=own_data.put(own_data.Text(characters)), length=30)
    task.check()
    read = task.text_read
    assert text_of(task, np.concatenate([read.training, read.held_out])) == characters
    assert len(read.held_out) == len(characters) // 10 and read.opening == ("E",) and "⇥" in task.vocabulary
    too_long = OwnText(data=task.data, length=2000)
    with pytest.raises(ConfigError, match=r"`task.length` \(=2000\) must be at most"):
        too_long.check()
    assert too_long.suited().length == len(read.training) - 1
    long = own_data.put(own_data.Text("ab\n" * 100_000))
    assert len(OwnText(data=long).text_read.held_out) == 20_000
    assert OwnText().text_read.training.tolist() == Language().text_read.training.tolist()


def test_words_are_put_together_again_as_they_stood() -> None:
    """The story comes back letter by letter; what the vocabulary has not is the one unknown word."""
    story, quoted = told(), "She said \"yes, and 'no'\" (twice) – don’t\nask…"
    for text in (story, quoted):
        assert joined(split(text, "words"), "words") == text
        assert joined(split(text, "characters"), "characters") == text
    read = WORDS.text_read
    counts = Counter(split(story, "words")[: len(read.training)])
    known = {word for word, count in counts.items() if count > 1}
    assert set(read.symbols) == known | {UNKNOWN}
    unknown = read.symbols.index(UNKNOWN)
    for place, word in zip(np.concatenate([read.training, read.held_out]), split(story, "words"), strict=True):
        assert read.symbols[place] == word or (place == unknown and word not in known)


def test_a_text_of_ones_own_as_words_has_some_that_return() -> None:
    returning = own_data.put(own_data.Text("the cat sat on the mat, and a dog lay by the old red door. " * 30))
    never = own_data.put(own_data.Text(" ".join(f"w{k}" for k in range(300))))
    task = OwnText(data=returning, tokens="words", length=20)
    task.check()
    assert UNKNOWN in task.text_read.symbols and "cat" in task.vocabulary and task.noun == "word"
    assert [task.text_read.symbols[p] for p in task.read("The cat, a zebra").places] == ["the", "cat", ",", "a"]
    with pytest.raises(ConfigError, match=r"`task.tokens` \(=words\) needs a text of at least 200 words"):
        OwnText(data=never, tokens="words", length=20).check()
    assert OwnText(data=never, tokens="words", length=20).suited().tokens == "characters"
    with pytest.raises(ValueError, match=r"`task.tokens` \(=words\) needs a text of words"):
        Language(text="reber", tokens="words")


def test_the_words_of_the_story_are_as_the_reference_says() -> None:
    read = WORDS.text_read
    assert len(read.training) + len(read.held_out) == 7544 and len(read.symbols) == 271
    assert read.symbols.index(UNKNOWN) not in read.held_out
    assert np.exp(read.grams) == pytest.approx([135, 6.5, 3.3], rel=0.02)
