"""What the states hold of their past, with the untrained network beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from core.config import RunConfig
from core.moment import Moment
from core.network import Network
from core.questions import FadingMemory, MemoryCapacity, untrained
from core.questions.fading_memory import MOST_LAGS, lags_up_to
from core.questions.memory_capacity import shuffled, whitened
from core.questions.over_training import Earlier
from core.questions.sampling import LEAST_SAMPLED, sampled
from core.training.replay import moment_of

ALONE = Earlier()
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
    monkeypatch.setattr("core.questions.sampling.MOST_SAMPLED", 160)
    untrained._untrained.cache_clear()


@pytest.mark.parametrize("settings", TASKS, ids=str)
@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_every_task_fades(settings: dict[str, Any], cell: str) -> None:
    now = moment(2, cell__name=cell, **settings)
    arrays, meta = FadingMemory(part="state").answer(now, ALONE)
    lags, C = len(arrays["lag"]), now.config.task.input_size
    assert arrays["lag"][0] == 0 and arrays["lag"][-1] == 11 and meta["last"] == 1
    assert meta["symbols"] == (settings["task.name"] != "adding") and meta["sequences"] == 160
    for who in ("now", "start"):
        assert arrays[f"{who}.channels"].shape == (lags, C)
        assert arrays[f"{who}.answer"].shape == arrays["step"].shape == (12,)
        assert np.isfinite(arrays[f"{who}.answer"]).all()
        assert np.isfinite(arrays[f"{who}.decoded"]).all() == meta["symbols"]
    assert not np.array_equal(arrays["now.r2"], arrays["start.r2"], equal_nan=True)
    before, _ = FadingMemory(part="state").answer(moment(0, cell__name=cell, **settings), ALONE)
    np.testing.assert_array_equal(before["now.channels"], arrays["start.channels"])
    np.testing.assert_array_equal(before["start.answer"], arrays["start.answer"])


class Holds:
    """Weights of a ReLU network of two units: one adds up how much was liked, one is dead."""

    @staticmethod
    def moment() -> Moment:
        now = moment(task__name="review", cell__name="rnn", cell__activation="relu", cell__hidden_size=2)
        params = {name: torch.zeros_like(values) for name, values in now.layer.params.items()}
        params["weight_ih"][0, :3], params["weight_hh"][0, 0] = 1, 1
        readout = {"weight": torch.tensor([[0.0, 0.0], [2.0, 0.0]]), "bias": torch.tensor([0.0, -1.0])}
        return Moment(now.config, 3, Network.of(now.cell, params, readout), now.batch)


def test_an_answer_that_is_kept_is_found_from_its_word_on() -> None:
    arrays, meta = FadingMemory(part="h").answer(Holds.moment(), ALONE)
    assert arrays["now.answer"][0] == pytest.approx(meta["chance"]) and (arrays["now.answer"][1:] == 1).all()
    assert arrays["lag"][-1] == 11 and arrays["now.channels"][10, 0] > 0.1  # “loved”, ten steps back
    neutral = arrays["now.channels"][:8, 9:]  # words of no weight leave no trace
    assert (neutral[np.isfinite(neutral)] < 0.05).all() and np.isfinite(neutral).any()


@pytest.mark.parametrize("cell", CELLS)
def test_capacity_is_within_its_bound(cell: str) -> None:
    arrays, meta = MemoryCapacity(part="h").answer(moment(0, cell__name=cell, task__name="two-lag"), ALONE)
    assert (meta["bound"], meta["channels"]) == (4, 1)
    np.testing.assert_array_equal(arrays["now"], arrays["start"])
    assert arrays["lag"].tolist() == list(range(31)) and 0.5 < arrays["now"].sum() < 4.2
    both, meta = MemoryCapacity(part="state").answer(moment(0, cell__name=cell, task__name="two-lag"), ALONE)
    assert meta["bound"] == (8 if cell in ("lstm", "peephole") else 4) and both["now"].sum() > arrays["now"].sum() - 0.2


def always_on(W: torch.Tensor, w: torch.Tensor) -> Moment:
    """ReLU units that never shut, W and w being positive, are linear: h = W h + w u + 1."""
    now = moment(task__name="two-lag", cell__name="rnn", cell__activation="relu", cell__hidden_size=len(W))
    params = {name: torch.zeros_like(values) for name, values in now.layer.params.items()}
    params["weight_ih"][:, 1], params["weight_hh"][:], params["bias_ih"][:] = w, W, 1
    return Moment(now.config, 3, Network.of(now.cell, params, now.network.readout), now.batch)


def test_capacity_of_a_leaky_unit_is_its_closed_form() -> None:
    arrays, _ = MemoryCapacity(part="h").answer(always_on(torch.tensor([[0.7]]), torch.ones(1)), ALONE)
    np.testing.assert_allclose(arrays["now"][:8], (1 - 0.49) * 0.49 ** np.arange(8), atol=0.06)


def test_capacity_of_a_chain_of_leaks_is_its_number_of_units() -> None:
    """It holds its farthest inputs in directions that are lost in float32's rounding."""
    H = 14
    W = torch.diag(torch.full((H,), 0.2)) + torch.diag(torch.full((H - 1,), 0.2), -1)
    arrays, meta = MemoryCapacity(part="h").answer(always_on(W, torch.eye(H)[0]), ALONE)
    assert arrays["now"].sum() == pytest.approx(H, rel=0.03) and meta["bound"] == H


def test_shuffled_inputs_are_the_tasks_and_white() -> None:
    config = RunConfig.from_flat(SMALL | {"task.name": "temporal-order"})
    x = shuffled(config, 40)
    assert x.shape == (40, 80, 6) and (x.sum(axis=2) == 1).all()
    white = whitened(x).reshape(-1, 5)  # a one-hot input of six can vary in five directions
    np.testing.assert_allclose(white.T @ white / len(white), np.eye(5), atol=1e-9)
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=1e-9)


def test_long_sequences_are_bounded() -> None:
    assert sampled(10_000, 512) == LEAST_SAMPLED
    assert len(lags_up_to(9_000)) <= MOST_LAGS and lags_up_to(9_000)[-1] == 9_000
    assert lags_up_to(3) == [0, 1, 2, 3]


def test_states_that_are_no_numbers_are_said_to_be_none() -> None:
    now = moment(2)
    params = {name: values * np.nan for name, values in now.layer.params.items()}
    broken = Moment(now.config, 2, Network.of(now.cell, params, now.network.readout), now.batch)
    arrays, _ = FadingMemory(part="h").answer(broken, ALONE)
    assert np.isnan(arrays["now.answer"]).all() and np.isfinite(arrays["start.answer"]).all()
    assert np.isnan(MemoryCapacity(part="h").answer(broken, ALONE)[0]["now"]).all()
