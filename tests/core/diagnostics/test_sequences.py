"""Per sequence by runs of one sequence each; per step by autograd, with parameters of its own for every step."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.backprop.bptt import gradients
from core.backprop.readout import losses
from core.config import RunConfig
from core.diagnostics.sequences import contributions
from core.moment import Moment
from core.network import Network
from core.tasks import Batch
from core.training.learner import Learner
from core.training.replay import moment_of

T, N = 12, 4
CELLS = ["rnn", "lstm", "peephole", "gru"]
TASKS = {"last": {"task.name": "adding"}, "every": {"task.name": "copy", "task.symbols_to_copy": 3}}
MODES = ["full", "windows", "sliding", "stream", "reset"]


def moment(cell: str = "lstm", task: str = "every", **flat) -> Moment:
    sizes = {"task.length": T, "cell.hidden_size": 5, "batch_size": N, "truncation_length": 5, "cell.name": cell}
    plain = moment_of(RunConfig.from_flat(sizes | TASKS[task] | flat), 0)
    layer, readout = plain.network.wide().layer, plain.network.wide().readout
    params = {name: 1.5 * values for name, values in layer.params.items()}
    return replace(plain, network=Network.of(plain.cell, params, readout))


def measured(taken: Moment, batch: Batch):
    config = taken.config
    clamp = config.clip_threshold if config.clip == "backprop" else None
    return gradients(taken.network, batch, truncation=config.truncated, clamp=clamp)


def flat(grads, names) -> np.ndarray:
    return torch.cat([grads[name].reshape(-1) for name in names]).numpy()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cell, task, clip", [("lstm", "every", "none"), ("gru", "last", "backprop"),
                                              ("rnn", "every", "backprop")])  # fmt: skip
def test_each_sequence_as_a_batch_of_its_own(cell, task, clip, mode) -> None:
    taken = moment(cell, task, truncation=mode, clip=clip, clip_threshold=0.02)
    found, whole = contributions(taken), measured(taken, taken.batch)
    total = flat(whole.grads, whole.grads)
    for n in range(N):
        alone = measured(taken, taken.batch.take([n]))
        own = flat(alone.grads, whole.grads)
        np.testing.assert_allclose(found["loss"][n], alone.loss, rtol=1e-12)
        np.testing.assert_allclose(found["flow"][n], alone.profiles.flow, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(found["grad_norm"][n], np.linalg.norm(own), rtol=1e-12)
        np.testing.assert_allclose(found["share"][n], own @ total / N / (total @ total), atol=1e-12)
    np.testing.assert_allclose(found["share"].sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(found["flow"].mean(axis=0), whole.profiles.flow, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("cell", CELLS)
def test_each_step_by_autograd_with_parameters_of_its_own(cell) -> None:
    taken = moment(cell, truncation="full")
    found, x, asked = contributions(taken), torch.tensor(taken.batch.x).double(), torch.tensor(taken.batch.asked)
    leaves = [{name: values.clone().requires_grad_() for name, values in taken.layer.params.items()} for _ in range(T)]
    state = tuple(torch.zeros(N, 5, dtype=torch.float64) for _ in taken.cell.state_parts)
    total = torch.zeros((), dtype=torch.float64)
    for t in range(T):
        state, _ = taken.cell.step(leaves[t], x[t], state)
        answer = state[0] @ taken.network.readout["weight"].T + taken.network.readout["bias"]
        loss, _ = losses(answer, torch.tensor(taken.batch.target[t]))
        total = total + (loss * asked[t] / asked.sum(dim=0)).sum() / N
    total.backward()
    steps = [flat({name: leaf.grad for name, leaf in own.items()}, own) for own in leaves]
    g = sum(steps)
    np.testing.assert_allclose(found["step_norm"], [np.linalg.norm(step) for step in steps], rtol=1e-9)
    np.testing.assert_allclose(found["step_share"], [step @ g / (g @ g) for step in steps], atol=1e-12)
    np.testing.assert_allclose(found["step_share"].sum(), 1, rtol=1e-9)


@pytest.mark.parametrize("mode", MODES)
def test_the_mean_of_the_flows_is_what_the_frame_records(mode) -> None:
    taken = moment_of(moment(truncation=mode, lr=1e-12, optimizer="sgd").config, 0)
    recorded = Learner(taken.config).learn(taken.batch, 0, move=False, record=True)
    assert recorded.profiles is not None
    np.testing.assert_allclose(contributions(taken)["flow"].mean(axis=0), recorded.profiles.flow, rtol=1e-5)


def test_where_truncation_cuts_nothing_enters_through_earlier_steps() -> None:
    found = contributions(moment(task="last", truncation="windows"))
    assert (found["step_norm"][: T - 5] == 0).all() and (found["step_norm"][T - 5 :] > 0).all()
    assert (found["flow"][:, : T - 5] == 0).all()


def test_where_the_readout_alone_is_trained_the_norms_are_its_own() -> None:
    taken = moment(trained="readout")
    found = contributions(taken)
    own = flat(measured(taken, taken.batch.take([1])).grads, ("readout.weight", "readout.bias"))
    np.testing.assert_allclose(found["grad_norm"][1], np.linalg.norm(own), rtol=1e-12)
    assert found["step_norm"].min() > 0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_no_exception(value) -> None:
    taken = moment_of(moment().config, 0)
    params = {name: torch.full_like(weight, value) for name, weight in taken.layer.params.items()}
    found = contributions(replace(taken, network=Network.of(taken.cell, params, taken.network.readout)))
    assert np.isnan(found["share"]).all() and np.isnan(found["step_share"]).all()
