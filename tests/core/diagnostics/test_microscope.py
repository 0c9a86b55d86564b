"""The step in slow motion is the step that training takes, number by number."""

import numpy as np
import pytest
import torch

from core.backprop.bptt import gradients
from core.cells import VARIANTS, cell_of
from core.config import RunConfig
from core.data import training_batch
from core.diagnostics.microscope import slow_motion
from core.errors import UnrolledError
from core.network import Network, init_readout
from core.tasks.adding import Adding
from core.training import train
from core.truncation import Truncation

PHI = {"RNN relu": torch.relu, "RNN leaky-relu": lambda total: torch.maximum(total, 0.01 * total),
       "RNN logistic": torch.sigmoid, "RNN linear": torch.clone}  # fmt: skip
each_variant = pytest.mark.parametrize("name", VARIANTS)


def problem(cell, task=None, H=4, N=3, dtype=torch.float64, seed=0):
    task, generator = task or Adding(length=6, asked="every"), torch.Generator().manual_seed(seed)
    params = cell.init(task.input_size, H, generator=generator, dtype=dtype)
    readout = init_readout(H, task.output_size, generator=generator, dtype=dtype)
    return Network.of(cell, params, readout), task.sample(np.random.default_rng(seed), N, "training")


def plain(vector):
    return torch.optim.SGD([vector], lr=0.1)


CLIPS = [("none", 1), ("norm", 0.05), ("value", 0.001), ("backprop", 0.01)]
SETTINGS = [
    *({"clip": clip, "clip_threshold": threshold} for clip, threshold in CLIPS),
    *({"truncation": mode, "truncation_length": 7} for mode in ("windows", "sliding", "reset")),
    {"trained": "readout", "clip": "norm", "clip_threshold": 0.01},
]


@pytest.mark.parametrize("cell", ["rnn", "lstm", "peephole", "gru"])
@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: "-".join(map(str, settings.values())))
def test_the_first_step_of_a_run(cell, settings):
    task = {"task.name": "adding", "task.length": 12, "task.asked": "every"}
    fixed = {"cell.name": cell, "steps": 1, "batch_size": 4, "optimizer": "sgd", "lr": 0.1, "clip": "none"}
    config = RunConfig.from_flat(task | fixed | settings)
    first, second = list(train(config))[:2]
    weights = {name: torch.from_numpy(value) for name, value in first.weights.items()}
    batch, threshold = training_batch(config, 0), config.clip_threshold
    found = slow_motion(Network.named(cell_of(config.cell), weights), batch, plain, truncation=config.truncated,
                        clip=config.clip, threshold=threshold, trained=config.trained)  # fmt: skip
    assert found.losses.mean == pytest.approx(first.loss)
    assert found.update.norm_before == pytest.approx(first.grad_norm)
    assert found.update.norm_after == pytest.approx(first.grad_norm_clipped)
    assert found.update.angle == pytest.approx(first.clip_angle, abs=1e-3)
    assert found.update.size == pytest.approx(first.update_size, rel=1e-4)
    for name, after in found.update.after.items():
        np.testing.assert_allclose(after.numpy(), second.weights[name], rtol=1e-5, atol=1e-7, err_msg=name)


@each_variant
@pytest.mark.parametrize("mode", ["full", "windows", "sliding", "reset"])
def test_the_sums_come_together_to_the_gradient(name, mode):
    network, batch = problem(VARIANTS[name])
    truncation = Truncation(mode, 6, 2, 2)
    found = slow_motion(network, batch, plain, truncation=truncation)
    whole = gradients(network, batch, truncation=truncation)
    for parameter, gradient in found.sum.gradient.items():
        torch.testing.assert_close(gradient, whole.grads[parameter])
    assert torch.equal(found.backward.states["h"], whole.back.grad_h)
    alone, later = (
        VARIANTS[name].parameter_gradients(whole.trajectory, whole.back.alphas, 2, stop) for stop in (3, None)
    )
    for parts, norms in ((alone, found.sum.added), (later, found.sum.together)):
        flat = torch.cat([part.flatten() for part in parts.values()])
        assert float(norms[2].norm()) == pytest.approx(float(flat.norm()))
        rows = [part[..., 1] if name == "weight_peephole" else part.unflatten(0, (-1, 4))[:, 1]
                for name, part in parts.items()]  # fmt: skip
        assert float(norms[2, 1]) == pytest.approx(float(torch.cat([row.flatten() for row in rows]).norm()))


