"""The Memory page's questions: what the states hold, with the untrained network beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from core.backprop.evaluation import predictions
from core.config import RunConfig
from core.data import probes
from core.errors import UnrolledError
from core.lab import about_memory as about
from core.moment import Moment
from core.tasks.review import WORDS, read
from core.training.replay import moment_of

SMALL = {"task.length": 12, "cell.hidden_size": 4, "batch_size": 5, "steps": 8}
CELLS = ["rnn", "lstm", "peephole", "gru"]
TASKS = [{"task.name": "temporal-order"}, {"task.name": "adding"}, {"task.name": "review"}, {"task.name": "two-lag"},
         {"task.name": "copy", "task.symbols_to_copy": 2, "task.alphabet": 3}]  # fmt: skip


def moment(step: int = 0, **settings: Any) -> Moment:
    flat = SMALL | {key.replace("__", "."): value for key, value in settings.items()}
    return moment_of(RunConfig.from_flat(flat), step)


@pytest.fixture(autouse=True)
def few_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that every question is quick; the fits are no less exact."""
    monkeypatch.setattr(about, "MOST_SEQUENCES", 160)
    about._once.cache_clear()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("mode", ["full", "reset"])
def test_states_are_those_of_one_pass(monkeypatch: pytest.MonkeyPatch, cell: str, mode: str) -> None:
    """However few steps are run at a time."""
    now = moment(cell__name=cell, truncation=mode, truncation_length=5)
    x, resets = now.batch.x, now.config.resets
    whole = now.cell.forward(now.params, torch.from_numpy(x), resets=resets)
    monkeypatch.setattr(about, "MOST_NUMBERS", 3 * 5 * 4)
    kept = about.states(now, x, [1, 5, 7, 8, 12], "state", resets)
    for step, state in kept.items():
        parts = [whole.h[step]] if whole.c is None else [whole.h[step], whole.c[step]]
        np.testing.assert_allclose(state, torch.cat(parts, dim=1).numpy(), atol=1e-6)
    assert list(kept) == [1, 5, 7, 8, 12]
    np.testing.assert_allclose(about.states(now, x, [12], "h", resets)[12], whole.h[12].numpy(), atol=1e-6)


@pytest.mark.parametrize("settings", TASKS, ids=str)
@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_every_task_fades(settings: dict[str, Any], cell: str) -> None:
    now = moment(2, cell__name=cell, **settings)
    arrays, meta = about.fading(now, "state")
    lags, C = len(arrays["lag"]), now.config.task.input_size
    assert arrays["lag"][0] == 0 and arrays["lag"][-1] == 11 and meta["last"] == 1
    assert meta["symbols"] == (settings["task.name"] != "adding") and meta["sequences"] == 160
    for who in ("now", "start"):
        assert arrays[f"{who}.channels"].shape == (lags, C)
        assert arrays[f"{who}.answer"].shape == arrays["step"].shape == (12,)
        assert np.isfinite(arrays[f"{who}.answer"]).all()
        assert np.isfinite(arrays[f"{who}.decoded"]).all() == meta["symbols"]
    assert not np.array_equal(arrays["now.r2"], arrays["start.r2"], equal_nan=True)
    before, _ = about.fading(moment(0, cell__name=cell, **settings), "state")
    np.testing.assert_array_equal(before["now.channels"], arrays["start.channels"])
    np.testing.assert_array_equal(before["start.answer"], arrays["start.answer"])


class Holds:
    """Weights of a ReLU network of two units: one adds up how much was liked, one is dead."""

    @staticmethod
    def moment() -> Moment:
        now = moment(task__name="review", cell__name="rnn", cell__activation="relu", cell__hidden_size=2)
        params = {name: torch.zeros_like(values) for name, values in now.params.items()}
        params["weight_ih"][0, :3], params["weight_hh"][0, 0] = 1, 1
        readout = {"weight": torch.tensor([[0.0, 0.0], [2.0, 0.0]]), "bias": torch.tensor([0.0, -1.0])}
        return Moment(now.config, 3, params, readout, now.batch)


def test_an_answer_that_is_kept_is_found_from_its_word_on() -> None:
    arrays, meta = about.fading(Holds.moment(), "h")
    assert arrays["now.answer"][0] == pytest.approx(meta["chance"]) and (arrays["now.answer"][1:] == 1).all()
    assert arrays["lag"][-1] == 11 and arrays["now.channels"][10, 0] > 0.1  # “loved”, ten steps back
    neutral = arrays["now.channels"][:8, 9:]  # words of no weight leave no trace
    assert (neutral[np.isfinite(neutral)] < 0.05).all() and np.isfinite(neutral).any()


def test_evidence_of_typed_words_is_the_readouts() -> None:
    now = Holds.moment()
    places = read("I loved this movie adored hated").places
    arrays, _ = about.evidence(now, f"words.{'.'.join(map(str, places))}")
    assert arrays["now"].tolist() == [-1, 1, 1, 1, 3, 3]
    assert now.config.task.symbols(arrays["x"]) == ["I", "loved", "this", "movie", "adored", "hated"]
    start = moment_of(now.config, 0)
    x = torch.from_numpy(arrays["x"])[:, None]
    answer = predictions(start.cell, start.params, start.readout, x)[:, 0]
    np.testing.assert_allclose(arrays["start"], answer[:, 1] - answer[:, 0], rtol=1e-5)


