"""Layer and batch norm in every cell: their passes against autograd and differences, cells against twins of torch's
modules, and every diagnostic on a normalised cell."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.backprop.judges import by_autograd, by_differences, draw, ours, relative_error
from core.backprop.readout import asked
from core.cells import CELLS, GRU, LSTM, RNN, Peephole, every_variant
from core.config import RunConfig
from core.diagnostics.differences import GradientCheck
from core.diagnostics.jacobians import displayed, partial, products, same_step, step_jacobians, total
from core.diagnostics.paths import paths
from core.diagnostics.probe import probed
from core.diagnostics.spectrum import bound
from core.network import Layer, Network
from core.training import train
from core.training.replay import moment_of

KINDS = ("layer", "batch")
VARIANTS = every_variant(KINDS)
each_variant = pytest.mark.parametrize("name", VARIANTS)
FOUR = {
    f"{name} {kind}": cell(*reset, normalisation=kind)
    for kind in KINDS
    for name, cell, *reset in (("rnn", RNN), ("lstm", LSTM), ("peephole", Peephole), ("gru", GRU),
                               ("gru-before", GRU, "before"))
}  # fmt: skip
each_cell = pytest.mark.parametrize("name", FOUR)
size = st.integers(1, 6)


def case_of(cell, T, N, H, C, seed=0):
    """Gains and biases away from one and zero."""
    case = draw(cell, T, N, H, C, seed=seed, dtype=torch.float64)
    generator = torch.Generator().manual_seed(seed)
    for name in cell.anatomy.gains:
        case.params[name] += torch.randn(case.params[name].shape, generator=generator, dtype=torch.float64) / 3
    return case


@given(
    name=st.sampled_from(list(VARIANTS)),
    shape=st.tuples(st.integers(1, 9), st.integers(2, 6), st.integers(2, 6), size),
    seed=st.integers(0, 2**31),
    clamp=st.none() | st.floats(1e-3, 3),
    data=st.data(),
)
@settings(max_examples=200, deadline=None)
def test_agrees_with_autograd_for_any_shape_cuts_and_clamp(name, shape, seed, clamp, data):
    cuts = data.draw(st.sets(st.integers(0, shape[0] - 1), max_size=3))
    case = case_of(VARIANTS[name], *shape, seed=seed)
    arriving = tuple(torch.randn_like(part) for part in case.state)
    mine, theirs = ours(case, cuts, clamp, arriving), by_autograd(case, cuts, clamp, arriving)
    assert mine.keys() == theirs.keys()
    for tensor, value in theirs.items():
        assert relative_error(mine[tensor], value) <= 1e-9, tensor


@each_variant
def test_agrees_with_differences(name):
    case = case_of(VARIANTS[name], 5, 3, 4, 2, seed=3)
    for tensor, value in (by_differences(case) or {}).items():
        assert relative_error(ours(case)[tensor], value) <= 1e-5, tensor


class Twin(nn.Module):
    """A layer of torch's own modules: for what the input, and what the state, brings to a gate a Linear and a
    LayerNorm, or a BatchNorm1d of every step with the same gains and biases."""

    def __init__(self, name, params, T, C, H):
        super().__init__()
        self.name, kind = name.split()
        self.gates = len(params["gain_ih"]) // H
        self.linear, self.norm = nn.ModuleDict(), nn.ModuleDict()
        for side, columns in (("ih", C), ("hh", H)):
            for q in range(self.gates):
                rows = slice(q * H, (q + 1) * H)
                self.linear[f"{side}{q}"] = nn.Linear(columns, H, bias=False)
                self.linear[f"{side}{q}"].weight.data = params[f"weight_{side}"][rows].clone()
                gain, bias = (params[f"{what}_{side}"][rows].clone() for what in ("gain", "bias"))
                self.norm[f"{side}{q}"] = norms(kind, T, gain, bias)
        if "gain_c" in params:
            self.norm["c"] = norms(kind, T, params["gain_c"].clone(), params["bias_c"].clone())

    def forward(self, x, state):
        outputs = []
        for t, x_t in enumerate(x):
            state = self.step(t, x_t, *state)
            outputs.append(state[0])
        return torch.stack(outputs)

    def of(self, name, t, value):
        return self.norm[name][t](self.linear[name](value))

    def step(self, t, x, h, c=None):
        by_input = [self.of(f"ih{q}", t, x) for q in range(self.gates)]
        if self.name.startswith("gru"):
            r, z = (torch.sigmoid(by_input[q] + self.of(f"hh{q}", t, h)) for q in (0, 1))
            n = self.of("hh2", t, r * h) if self.name == "gru-before" else r * self.of("hh2", t, h)
            n = torch.tanh(by_input[2] + n)
            return ((1 - z) * n + z * h,)
        sums = [part + self.of(f"hh{q}", t, h) for q, part in enumerate(by_input)]
        if self.name == "rnn":
            return (torch.tanh(sums[0]),)
        i, f, g, o = sums
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(self.norm["c"][t](c)), c

    def gradients(self):
        """{parameter: its gradient}, all gates' rows together."""
        found = {}
        for side in ("ih", "hh"):
            names = [f"{side}{q}" for q in range(self.gates)]
            found[f"weight_{side}"] = torch.cat([self.linear[name].weight.grad for name in names])
            for what, of in (("gain", "weight"), ("bias", "bias")):
                found[f"{what}_{side}"] = torch.cat([getattr(self.norm[name][0], of).grad for name in names])
        if "c" in self.norm:
            found |= {"gain_c": self.norm["c"][0].weight.grad, "bias_c": self.norm["c"][0].bias.grad}
        return found


