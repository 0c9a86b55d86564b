"""What the network would say now is what its readout makes of every state."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.backprop.evaluation import predictions
from core.config import RunConfig
from core.data import probes
from core.errors import UnrolledError
from core.moment import Moment
from core.network import Network
from core.questions import Evidence
from core.questions.over_training import Earlier
from core.tasks.review import WORDS
from core.training.replay import moment_of

ALONE = Earlier()
SMALL = {"task.length": 12, "cell.hidden_size": 4, "batch_size": 5, "steps": 8}
TASKS = [{"task.name": "temporal-order"}, {"task.name": "adding"}, {"task.name": "review"}, {"task.name": "two-lag"},
         {"task.name": "copy", "task.symbols_to_copy": 2, "task.alphabet": 3}]  # fmt: skip


def moment(step: int = 0, **settings: Any) -> Moment:
    flat = SMALL | {key.replace("__", "."): value for key, value in settings.items()}
    return moment_of(RunConfig.from_flat(flat), step)


def counts() -> Moment:
    """A ReLU network of two units: one adds up how much was liked, one is dead."""
    now = moment(task__name="review", cell__name="rnn", cell__activation="relu", cell__hidden_size=2)
    params = {name: torch.zeros_like(values) for name, values in now.layer.params.items()}
    params["weight_ih"][0, :3], params["weight_hh"][0, 0] = 1, 1
    readout = {"weight": torch.tensor([[0.0, 0.0], [2.0, 0.0]]), "bias": torch.tensor([0.0, -1.0])}
    return Moment(now.config, 3, Network.of(now.cell, params, readout), now.batch)


def test_evidence_of_typed_words_is_the_readouts() -> None:
    now = counts()
    places = now.config.task.read("I loved this movie adored hated").places
    arrays, _ = Evidence(words=places).answer(now, ALONE)
    assert arrays["now"].tolist() == [-1, 1, 1, 1, 3, 3]
    assert now.config.task.symbols(arrays["x"]) == ["I", "loved", "this", "movie", "adored", "hated"]
    start = moment_of(now.config, 0)
    x = torch.from_numpy(arrays["x"])[:, None]
    answer = predictions(start.network, x)[:, 0]
    np.testing.assert_allclose(arrays["start"], answer[:, 1] - answer[:, 0], rtol=1e-5)


def test_typed_words_are_reset_as_sequences_of_their_own_length() -> None:
    now = counts()
    cut = replace(now, config=now.config.replace(truncation="reset", truncation_length=2))
    loved, other = WORDS.index("loved"), WORDS.index("which")
    arrays, _ = Evidence(words=(loved, loved, other, loved, other)).answer(cut, ALONE)
    assert arrays["now"].tolist() == [1, 1, 1, 1, 1]  # state 1 and state 3 are zeroed before the next word


@pytest.mark.parametrize("settings", TASKS, ids=str)
def test_evidence_of_a_drawn_sequence(settings: dict[str, Any]) -> None:
    now = moment(2, **settings)
    batch = probes(now.config)
    arrays, _ = Evidence(probe=1).answer(now, ALONE)
    answer = predictions(now.network, torch.from_numpy(batch.x), resets=now.config.resets)[:, 1]
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


def test_a_sequence_that_is_not_there_is_said() -> None:
    with pytest.raises(UnrolledError, match=r"`probe` \(=4\) must be at most 3"):
        Evidence(probe=4).answer(moment(), ALONE)
    with pytest.raises(UnrolledError, match="need a task that reads them"):
        Evidence(words=(1,)).answer(moment(), ALONE)
    with pytest.raises(UnrolledError, match=r"`words` \(=34\) must be less than 34"):
        Evidence(words=(34,)).answer(moment(task__name="review"), ALONE)
