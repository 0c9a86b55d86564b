"""The readout of every state as evidence."""

import numpy as np
import pytest
import torch

from core.backprop.evaluation import predictions
from core.backprop.readout import init_readout
from core.cells import CELLS, RNN
from core.diagnostics.evidence import evidence, one_hot
from core.errors import UnrolledError
from core.tasks.review import Review, read


@pytest.mark.parametrize("name", CELLS)
def test_the_evidence_is_the_difference_of_the_two_answers(name):
    task, generator = Review(length=8), torch.Generator().manual_seed(0)
    params = CELLS[name].init(task.input_size, 4, generator=generator)
    readout = init_readout(4, 2, generator=generator)
    x = torch.from_numpy(task.sample(np.random.default_rng(0), 3).x)
    answers = predictions(CELLS[name], params, readout, x)
    torch.testing.assert_close(evidence(CELLS[name], params, readout, x), answers[..., 1] - answers[..., 0])


def test_a_network_that_counts_verdicts():
    x = one_hot(read("I LOVED this movie, movie. hated hated").places, torch.float32)
    assert Review().symbols(x[:, 0].numpy()) == ["I", "loved", "this", "movie", "movie", "hated", "hated"]
    params = {"weight_ih": torch.zeros(1, x.shape[2]), "weight_hh": torch.eye(1), "bias_ih": torch.ones(1) * 0,
              "bias_hh": torch.zeros(1)}  # fmt: skip
    params["weight_ih"][0, Review().symbols(np.eye(x.shape[2])).index("loved")] = 2
    params["weight_ih"][0, Review().symbols(np.eye(x.shape[2])).index("hated")] = -1
    readout = {"weight": torch.tensor([[-0.5], [0.5]]), "bias": torch.zeros(2)}
    assert evidence(RNN("relu"), params, readout, x)[:, 0].tolist() == [0, 2, 2, 2, 2, 1, 0]


def test_a_state_that_is_reset_forgets():
    x = one_hot(read("loved this movie").places, torch.float32)
    params = RNN().init(x.shape[2], 4, generator=torch.Generator().manual_seed(0))
    readout = init_readout(4, 2, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(
        evidence(RNN(), params, readout, x, resets=(1,))[1:], evidence(RNN(), params, readout, x[1:])
    )


def test_evidence_needs_two_answers():
    readout = {"weight": torch.zeros(3, 4), "bias": torch.zeros(3)}
    with pytest.raises(UnrolledError, match="must be 2: evidence"):
        evidence(CELLS["rnn"], {}, readout, torch.zeros(1, 1, 1))
