"""The held-out score, against the definition."""

import numpy as np
import pytest
import torch

from core.backprop.bptt import gradients
from core.backprop.evaluation import evaluate, predictions
from core.cells import CELLS
from core.network import Network, init_readout
from core.tasks import Adding, Copying, Review


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize(
    "task", [Adding(length=8), Adding(length=8, asked="every"), Copying(length=13), Review(length=7, asked="every")],
    ids=lambda task: f"{task.name}-{task.asked}",
)  # fmt: skip
def test_score_and_loss(cell, task):
    generator = torch.Generator().manual_seed(0)
    params = cell.init(task.input_size, 5, generator=generator)
    network = Network.of(cell, params, init_readout(5, task.output_size, generator=generator))
    batch = task.sample(np.random.default_rng(0), 23, "training")
    seen = evaluate(network, batch, chunk=10)
    answer = predictions(network, torch.tensor(batch.x), chunk=10).numpy()
    assert answer.shape == (task.length, 23, task.output_size)
    if task.kind == "numbers":
        assert seen.accuracy is None
        assert seen.mse == pytest.approx(np.mean((answer[..., 0] - batch.target)[batch.scored] ** 2), rel=1e-5)
    else:
        assert seen.mse is None
        assert seen.accuracy == pytest.approx(np.mean((answer.argmax(-1) == batch.target)[batch.scored]))
    assert seen.loss == pytest.approx(gradients(network, batch).loss, rel=1e-5)


def test_broken_weights_score_as_nothing():
    task, cell = Review(length=7), CELLS["lstm"]
    params = {
        name: tensor.fill_(float("nan"))
        for name, tensor in cell.init(task.input_size, 4, generator=torch.Generator()).items()
    }
    readout = init_readout(4, 2, generator=torch.Generator())
    assert np.isnan(
        evaluate(Network.of(cell, params, readout), task.sample(np.random.default_rng(0), 4, "training")).loss
    )
