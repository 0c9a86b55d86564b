"""Layers on top of each other: a cell like any other, and as torch has them. ``core.check`` judges the gradients."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from core.backprop.bptt import gradients
from core.backprop.judges import draw
from core.backprop.passes import back_through
from core.backprop.profiles import profiles
from core.cells import CELLS, stacked
from core.config import RunConfig
from core.data import training_batch
from core.network import Layer, Network
from core.store import codec
from core.training import train
from core.truncation import Truncation

T, N, H, C = 7, 3, 4, 2
SMALL = {"cell.layers": 3, "cell.hidden_size": 4, "batch_size": 4, "task.length": 20, "steps": 4}


def case_of(name, layers=3, seed=0):
    return draw(stacked(CELLS[name], layers), T, N, H, C, seed=seed, dtype=torch.float64)


@pytest.mark.parametrize(("name", "module"), [("lstm", nn.LSTM), ("gru", nn.GRU), ("rnn", nn.RNN)])
def test_the_same_seed_draws_the_weights_that_torch_draws(name, module):
    torch.manual_seed(5)
    theirs = dict(module(C, H, num_layers=3).named_parameters())
    ours = stacked(CELLS[name], 3).init(C, H, generator=torch.Generator().manual_seed(5))
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[n], theirs[n]) for n in ours)


def test_a_layer_alone_is_a_cell_of_one_layer():
    case = case_of("lstm")
    way = case.cell.forward(case.params, case.x, case.state)
    back = case.cell.backward(case.params, way, case.grad_out)
    sent = case.grad_out
    for k in (2, 1, 0):
        layer, alone = Layer(case.cell, case.params).of_layer(k), way.layers[k]
        enters = way.layers[k - 1].h[1:] if k else case.x
        assert torch.equal(layer.forward(enters, case.cell.by_layer(case.state)[k]).h, alone.h)
        own = layer.backward(alone, sent)
        assert all(torch.equal(own.states[part], back.of_layer(k).states[part]) for part in ("h", "c"))
        assert torch.equal(own.alphas, back.of_layer(k).alphas)
        assert all(torch.equal(grad, back.grads[f"{name}_l{k}"]) for name, grad in own.grads.items())
        sent = layer.cell.input_gradient(layer.params, alone, own.alphas)
    x = case.x.clone().requires_grad_()
    state = case.state
    total = torch.zeros((), dtype=torch.float64)
    for x_t, grad in zip(x, case.grad_out, strict=True):
        state, _ = case.cell.step(case.params, x_t, state)
        total = total + (grad * state[0]).sum()
    (by_autograd,) = torch.autograd.grad(total, [x])
    assert torch.allclose(sent, by_autograd, rtol=0, atol=1e-12)


@pytest.mark.parametrize("mode", ["windows", "sliding", "reset"])
def test_truncation_cuts_time_in_every_layer_and_never_the_way_down(mode):
    """Against autograd through the textbook step, one loss at a time where each has a reach of its own."""
    case, K = case_of("gru"), 3
    truncation = Truncation(mode, T, K, K)
    states = list(range(1, T + 1))
    way = case.cell.forward(case.params, case.x, resets=truncation.resets)
    found = back_through(Layer(case.cell, case.params), way, case.grad_out, truncation.passes(states))
    expected = {name: torch.zeros_like(p) for name, p in case.params.items()}
    for loss in states:
        seen = max(b for b in (0, *truncation.cuts(loss)) if b < loss)
        params = {name: p.clone().requires_grad_() for name, p in case.params.items()}
        state = tuple(part[seen].detach() for part in way.states.values())
        if seen in truncation.resets:
            state = tuple(torch.zeros_like(part) for part in state)
        for t in range(seen, loss):
            state, _ = case.cell.step(params, case.x[t], state)
        grads = torch.autograd.grad((case.grad_out[loss - 1] * state[0]).sum(), list(params.values()))
        for name, grad in zip(params, grads, strict=True):
            expected[name] += grad
    for name, grad in found.grads.items():
        assert torch.allclose(grad, expected[name], rtol=1e-10, atol=1e-12), name


def test_every_layer_s_gradient_is_recorded_and_stored():
    config = RunConfig.from_flat({"cell.name": "lstm", **SMALL})
    frame = next(train(config))
    network, batch = Network.drawn(config), training_batch(config, 0)
    back = gradients(network, batch).back
    n = batch.x.shape[1]
    for k, ending in enumerate(("_l0", "_l1", "")):
        h, c = (n * back.states[part + ending].double() for part in ("h", "c"))
        for name, value in (("grad_h", h), ("grad_c", c), ("flow", torch.cat([h, c], dim=2))):
            slow = [np.mean([float(value[t, k].norm()) for k in range(n)]) for t in range(len(value))]
            assert getattr(frame, f"{name}_layers")[k] == pytest.approx(slow, rel=1e-6), (name, k)
    assert np.array_equal(frame.grad_h, frame.grad_h_layers[-1])
    whole = n * torch.cat([part.double() for part in back.states.values()], dim=2)
    assert frame.flow == pytest.approx(whole.norm(dim=2).mean(dim=1).numpy(), rel=1e-6)
    again = codec.unpack_whole_frame(codec.pack_frame(frame))
    assert np.array_equal(again.flow_layers, frame.flow_layers) and again.grad_c_layers.shape == (3, 21)
    assert [again.planes.of_layer(k).h.shape for k in range(3)] == [(21, 4, 4)] * 3
    assert np.allclose(again.planes.of_layer(0).gates["f"], frame.planes.below[0].gates["f"], atol=1e-3)
    assert len(frame.to_json()["grad_h_layers"]) == 3
    alone = next(train(config.replace(**{"cell.layers": 1})))
    assert alone.flow_layers is None and alone.to_json()["flow_layers"] is None


@pytest.mark.parametrize("settings", [
    {"cell.name": "lstm"}, {"cell.name": "peephole", "truncation": "sliding", "truncation_length": 6},
    {"cell.name": "gru", "truncation": "stream", "truncation_length": 6, "cell.normalisation": "layer"},
])  # fmt: skip
def test_a_run_that_is_interrupted_ends_with_the_same_bits(settings):
    config = RunConfig.from_flat({**SMALL, **settings, "cell.layers": 2, "steps": 8})
    whole = list(train(config))
    first = train(config)
    for _ in range(4):
        next(first)
    resumed = list(train(config, first.checkpoint()))
    for mine, theirs in zip(resumed, whole[4:], strict=True):
        assert mine.loss == theirs.loss and np.array_equal(mine.flow_layers, theirs.flow_layers)
    last = whole[-1].weights
    assert all(np.array_equal(value, last[name]) for name, value in resumed[-1].weights.items())


@pytest.mark.parametrize("name", CELLS)
def test_parameters_are_counted(name):
    for normalisation in ("none", "layer"):
        config = RunConfig.from_flat({"cell.name": name, **SMALL, "cell.normalisation": normalisation})
        layer = Network.drawn(config).layer
        assert layer.size == config.cell.parameters(config.task.input_size)
        assert layer.rows == sum(len(p) for n, p in layer.params.items() if n.startswith("weight_hh"))
        assert layer.hidden_size == 4 and layer.layers == 3


def test_one_layer_is_the_same_run_as_before():
    one = RunConfig.from_flat({"cell.name": "gru"})
    flat = {key: value for key, value in one.to_flat().items() if key != "cell.layers"}
    assert RunConfig.stored(flat).digest() == one.digest() != one.replace(**{"cell.layers": 2}).digest()
    assert RunConfig.stored(flat).cell.layers == 1


def test_profiles_of_one_layer_are_those_of_the_whole():
    case = case_of("lstm", layers=1)
    seen = profiles(case.cell.backward(case.params, case.cell.forward(case.params, case.x), case.grad_out))
    assert seen.flow_layers is None
    assert dataclasses.asdict(seen)["grad_c"] is not None
