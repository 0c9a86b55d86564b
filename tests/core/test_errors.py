"""Every class of wrong value gets a sentence that names argument, value, rule and way out."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import RunConfig
from core.errors import BudgetError, ConfigError, UnrolledError
from core.tasks import TASKS

NAN, INF = float("nan"), float("inf")

CASES: list[tuple[dict[str, Any], str]] = [
    # large bounds in full
    ({"seed": 2**31}, "`seed` (=2147483648) must be at most 2,147,483,647. Lower `seed`."),
    # unknown keys
    ({"learning_rate": 1}, "`learning_rate` (=1) is not a setting of a run. Leave it out."),
    ({"task.colour": "red"}, "`task.colour` (=red) is not a setting of task temporal-order. Leave it out."),
    (
        {"cell.name": "gru", "cell.forget_bias": 1},
        "`cell.forget_bias` (=1) is not a setting of cell gru. Leave it out.",
    ),
    # out of range
    ({"batch_size": 0}, "`batch_size` (=0) must be at least 1. Raise `batch_size`."),
    ({"batch_size": "513"}, "`batch_size` (=513) must be at most 512. Lower `batch_size`."),
    ({"lr": 0}, "`lr` (=0) must be more than 0. Raise `lr`."),
    ({"steps": 10**9}, "`steps` (=1000000000) must be at most 100,000. Lower `steps`."),
    ({"task.length": "9"}, "`task.length` (=9) must be at least 10. Raise `task.length`."),
    ({"cell.hidden_size": 10**30}, f"`cell.hidden_size` (={10**30}) must be at most 512. Lower `cell.hidden_size`."),
    ({"cell.forget_bias": -21.5}, "`cell.forget_bias` (=-21.5) must be at least -20. Raise `cell.forget_bias`."),
    # not a number
    ({"steps": "many"}, "`steps` (=many) must be a whole number."),
    ({"steps": "1.5"}, "`steps` (=1.5) must be a whole number."),
    ({"steps": 1.5}, "`steps` (=1.5) must be a whole number."),
    ({"steps": None}, "`steps` (=None) must be a whole number."),
    ({"seed": ""}, "`seed` (=) must be a whole number."),
    ({"lr": "fast"}, "`lr` (=fast) must be a number."),
    ({"lr": []}, "`lr` (=[]) must be a number."),
    # NaN and infinity
    ({"lr": NAN}, "`lr` (=nan) must be a number."),
    ({"lr": "inf"}, "`lr` (=inf) must be a number."),
    ({"cell.forget_bias": "nan"}, "`cell.forget_bias` (=nan) must be a number."),
    ({"clip_threshold": INF}, "`clip_threshold` (=inf) must be a number."),
    ({"steps": INF}, "`steps` (=inf) must be a number."),
    # unknown choices
    (
        {"optimizer": "lion"},
        "`optimizer` (=lion) is not known. Choose sgd, momentum, nesterov, adagrad, rmsprop, adam or adamw.",
    ),
    ({"cell.name": "rnn", "cell.init": "chrono"},
     "`cell.init` (=chrono) is not known. Choose default, xavier, orthogonal, identity, spectral-radius or "
     "spectral-norm."),
    ({"truncation": None}, "`truncation` (=None) is not known. Choose full, windows, sliding, stream or reset."),
    # the wrong member of a union
    (
        {"task.name": "parity"},
        f"`task.name` (=parity) is not known. Choose one of: {', '.join(TASKS)}.",
    ),
    ({"cell.name": "transformer"},
     "`cell.name` (=transformer) is not known. Choose one of: rnn, lstm, peephole, gru."),
    ({"cell.name": ""}, "`cell.name` (=) is not known. Choose one of: rnn, lstm, peephole, gru."),
]  # fmt: skip


@pytest.mark.parametrize("flat, sentence", CASES, ids=[str(flat)[:50] for flat, _ in CASES])
def test_a_wrong_value_gets_its_sentence(flat: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RunConfig.from_flat(flat)
    assert caught.value.problems == [sentence]
    assert str(caught.value) == sentence


def test_an_error_of_settings_is_one_for_the_visitor_and_a_value_error() -> None:
    assert issubclass(ConfigError, UnrolledError) and issubclass(ConfigError, ValueError)
    assert issubclass(BudgetError, ConfigError)


def test_several_problems_are_one_text() -> None:
    error = ConfigError(["First.", "Second."])
    assert (str(error), error.problems) == ("First. Second.", ["First.", "Second."])


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
keys = st.sampled_from([*RunConfig().to_flat(), "task", "cell", "task.places", "cell.reset"]) | st.text(max_size=20)


@given(st.dictionaries(keys, scalars, max_size=6))
def test_whatever_comes_is_a_config_or_sentences(flat: dict[str, Any]) -> None:
    """A URL is anyone's input: nothing but ConfigError may come of it, every sentence naming a key and its value."""
    try:
        config = RunConfig.from_flat(flat)
    except ConfigError as error:
        assert error.problems
        assert all(sentence.startswith("`") and " (=" in sentence and sentence.endswith(".")
                   for sentence in error.problems)  # fmt: skip
    else:
        assert isinstance(config, RunConfig)


def test_it_says_the_same_in_another_process() -> None:
    error = BudgetError(["One is too large.", "Two is too small."])
    there = pickle.loads(pickle.dumps(error))
    assert str(there) == str(error) == "One is too large. Two is too small."
    assert there.problems == error.problems and type(there) is BudgetError
