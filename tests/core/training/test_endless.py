"""Training along an endless sequence: the state is carried from update to update, stored, and found again."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from core import RunConfig, train
from core.backprop.bptt import gradients
from core.backprop.stream import Stream
from core.data import training_batch
from core.lab import analysis
from core.lab.request import Request
from core.questions import Contributions
from core.store import RunWriter, load_run, run_path
from core.store.folder import data_folder
from core.training.replay import moment_of

SMALL = {"task.name": "language", "task.length": 7, "cell.hidden_size": 6, "batch_size": 3, "steps": 6}
CELLS = ("rnn", "lstm", "peephole", "gru")
WAYS = ({}, {"truncation": "windows", "truncation_length": 3}, {"truncation": "sliding", "truncation_length": 3},
        {"truncation": "stream", "truncation_length": 4, "truncation_stride": 2}, {"cell.layers": 2})  # fmt: skip


def small(**changes: object) -> RunConfig:
    return RunConfig.from_flat(SMALL | changes)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_carried_state_is_that_of_one_long_pass(cell: str, way: dict) -> None:
    """With a rate so small that the weights stay: what is carried into step 6 is the state after six windows."""
    config = small(**{"cell.name": cell, "optimizer": "sgd", "lr": 1e-30} | way)
    *_, last = train(config)
    moment = moment_of(config, 0)
    x = torch.cat([torch.from_numpy(training_batch(config, step).x) for step in range(6)])
    whole = moment.layer.forward(x).last
    assert last.carried is not None and len(last.carried) == len(whole)
    for part, slow in zip(last.carried, whole, strict=True):
        assert np.abs(part - slow.numpy()).max() < 1e-6


def test_with_reset_nothing_is_carried_and_every_window_is_a_sequence_of_its_own() -> None:
    config = small(truncation="reset", truncation_length=7)
    assert all(frame.carried is None for frame in train(config))


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_killed_stream_ends_with_the_same_bits(way: dict) -> None:
    config = small(**way)
    whole, first = list(train(config)), train(config)
    for _ in range(3):
        next(first)
    second = list(train(config, first.checkpoint()))
    for mine, theirs in zip(second, whole[3:], strict=True):
        assert mine.loss == theirs.loss and mine.weights is not None and theirs.weights is not None
        assert all(np.array_equal(values, theirs.weights[name]) for name, values in mine.weights.items())
        assert mine.carried is not None and theirs.carried is not None
        assert all(map(np.array_equal, mine.carried, theirs.carried))


def test_the_gradient_of_a_window_is_autograd_s_with_the_carried_state_held_fixed() -> None:
    config = small(**{"cell.name": "lstm"})
    *_, frame = train(config)
    moment = moment_of(config, 6, frame.weights, carried=frame.carried)
    C = config.task.input_size
    layer = torch.nn.LSTM(C, 6)
    readout = torch.nn.Linear(6, C)
    with torch.no_grad():
        for name, value in moment.network.layer.params.items():
            getattr(layer, f"{name}_l0").copy_(value)
        readout.weight.copy_(moment.network.readout["weight"])
        readout.bias.copy_(moment.network.readout["bias"])
    assert moment.batch.start is not None
    start = tuple(torch.from_numpy(part).unsqueeze(0) for part in moment.batch.start)
    output, _ = layer(torch.from_numpy(moment.batch.x), start)
    loss = torch.nn.functional.cross_entropy(
        readout(output).flatten(0, 1), torch.from_numpy(moment.batch.target).flatten()
    )
    loss.backward()
    assert frame.loss == pytest.approx(float(loss.detach()), rel=1e-5)
    norm = math.sqrt(sum(float((p.grad**2).sum()) for p in (*layer.parameters(), *readout.parameters())))
    assert frame.grad_norm == pytest.approx(norm, rel=1e-4)


@pytest.mark.parametrize("way", WAYS[:2], ids=str)
def test_a_scrubbed_moment_has_the_state_that_was_carried_into_it(tmp_path: Path, way: dict) -> None:
    """From the stored run: losses of its sequences as training had them. From the config alone: the same moment."""
    config = small(**way)
    frames = list(train(config))
    run_id = "language-moment"
    path = run_path(data_folder(tmp_path), run_id)
    with RunWriter(path, run_id, config, 0) as writer:
        for frame in frames:
            writer.append(frame)
    run = load_run(path)
    assert not any(name.startswith("carried") for name in run.weights(4) or {})
    moment, _ = analysis._moments(tmp_path, Request(Contributions(), run_id, 4))
    found = gradients(moment.network, moment.batch, truncation=config.truncated)
    assert found.loss == frames[4].loss
    assert found.profiles is not None and np.array_equal(found.profiles.flow, frames[4].flow)
    again = moment_of(config, 4)
    assert again.batch.start is not None and moment.batch.start is not None
    assert all(map(np.array_equal, again.batch.start, moment.batch.start))
    arrays, _ = Contributions().answer(moment, analysis.Earlier())
    assert arrays["loss"].mean() == pytest.approx(frames[4].loss, rel=1e-6)
    zero = gradients(moment.network, training_batch(config, 4), truncation=config.truncated)
    assert zero.loss != frames[4].loss


def test_updates_on_the_way_go_on_from_what_was_carried_too() -> None:
    """With weights at rest the updates of a window sum to the gradient of the whole of it."""
    config = small(truncation="stream", truncation_length=7, truncation_stride=3)
    *_, frame = train(config)
    moment = moment_of(config, 6, frame.weights, carried=frame.carried)
    stream = Stream(moment.network, moment.batch, config.truncated)
    total = [found.grads["weight_hh"] for found in stream]
    whole = gradients(moment.network, moment.batch, truncation=config.truncated)
    assert torch.allclose(sum(total), whole.grads["weight_hh"], atol=1e-6)  # type: ignore[arg-type]
    assert stream.loss == pytest.approx(whole.loss, rel=1e-6)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(stream.last, whole.trajectory.last, strict=True))