@each_variant
@pytest.mark.parametrize("mode", ["full", "reset"])
def test_the_sums_before_each_gate_make_the_gate(name, mode):
    cell = VARIANTS[name]
    network, batch = problem(cell)
    found = slow_motion(network, batch, plain, truncation=Truncation(mode, 6, 2, 2)).forward
    for gate in cell.gate_names or ("recurrent",):
        total, value = found.by_input[gate] + found.by_state[gate], found.gates[gate]
        activate = PHI.get(name) or (torch.tanh if gate in ("g", "n", "recurrent") else torch.sigmoid)
        torch.testing.assert_close(activate(total), value)
    flat = {gate: by_input[:, 0] - by_input[:, 0].mean(dim=0) for gate, by_input in found.by_input.items()}
    x = torch.from_numpy(batch.x).double()[:, 0]
    for gate, W in zip(found.by_input, network.layer.params["weight_ih"].chunk(len(found.by_input))):
        torch.testing.assert_close(flat[gate], (x - x.mean(dim=0)) @ W.T)


@each_variant
def test_gradients_before_the_gates_against_autograd(name):
    """∂L/∂(the sum of gate q at step t) is ∂L/∂bias of that step alone."""
    cell = VARIANTS[name]
    network, batch = problem(cell, Adding(length=4), N=1)
    found = slow_motion(network, batch, plain).backward
    params, readout = network.layer.params, network.readout
    biases = [params["bias_ih"].clone().requires_grad_() for _ in range(4)]
    state = tuple(torch.zeros(1, 4, dtype=torch.float64) for _ in cell.state_parts)
    for bias, x_t in zip(biases, torch.from_numpy(batch.x).double()):
        state, _ = cell.step(params | {"bias_ih": bias}, x_t, state)
    loss = (state[0] @ readout["weight"].T + readout["bias"] - torch.from_numpy(batch.target[-1]).double()).square()
    for t, grad in enumerate(torch.autograd.grad(loss.sum(), biases)):
        mine = torch.cat([alpha[t, 0] for alpha in found.gates.values()])
        torch.testing.assert_close(mine, grad)


def test_losses_and_their_weights_make_the_mean():
    network, batch = problem(VARIANTS["LSTM"])
    found = slow_motion(network, batch, plain).losses
    assert float((found.loss * found.weight).sum() / 3) == pytest.approx(found.mean)
    assert found.steps.tolist() == [0, 1, 2, 3, 4, 5] and found.answers.shape == (6, 3, 1)


def test_the_optimisers_memory_is_the_callers():
    network, batch = problem(VARIANTS["GRU"])

    def warmed(vector):
        adam = torch.optim.Adam([vector], lr=0.01)
        moments = {"step": torch.tensor(9.0), "exp_avg": torch.ones_like(vector), "exp_avg_sq": torch.ones_like(vector)}
        adam.load_state_dict(adam.state_dict() | {"state": {0: moments}})
        return adam

    before = {name: value.clone() for name, value in network.parameters.items()}
    found = slow_motion(network, batch, warmed).update
    change = torch.cat([(found.after[name] - found.before[name]).flatten() for name in found.after])
    assert (change < 0).all() and found.size == pytest.approx(float(change.norm()))
    assert all(torch.equal(value, before[name]) for name, value in network.parameters.items())


def test_several_updates_are_too_many():
    network, batch = problem(VARIANTS["LSTM"])
    with pytest.raises(UnrolledError, match="Choose another `truncation`"):
        slow_motion(network, batch, plain, truncation=Truncation("stream", 6, 2, 2))


def test_what_is_not_finite_passes_through():
    network, batch = problem(VARIANTS["LSTM"])
    network.layer.params["weight_ih"][:] = torch.nan
    found = slow_motion(network, batch, plain, clip="norm", threshold=1.0)
    assert (
        np.isnan(found.losses.mean)
        and np.isnan(found.update.norm_before)
        and found.sum.together.isnan().any(dim=1).all()
    )