def norms(kind, T, gain, bias):
    """One for every step, which share their gains and biases."""
    each = nn.ModuleList((nn.LayerNorm if kind == "layer" else nn.BatchNorm1d)(len(gain)) for _ in range(T))
    gain, bias = nn.Parameter(gain), nn.Parameter(bias)
    for norm in each:
        norm.weight, norm.bias = gain, bias
    return each.double()


@pytest.mark.parametrize("name", [name for name in FOUR if not name.startswith("peephole")])
def test_is_a_layer_of_torchs_modules_in_training_and_when_it_is_tested(name):
    cell = FOUR[name]
    case = case_of(cell, 7, 3, 5, 2, seed=4)
    twin, mine = Twin(name, case.params, 7, 2, 5), ours(case)
    state = tuple(part.clone().requires_grad_() for part in case.state)
    compare(case, twin, mine, state)
    if cell.normalisation == "layer":
        return
    running = cell.first_statistics(5, 7)
    layer = Layer(cell, case.params, {key: value.double() for key, value in running.items()})
    layer.follow(cell.statistics(layer.forward(case.x, case.state)), 3)
    twin.eval()
    twin.zero_grad()
    tested, state = layer.evaluating(), tuple(part.clone().requires_grad_() for part in case.state)
    way = tested.forward(case.x, case.state)
    back = tested.backward(way, case.grad_out)
    mine = {f"∂L/∂{key}": grad for key, grad in back.grads.items()} | {"h": way.h}
    compare(case, twin, mine | {f"∂L/∂{part}[0]": grad[0] for part, grad in back.states.items()}, state)


def compare(case, twin, mine, state):
    output = twin(case.x, state)
    (output * case.grad_out).sum().backward()
    torch.testing.assert_close(mine["h"][1:], output.detach())
    for parameter, grad in twin.gradients().items():
        assert relative_error(mine[f"∂L/∂{parameter}"], grad) < 1e-11, parameter
    for part, value in zip(case.cell.state_parts, state):
        assert relative_error(mine[f"∂L/∂{part}[0]"], value.grad) < 1e-11


@each_cell
def test_the_size_of_its_weights_changes_nothing(name):
    """What it is for; weights so large that ε is nothing beside their products."""
    case, found = case_of(FOUR[name], 6, 3, 8, 2), []
    for times in (100, 3000):
        scaled = {key: value * times for key, value in case.params.items() if key in ("weight_ih", "weight_hh")}
        found.append(case.cell.forward(case.params | scaled, case.x, case.state).h)
    torch.testing.assert_close(*found, rtol=0, atol=1e-4)


