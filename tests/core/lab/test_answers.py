import numpy as np
import pytest

from core.config import RunConfig
from core.errors import UnrolledError
from core.lab.answers import KINDS, Answer, Asked, Kept, split

CONFIG = RunConfig.preset("temporal-order-lstm", steps=5)


def test_an_answer_survives_the_way() -> None:
    arrays = {
        "meta": np.arange(3),
        "windows.K": np.array([1, 2]),
        "phi": np.array([1.0, np.nan, np.inf]),
        "none": np.zeros(0),
    }
    answer = Answer(7, arrays, {"sequences": 8, "note": "a · b", "every": True})
    again = Answer.unpacked(answer.packed())
    assert (again.step, again.meta) == (7, answer.meta) and again.arrays.keys() == arrays.keys()
    for name, values in arrays.items():
        np.testing.assert_array_equal(again.arrays[name], values)
        assert again.arrays[name].dtype == values.dtype


@pytest.mark.parametrize("content", [b"", b"nonsense" * 20, Answer(1, {}, {}).packed()[:-3]])
def test_a_damaged_answer_is_a_sentence(content) -> None:
    with pytest.raises(UnrolledError, match="A stored answer is damaged"):
        Answer.unpacked(content)


@pytest.mark.parametrize("config", [None, CONFIG])
def test_a_question_survives_the_way(config) -> None:
    asked = Asked("truncation", "run-one", 40, config)
    assert Asked.of("truncation", asked.body) == asked


def test_equal_questions_have_equal_keys_and_others_do_not() -> None:
    keys = [Asked(kind, source, step).key for kind in KINDS for source in ("a", "b") for step in (0, 1)]
    assert len(set(keys)) == len(keys) and Asked("cost", "a", 0).key == Asked("cost", "a", 0, CONFIG).key
    assert all(key.partition("/")[0] in "ab" for key in keys)


def test_an_unknown_kind_is_a_sentence() -> None:
    with pytest.raises(UnrolledError, match=r"`kind` \(=prophecy\) is not known\. Choose one of: truncation, "):
        split("prophecy")


def test_a_kind_may_have_an_argument_of_one_short_line() -> None:
    assert split("truncation") == ("truncation", None) and split("cost:a:b") == ("cost", "a:b")
    for argument in ("", "x" * 201, "two\nlines"):
        with pytest.raises(UnrolledError, match=r"The argument of `cost` .* must be one line"):
            split(f"cost:{argument}")


def test_the_least_recently_used_answer_is_let_go() -> None:
    kept, answers = Kept(most_bytes=20), {name: Answer(0, {}, {"name": name}) for name in "abc"}
    kept.put("a", answers["a"], 10)
    kept.put("b", answers["b"], 10)
    assert kept.get("a") is answers["a"]
    kept.put("c", answers["c"], 10)
    assert kept.get("b") is None and kept.get("a") is answers["a"] and kept.get("c") is answers["c"]
    kept.put("d", Answer(0, {}, {}), 1000)
    assert kept.get("d") is None and kept.get("a") is None
