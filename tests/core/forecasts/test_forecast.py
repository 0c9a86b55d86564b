"""Looking a network up: what is known of it, what is outside of what was trained, and what is certain."""

from __future__ import annotations

import numpy as np
import pytest

from core.anatomy import ANATOMIES
from core.config import RunConfig
from core.errors import ConfigError
from core.forecasts import forecast as module
from core.forecasts.calibration import judged
from core.forecasts.distribution import HIDDEN, LENGTHS, STEPS
from core.forecasts.features import FEATURES, keeping, key_of, known
from core.forecasts.forecast import forecast, outside
from core.forecasts.stored import Stored, stored
from core.forecasts.table import Count
from core.reading.horizon import horizon_of
from core.settings import settings_of
from core.tasks import TASKS

LSTM = RunConfig.from_flat({"task.length": 50, "cell.hidden_size": 8, "cell.init": "chrono"})
START = horizon_of(0.98 ** np.arange(50, -1, -1.0))


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, ...], Count]:
    """A table with a count for LSTM's own key and one for all."""
    counts = {(): Count(400, 100), key_of(known(LSTM, START)): Count(40, 30)}
    table = Stored(
        1, "3", "2026-01-01", "a machine", 600, {"task.name": ["temporal-order"]}, counts, judged([0.5], [True], 0.5)
    )
    monkeypatch.setattr(module, "stored", lambda: table)
    return counts


def test_the_longest_key_that_is_counted_speaks(by_hand: dict[tuple[str, ...], Count]) -> None:
    found = forecast(LSTM, START)
    assert (found.n, found.solved, found.share, found.certain) == (40, 30, 0.75, False)
    assert len(found.like) == len(FEATURES)
    other = forecast(LSTM.replace(**{"cell.name": "rnn", "cell.init": "default"}), START)
    assert (other.n, other.solved, other.like) == (400, 100, ())


def test_of_a_task_that_nobody_counted_nothing_is_forecast(by_hand: dict[tuple[str, ...], Count]) -> None:
    """What is certain is certain of any task."""
    for name in set(TASKS) - {"temporal-order"}:
        found = forecast(RunConfig.from_flat({"task.name": name}), START)
        assert (found.n, found.solved, found.like, found.outside) == (0, 0, (), ()) and np.isnan(found.share)
    latch = RunConfig.from_flat({"task.name": "latch", "truncation": "reset", "truncation_length": 2})
    assert forecast(latch, START).certain and forecast(latch, START).share == 0


def test_certain_is_what_lies_behind_a_reset(by_hand: dict[tuple[str, ...], Count]) -> None:
    reset = LSTM.replace(truncation="reset", truncation_length=20)
    assert forecast(reset, START).certain and forecast(reset, START).share == 0 and forecast(reset, START).best == 0.25
    for kind in ("windows", "sliding", "stream"):
        assert not forecast(reset.replace(truncation=kind), START).certain


def test_what_none_of_the_trained_ones_had_is_said() -> None:
    assert outside(LSTM) == ()
    large = LSTM.replace(**{"task.length": LENGTHS[1] + 1, "cell.hidden_size": HIDDEN[1] + 1, "steps": STEPS[1] + 1})
    assert outside(large) == (
        "sequences of more than 100 steps",
        "more than 64 units",
        "more than 2,000 training steps",
    )
    assert outside(LSTM.replace(**{"cell.hidden_size": 1, "steps": 9})) == (
        "fewer than 4 units",
        "fewer than 100 training steps",
    )


def test_every_choice_was_drawn_or_is_said_to_be_new() -> None:
    """Of every task and every cell, one choice changed at a time."""
    starts = [RunConfig.from_flat({"task.length": 50, "cell.hidden_size": 8, "cell.name": name}) for name in ANATOMIES]
    starts += [RunConfig.from_flat({"task.name": name}).replace(**{"task.length": 50}) for name in TASKS]
    drawn_choices = stored().choices
    for start in starts:
        for key, setting in settings_of(start).items():
            for value, label in setting.choices.items():
                try:
                    config = start.replace(**{key: value})
                except ConfigError:  # the two do not go together
                    continue
                unused = value == config.before(config.to_flat()).get(key) or key in config.idle
                new = str(value) not in drawn_choices.get(key, ()) and not unused
                assert (f"{setting.title.lower()} “{label}”" in outside(config)) == new, (key, value)


@pytest.mark.parametrize(
    "settings, kind",
    [
        ({"name": "rnn"}, "no gates"),
        ({"name": "gru"}, "shared"),
        ({"name": "lstm"}, "apart"),
        ({"name": "lstm", "variant": "coupled"}, "shared"),
        ({"name": "peephole", "variant": "no-forget-gate"}, "always"),
    ],
)
def test_how_a_cell_keeps_is_asked_of_its_anatomy(settings: dict[str, str], kind: str) -> None:
    assert keeping(ANATOMIES[settings["name"]].model_validate(settings)) == kind


@pytest.mark.parametrize("flow", [np.zeros(51), np.full(51, np.nan), 1.3 ** np.arange(50, -1, -1.0)])
def test_any_gradient_has_a_bin_with_words(flow: np.ndarray) -> None:
    key = key_of(known(LSTM, horizon_of(flow)))
    assert all(name in feature.words for feature, name in zip(FEATURES, key, strict=True))