@each_cell
def test_the_diagnostics_speak_of_it_as_of_any_cell(name):
    cell, H = FOUR[name], 6
    case = case_of(cell, 12, 2, H, 2, seed=1)
    whole = Layer(cell, case.params)
    layer = replace(whole, held=cell.statistics(whole.forward(case.x, case.state)))
    way = layer.forward(case.x, case.state)
    torch.testing.assert_close(way.h, whole.forward(case.x, case.state).h)
    last = torch.zeros_like(case.grad_out)
    last[-1] = case.grad_out[-1]
    back = layer.backward(way, last)
    J, within = step_jacobians(layer, way, 1), same_step(layer, way, 1)
    row = torch.zeros(13, J.shape[1], dtype=torch.float64)
    row[-1, :H] = last[-1, 1]
    for t in range(11, -1, -1):
        row[t] = row[t + 1] @ J[t]
    whole = total(row, within)
    for grad, part in zip(back.states.values(), whole.split(H, dim=1), strict=True):
        assert relative_error(grad[:, 1], part) < 1e-11
    torch.testing.assert_close(partial(whole, within), row)
    flow = torch.cat([part[:, 1] for part in back.states.values()], dim=1).norm(dim=1).numpy()
    assert (flow <= products(displayed(J, within)).bound * flow[-1] * (1 + 1e-9)).all()
    found = paths(layer, way, case.grad_out)
    torch.testing.assert_close(sum(found.h.values()), found.total_h)
    if found.c is not None:
        torch.testing.assert_close(sum(found.c.values()), found.total_c)
    by_input, by_state = cell.sums(case.params, way)
    value = {"g": torch.tanh, "n": torch.tanh, "recurrent": torch.tanh}
    for q, gate in (way.gates or {"recurrent": way.h[1:]}).items():
        torch.testing.assert_close(value.get(q, torch.sigmoid)(by_input[q] + by_state[q]), gate)
    for q, forced in {"f": 0.7, "z": 0.2}.items():
        if q in cell.gate_names:
            gate = probed(layer, case.x, lambda _: case.grad_out, {q: forced}).trajectory.gates[q]
            torch.testing.assert_close(gate, torch.full_like(gate, forced))
    assert bound(layer, 3) is None


@each_cell
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"truncation": "sliding", "truncation_length": 4},
        {"truncation": "stream", "truncation_length": 4},
        {"clip": "backprop"},
    ],
)
def test_a_run_with_it_learns_is_checked_and_resumes_with_the_same_bits(name, changes):
    (cell, kind), reset = name.removesuffix("-before").replace("-before", "").split(), "before" in name
    flat = {"task.name": "adding", "task.length": 8, "task.asked": "every", "cell.name": cell, "batch_size": 4,
            "cell.normalisation": kind, "cell.hidden_size": 5, "steps": 8} | changes  # fmt: skip
    config = RunConfig.from_flat(flat | ({"cell.reset": "before"} if reset else {}))
    whole, first = list(train(config)), train(config)
    for _ in range(3):
        next(first)
    for mine, theirs in zip(train(config, first.checkpoint()), whole[3:], strict=True):
        assert mine.score == theirs.score or np.isnan(mine.score)
        assert all(np.array_equal(value, theirs.weights[name]) for name, value in mine.weights.items())
    moved = [name for name, value in whole[-1].weights.items() if not np.array_equal(value, whole[0].weights[name])]
    assert {*config.cell.gains, *config.cell.statistics} <= set(moved)
    assert np.unique(whole[0].weights["gain_hh"]) == np.float32({"layer": 1, "batch": 0.1}[kind])
    moment = moment_of(config, 8, whole[-1].weights).held()
    check = GradientCheck.of(moment.network, asked(moment.batch, torch.float64), 1)
    for part in CELLS[cell].state_parts:
        for t in (1, 4, 8):
            assert check.at(t, 2, part).relative_error < 1e-9, (part, t)


def test_what_a_normalised_cell_says_of_itself():
    flat = {"cell.name": "lstm", "cell.normalisation": "layer", "cell.variant": "coupled", "cell.hidden_size": 8}
    config = RunConfig.from_flat(flat)
    assert config.label == "LSTM with coupled gates with layer norm, H 8"
    params = Network.drawn(config).layer.params
    assert sum(value.numel() for value in params.values()) == config.cell.parameters(config.task.input_size)
    plain = config.replace(**{"cell.normalisation": "none"})
    assert plain.digest() != config.digest()
    assert all(torch.equal(value, params[name]) for name, value in Network.drawn(plain).layer.params.items())
