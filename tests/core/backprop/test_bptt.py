"""Loss, gradients and profiles of a batch, against autograd on the same loss written out in torch."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from core.backprop.bptt import gradients
from core.backprop.judges import relative_error
from core.backprop.profiles import profiles
from core.cells import CELLS, Back
from core.network import Network, init_readout
from core.tasks import Adding, Batch, Copying, Review, TemporalOrder

TASKS = [
    TemporalOrder(length=12),
    TemporalOrder(length=12, asked="every"),
    Adding(length=8),
    Adding(length=8, asked="every"),
    Copying(length=12, symbols_to_copy=3, asked="recall"),
    Copying(length=12, symbols_to_copy=3),
    Review(length=7, asked="every"),
]
N, H = 5, 6
each_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.name}-{task.asked}")
each_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)


def drawn(cell, task, n=N, dtype=torch.float64):
    generator = torch.Generator().manual_seed(1)
    params = cell.init(task.input_size, H, generator=generator, dtype=dtype)
    readout = init_readout(H, task.output_size, generator=generator, dtype=dtype)
    return Network.of(cell, params, readout), task.sample(np.random.default_rng(2), n, "training")


def sequence_losses(answer, batch):
    """(T, N) losses, where not asked zero."""
    target, asked = torch.tensor(batch.target), torch.tensor(batch.asked)
    if target.is_floating_point():
        every = (answer.squeeze(-1) - target.to(answer.dtype)) ** 2
    else:
        every = cross_entropy(answer.flatten(0, 1), target.flatten(), reduction="none").view(target.shape)
    return torch.where(asked, every, 0), asked


def by_autograd(network, batch, cuts, last_alone=False):
    """(loss, {name: gradient}, (T+1, N, parts·H) gradient of each sequence's own loss by its states)."""
    cell = network.cell
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in network.parameters.items()}
    learnt = Network.named(cell, leaves)
    x = torch.tensor(batch.x, dtype=torch.float64)
    states = [tuple(torch.zeros(x.shape[1], H, dtype=x.dtype, requires_grad=True) for _ in cell.state_parts)]
    for t, x_t in enumerate(x):
        before = tuple(part.detach() for part in states[t]) if t in cuts else states[t]
        states.append(cell.step(learnt.layer.params, x_t, before)[0])
    answer = torch.stack([state[0] @ leaves["readout.weight"].T + leaves["readout.bias"] for state in states[1:]])
    losses, asked = sequence_losses(answer, batch)
    per_sequence = losses.sum(dim=0) / asked.sum(dim=0)
    if last_alone:
        last = len(x) - 1 - asked.flip(0).int().argmax(dim=0)
        per_sequence = losses[last, torch.arange(x.shape[1])]
    found = torch.autograd.grad(per_sequence.mean(), list(leaves.values()), retain_graph=True)
    flat = [part for state in states for part in state]
    by_state = torch.autograd.grad(per_sequence.sum(), flat, allow_unused=True, materialize_grads=True)
    parts = len(cell.state_parts)
    stacked = torch.stack([torch.cat(by_state[k : k + parts], dim=1) for k in range(0, len(flat), parts)])
    return float(per_sequence.mean().detach()), dict(zip(leaves, found)), stacked


@each_task
@each_cell
@pytest.mark.parametrize("cuts", [(), (2, 5)])
def test_loss_gradients_and_profiles(cell, task, cuts):
    network, batch = drawn(cell, task)
    found = gradients(network, batch, cuts)
    loss, grads, by_state = by_autograd(network, batch, cuts)
    assert found.loss == pytest.approx(loss)
    assert found.grads.keys() == grads.keys()
    assert all(relative_error(found.grads[name], grad) < 1e-9 for name, grad in grads.items())
    assert found.profiles is not None
    np.testing.assert_allclose(found.profiles.grad_h, by_state[..., :H].norm(dim=2).mean(dim=1), rtol=1e-9)
    np.testing.assert_allclose(found.profiles.flow, by_state.norm(dim=2).mean(dim=1), rtol=1e-9)
    if found.profiles.grad_c is not None:
        np.testing.assert_allclose(found.profiles.grad_c, by_state[..., H:].norm(dim=2).mean(dim=1), rtol=1e-9)
    _, _, alone = by_autograd(network, batch, cuts, last_alone=True)
    np.testing.assert_allclose(found.flow_last, alone.norm(dim=2).mean(dim=1), rtol=1e-9)


def test_flow_of_the_last_step_is_the_flow_where_nothing_else_is_asked():
    found = gradients(*drawn(CELLS["lstm"], Adding(length=8)))
    assert found.profiles is not None
    assert found.flow_last is found.profiles.flow


@each_cell
def test_batch_size_leaves_no_factor(cell):
    network, batch = drawn(cell, Adding(length=8))
    twice = Batch(
        *(np.concatenate([part, part], axis=1) for part in (batch.x, batch.target, batch.asked, batch.scored))
    )
    once, both = gradients(network, batch), gradients(network, twice)
    assert once.loss == pytest.approx(both.loss)
    assert once.profiles is not None
    assert both.profiles is not None
    np.testing.assert_allclose(once.profiles.flow, both.profiles.flow, rtol=1e-9)
    assert all(relative_error(both.grads[name], grad) < 1e-9 for name, grad in once.grads.items())


def back(**states):
    """These gradients of the states, and none of parameters."""
    return Back(states, {}, (torch.zeros(0),))


def test_profiles_survive_squares_below_float32():
    tiny = torch.full((3, 2, 4), 1e-25)
    np.testing.assert_allclose(profiles(back(h=tiny, c=tiny)).flow, np.sqrt(8) * 2e-25, rtol=1e-6)
    huge = torch.full((3, 2, 4), 1e30)
    np.testing.assert_allclose(profiles(back(h=huge)).flow, 4e30, rtol=1e-6)


def test_profiles_pass_on_what_is_not_finite():
    grad = torch.ones(3, 2, 4)
    grad[1, 0, 0], grad[2, 1, 1] = float("inf"), float("nan")
    seen = profiles(back(h=grad)).flow
    assert np.isfinite(seen[0])
    assert np.isinf(seen[1])
    assert np.isnan(seen[2])


@each_cell
@pytest.mark.parametrize("task", TASKS[:4], ids=lambda task: f"{task.name}-{task.asked}")
def test_exploded_weights_give_numbers_not_errors(cell, task):
    network, batch = drawn(cell, task, dtype=torch.float32)
    for tensor in network.parameters.values():
        tensor.fill_(float("nan"))
    found = gradients(network, batch)
    assert np.isnan(found.loss)
    assert found.profiles is not None
    assert np.isnan(found.profiles.flow[1:]).any()


def test_nothing_is_recorded_unless_asked():
    found = gradients(*drawn(CELLS["gru"], Adding(length=8)), record=False)
    assert found.profiles is None
    assert found.flow_last is None
