"""The network: its parameters by name, how it is drawn, and its readout."""

import numpy as np
import pytest
import torch

from core.cells import VARIANTS, cell_of
from core.config import RunConfig
from core.network import Layer, Network, init_readout
from core.training import train

each_variant = pytest.mark.parametrize("name", VARIANTS)


def drawn(cell, H=5, O=3, dtype=torch.float32):
    generator = torch.Generator().manual_seed(2)
    params = cell.init(2, H, generator=generator, dtype=dtype)
    return Network.of(cell, params, init_readout(H, O, generator=generator, dtype=dtype))


@each_variant
def test_it_is_the_same_network_from_its_parameters_by_name(name):
    network = drawn(VARIANTS[name])
    parameters = network.parameters
    assert list(parameters) == [*network.layer.params, "readout.weight", "readout.bias"]
    again = Network.named(network.cell, dict(reversed(parameters.items())))
    assert again.cell == network.cell and set(again.parameters) == set(parameters)
    assert all(again.parameters[key] is value for key, value in parameters.items())
    assert all(again.layer.params[key] is value for key, value in network.layer.params.items())
    assert all(again.readout[key] is value for key, value in network.readout.items())


@pytest.mark.parametrize("cell", ["rnn", "lstm", "peephole", "gru"])
def test_drawn_from_a_config_it_is_what_a_run_starts_with(cell):
    config = RunConfig.from_flat({"cell.name": cell, "cell.hidden_size": 6, "seed": 11, "steps": 1})
    network, first = Network.drawn(config), next(train(config))
    assert network.cell == cell_of(config.cell) and list(network.parameters) == list(first.weights)
    for name, value in network.parameters.items():
        np.testing.assert_array_equal(value.numpy(), first.weights[name])


def test_the_readout_starts_as_torchs_linear():
    with torch.random.fork_rng():
        torch.manual_seed(4)
        theirs = torch.nn.Linear(9, 3)
    mine = init_readout(9, 3, generator=torch.Generator().manual_seed(4))
    torch.testing.assert_close(mine["weight"], theirs.weight.detach())
    torch.testing.assert_close(mine["bias"], theirs.bias.detach())


@pytest.mark.parametrize("shape", [(), (4,), (6, 4), (2, 6, 4)])
def test_its_answers_and_the_way_back_are_those_of_torchs_linear(shape):
    network = drawn(VARIANTS["GRU"], dtype=torch.float64)
    theirs = torch.nn.Linear(5, 3, dtype=torch.float64)
    theirs.load_state_dict(dict(network.readout))
    h = torch.randn(*shape, 5, dtype=torch.float64, requires_grad=True)
    answer = theirs(h)
    torch.testing.assert_close(network.answers(h.detach()), answer.detach())
    by_answer = torch.randn_like(answer)
    (by_h,) = torch.autograd.grad((answer * by_answer).sum(), h)
    torch.testing.assert_close(network.through_readout(by_answer), by_h)


@each_variant
def test_its_sizes_are_those_of_its_parameters(name):
    layer = drawn(VARIANTS[name]).layer
    assert (layer.hidden_size, layer.rows) == (5, 5 * len(layer.cell.sum_names))
    assert layer.size == sum(value.numel() for value in layer.params.values())
    assert (layer.dtype, layer.device.type) == (torch.float32, "cpu")


def test_in_another_precision_it_has_the_same_numbers_and_leaves_its_own():
    network = drawn(VARIANTS["Peephole LSTM"])
    wide = network.wide()
    assert {value.dtype for value in wide.parameters.values()} == {torch.float64} and wide.cell == network.cell
    for name, value in network.parameters.items():
        assert value.dtype == torch.float32 and torch.equal(wide.parameters[name], value.double())
    assert torch.equal(network.to(torch.float32).layer.params["weight_hh"], network.layer.params["weight_hh"])


@each_variant
def test_a_layer_goes_the_way_of_its_cell(name):
    layer: Layer = drawn(VARIANTS[name], dtype=torch.float64).layer
    x, grad_out = torch.randn(7, 2, 2, dtype=torch.float64), torch.randn(7, 2, 5, dtype=torch.float64)
    state = tuple(torch.randn(2, 5, dtype=torch.float64) for _ in layer.cell.state_parts)
    mine, theirs = layer.forward(x, state, resets=(3,)), layer.cell.forward(layer.params, x, state, resets=(3,))
    assert torch.equal(mine.h, theirs.h)
    settings = {"cuts": (5,), "clamp": 0.1, "arriving": state}
    back = layer.backward(mine, grad_out, **settings)
    whole = layer.cell.backward(layer.params, theirs, grad_out, **settings)
    assert all(torch.equal(back.states[part], grad) for part, grad in whole.states.items())
    part = layer.parameter_gradients(mine, back.alphas, 2, 5)
    assert all(
        torch.equal(part[key], grad) for key, grad in layer.cell.parameter_gradients(theirs, whole.alphas, 2, 5).items()
    )
