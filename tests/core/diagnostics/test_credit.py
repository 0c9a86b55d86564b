"""Itemised credit against autograd of one loss at a time, and against the whole gradient."""

import numpy as np
import pytest
import torch

from core.backprop.bptt import gradients
from core.backprop.profiles import profiles
from core.backprop.readout import asked, losses
from core.cells import LSTM, VARIANTS
from core.diagnostics import credit as module
from core.diagnostics.credit import credit, items, landing
from core.network import Network, init_readout
from core.tasks import Batch
from core.tasks.adding import Adding
from core.tasks.temporal_order import TemporalOrder
from core.truncation import Truncation

each_variant = pytest.mark.parametrize("name", VARIANTS)


def problem(cell, task=None, N=4, H=5, dtype=torch.float64, seed=0):
    task = task or Adding(length=10, asked="every")
    generator = torch.Generator().manual_seed(seed)
    params = cell.init(task.input_size, H, generator=generator, dtype=dtype)
    readout = init_readout(H, task.output_size, generator=generator, dtype=dtype)
    return Network.of(cell, params, readout), task.sample(np.random.default_rng(seed), N, "training")


@each_variant
@pytest.mark.parametrize("mode", ["full", "windows", "sliding", "stream", "reset"])
def test_items_sum_to_the_gradient_as_vectors(name, mode):
    cell, truncation = VARIANTS[name], Truncation(mode, 10, 4, 3)
    network, batch = problem(cell)
    whole = gradients(network, batch, truncation=truncation)
    found = items(network, whole.trajectory, asked(batch, torch.float64), truncation)
    assert tuple(found) == cell.state_parts
    for part, rows in found.items():
        torch.testing.assert_close(rows.sum(dim=0), whole.back.states[part], rtol=1e-9, atol=1e-14)


@each_variant
def test_each_row_is_what_autograd_says_of_that_loss(name):
    cell = VARIANTS[name]
    network, batch = problem(cell, Adding(length=6, asked="every"), N=2, H=3)
    sequences = asked(batch, torch.float64)
    history = [tuple(torch.zeros(2, 3, dtype=torch.float64, requires_grad=True) for _ in cell.state_parts)]
    for x_t in sequences.x:
        history.append(cell.step(network.layer.params, x_t, history[-1])[0])
    found = credit(network, network.layer.forward(sequences.x), sequences)
    assert found.steps.tolist() == [1, 2, 3, 4, 5, 6]
    for s in range(6):
        loss, _ = losses(network.answers(history[s + 1][0]), sequences.target[s])
        wanted = [part for state in history for part in state]
        grads = torch.autograd.grad(
            (loss / 6).sum(), wanted, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        rows = torch.stack(grads).unflatten(0, (7, -1))  # (T+1, parts, N, H); each sequence's own loss
        torch.testing.assert_close(torch.tensor(found.h[s]), rows[:, 0].norm(dim=2).mean(dim=1))
        torch.testing.assert_close(torch.tensor(found.state[s]), rows.square().sum(dim=(1, 3)).sqrt().mean(dim=1))


def test_one_loss_is_the_flow_and_nothing_flows_to_later_states():
    network, batch = problem(LSTM(), Adding(length=10))
    whole = gradients(network, batch)
    found = credit(network, whole.trajectory, asked(batch, torch.float64))
    np.testing.assert_allclose(found.state, [profiles(whole.back).flow])
    network, batch = problem(LSTM())
    sequences = asked(batch, torch.float64)
    every = credit(network, network.layer.forward(sequences.x), sequences)
    for row, step in zip(every.state, every.steps):
        assert (row[step + 1 :] == 0).all() and (row[: step + 1] > 0).all()


def test_losses_in_several_passes_are_the_same(monkeypatch):
    network, batch = problem(LSTM(), dtype=torch.float32)
    sequences = asked(batch)
    trajectory = network.layer.forward(sequences.x)
    at_once = credit(network, trajectory, sequences)
    monkeypatch.setattr(module, "ROOM", 10 * 4 * 5 * 4 * 3)  # three of the ten losses at a time
    np.testing.assert_allclose(credit(network, trajectory, sequences).state, at_once.state, rtol=1e-6)


def test_weights_of_sequences_that_are_asked_at_different_steps():
    mask = np.zeros((5, 2), bool)
    mask[4, 0] = mask[2, 1] = mask[3, 1] = True
    rng = np.random.default_rng(0)
    batch = Batch(rng.random((5, 2, 2), np.float32), rng.random((5, 2), np.float32), mask, mask)
    network, _ = problem(LSTM())
    whole = gradients(network, batch)
    h = items(network, whole.trajectory, asked(batch, torch.float64))["h"]
    torch.testing.assert_close(h.sum(dim=0), whole.back.grad_h)
    assert (h[2, :, 1] == 0).all() and (h[:2, :, 0] == 0).all()


def test_landing_counts_what_arrives_at_the_steps_that_matter():
    task = TemporalOrder(length=20)
    network, batch = problem(LSTM(), task)
    whole = gradients(network, batch)
    relevant = [[step for step, _ in task.events(batch.x[:, n])] for n in range(4)]
    found = landing(network.cell, whole.trajectory, whole.back, relevant)
    assert found.expected == pytest.approx(2 / 20)
    back, shares = whole.back, []
    size = torch.cat([back.grad_h, back.grad_c], dim=2).norm(dim=2)
    for n, steps in enumerate(relevant):
        shares.append(float(size[steps, n].sum() / size[1:, n].sum()))
    assert found.state == pytest.approx(np.mean(shares))
    everything = landing(network.cell, whole.trajectory, whole.back, [range(1, 21)] * 4)
    assert (everything.gates, everything.state, everything.expected) == (pytest.approx(1),) * 3


def test_a_shut_input_gate_gets_its_credit_only_where_it_opens():
    """f = o = 1 and i = σ(±large): what the sums before the gates get is then all at the step where i is not flat."""
    network, batch = problem(LSTM(), Adding(length=12), N=2, H=3)
    params = network.layer.params
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        params[name][:] = 0
    params["bias_ih"][:3], params["bias_ih"][3:6], params["bias_ih"][9:] = -1000, 1000, 1000  # i shut, f and o open
    params["weight_ih"][:3, 0] = 1000
    batch.x[:] = 0
    batch.x[4, :, 0] = 1  # i = σ(0) here
    whole = gradients(network, batch)
    found = landing(network.cell, whole.trajectory, whole.back, [[5], [5]])
    assert found.gates == pytest.approx(1) and found.state == pytest.approx(1 / 12, rel=0.2)