def test_typed_words_are_reset_as_sequences_of_their_own_length() -> None:
    now = Holds.moment()
    cut = Moment(now.config.replace(truncation="reset", truncation_length=2), 3, now.params, now.readout, now.batch)
    loved, other = WORDS.index("loved"), WORDS.index("which")
    arrays, _ = about.evidence(cut, f"words.{loved}.{loved}.{other}.{loved}.{other}")
    assert arrays["now"].tolist() == [1, 1, 1, 1, 1]  # state 1 and state 3 are zeroed before the next word


@pytest.mark.parametrize("settings", TASKS, ids=str)
def test_evidence_of_a_drawn_sequence(settings: dict[str, Any]) -> None:
    now = moment(2, **settings)
    batch = probes(now.config)
    arrays, _ = about.evidence(now, "probe.1")
    answer = predictions(now.cell, now.params, now.readout, torch.from_numpy(batch.x), resets=now.config.resets)[:, 1]
    np.testing.assert_array_equal(arrays["x"], batch.x[:, 1])
    right = arrays["right"]
    if settings["task.name"] == "adding":
        np.testing.assert_allclose(arrays["now"], answer[:, 0], rtol=1e-4)
        assert (right == np.float64(batch.target[-1, 1])).all()
    elif answer.shape[1] == 2:
        np.testing.assert_allclose(arrays["now"], answer[:, 1] - answer[:, 0], rtol=1e-4, atol=1e-6)
    else:
        asked = np.isfinite(right)
        p = answer.double().softmax(dim=1).numpy()[asked, right[asked].astype(int)]
        np.testing.assert_allclose(arrays["now"][asked], np.log(p / (1 - p)), rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(np.isnan(arrays["now"]), ~asked)


@pytest.mark.parametrize("cell", CELLS)
def test_capacity_is_within_its_bound(cell: str) -> None:
    arrays, meta = about.capacity(moment(0, cell__name=cell, task__name="two-lag"), "h")
    assert (meta["bound"], meta["channels"]) == (4, 1)
    np.testing.assert_array_equal(arrays["now"], arrays["start"])
    assert arrays["lag"].tolist() == list(range(31)) and 0.5 < arrays["now"].sum() < 4.2
    both, meta = about.capacity(moment(0, cell__name=cell, task__name="two-lag"), "state")
    assert meta["bound"] == (8 if cell in ("lstm", "peephole") else 4) and both["now"].sum() > arrays["now"].sum() - 0.2


def test_capacity_of_a_leaky_unit_is_its_closed_form() -> None:
    """A ReLU unit that is always on is linear: h = a h + w u + b."""
    now = moment(task__name="two-lag", cell__name="rnn", cell__activation="relu", cell__hidden_size=1)
    params = {name: torch.zeros_like(values) for name, values in now.params.items()}
    params["weight_ih"][0, 1], params["weight_hh"][0, 0], params["bias_ih"][0] = 1, 0.7, 1
    arrays, _ = about.capacity(Moment(now.config, 3, params, now.readout, now.batch), "h")
    np.testing.assert_allclose(arrays["now"][:8], (1 - 0.49) * 0.49 ** np.arange(8), atol=0.06)


def test_shuffled_inputs_are_the_tasks_and_white() -> None:
    config = RunConfig.from_flat(SMALL | {"task.name": "temporal-order"})
    x = about.shuffled(config, 40)
    assert x.shape == (40, 80, 6) and (x.sum(axis=2) == 1).all()
    white = about.whitened(x).reshape(-1, 5)  # a one-hot input of six can vary in five directions
    np.testing.assert_allclose(white.T @ white / len(white), np.eye(5), atol=1e-9)
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=1e-9)


def test_long_sequences_are_bounded() -> None:
    config = RunConfig.from_flat({"task.length": 10_000, "cell.hidden_size": 512})
    assert about.sequences_for(config) == about.LEAST_SEQUENCES
    assert len(about.lags_up_to(9_000)) <= about.MOST_LAGS and about.lags_up_to(9_000)[-1] == 9_000
    assert about.lags_up_to(3) == [0, 1, 2, 3]


def test_states_that_are_no_numbers_are_said_to_be_none() -> None:
    now = moment(2)
    params = {name: values * np.nan for name, values in now.params.items()}
    broken = Moment(now.config, 2, params, now.readout, now.batch)
    arrays, _ = about.fading(broken, "h")
    assert np.isnan(arrays["now.answer"]).all() and np.isfinite(arrays["start.answer"]).all()
    assert np.isnan(about.capacity(broken, "h")[0]["now"]).all()


@pytest.mark.parametrize("question, argument", [
    (about.fading, ""), (about.fading, "c"), (about.capacity, "H"), (about.evidence, ""), (about.evidence, "probe.4"),
    (about.evidence, "probe.-1"), (about.evidence, "words.1"), (about.evidence, "probe.²"), (about.evidence, "1"),
])  # fmt: skip
def test_what_is_asked_is_checked(question: Any, argument: str) -> None:
    with pytest.raises(UnrolledError, match="must be"):
        question(moment(), argument)


def test_words_beyond_the_vocabulary_are_refused() -> None:
    now = moment(task__name="review")
    for argument in ("words", "words.", f"words.{len(WORDS)}", f"words.{'.'.join(['1'] * 61)}", "words.x"):
        with pytest.raises(UnrolledError, match="must be"):
            about.evidence(now, argument)
