"""The table of docs/reference.md, "Factors at initialisation", within its ranges."""

import json

import numpy as np
import pytest
import torch

from core.cells import GRU, LSTM, RNN, Peephole
from core.diagnostics.initial_decay import decay, initial_decay
from core.errors import ConfigError, UnrolledError
from core.tasks.adding import Adding


@pytest.mark.parametrize(
    "cell, init, forget_bias, low, high",
    [
        (RNN(), "default", None, 0.58, 0.63),
        (LSTM(), "default", None, 0.63, 0.65),
        (GRU(), "default", None, 0.64, 0.67),
        (LSTM(), "default", 1.0, 0.84, 0.87),
        (LSTM(), "chrono", None, 0.975, 0.99),
        (RNN(), "orthogonal", None, 0.89, 0.94),
        (RNN("relu"), "identity", None, 0.995, 1.005),
    ],
    ids=str,
)
def test_the_table(cell, init, forget_bias, low, high):
    found = initial_decay(cell, init, 64, forget_bias=forget_bias)
    assert low <= found["factor"] <= high
    assert len(found["factors"]) == 6 and found["lags"] == [10, 60] and len(found["flow"]) == 101


def test_a_linear_decay_is_found_exactly(monkeypatch):
    """A ReLU network with U = ½ I, its units always on."""

    def half(self, input_size, hidden, **_):
        ones = torch.ones(hidden).double()
        return {"weight_ih": ones[:, None].repeat(1, 2), "weight_hh": torch.eye(hidden).double() / 2,
                "bias_ih": ones, "bias_hh": ones}  # fmt: skip

    monkeypatch.setattr(RNN, "init", half)
    found = initial_decay(RNN("relu"), "default", 3, seeds=2)
    assert found["factor"] == pytest.approx(0.5) and found["half_life"] == pytest.approx(1)
    flow = np.array(found["flow"])
    np.testing.assert_allclose(flow[1:] / flow[:-1], 0.5)


@pytest.mark.parametrize("cell", [RNN(), LSTM(), Peephole(), GRU("before")], ids=str)
def test_flow_against_autograd(cell):
    found = decay(cell, "default", 4, seed=3, length=10, batch=2)
    generator = torch.Generator().manual_seed(3)
    params = cell.init(2, 4, generator=generator, dtype=torch.float64)
    grad = torch.randn(2, 4, generator=generator, dtype=torch.float64)
    x = torch.from_numpy(Adding(length=10).sample(np.random.default_rng(3), 2, "training").x).double()
    history = [tuple(torch.zeros(2, 4, dtype=torch.float64, requires_grad=True) for _ in cell.state_parts)]
    for x_t in x:
        history.append(cell.step(params, x_t, history[-1])[0])
    loss = (history[-1][0] * grad).sum()
    for lag, state in enumerate(reversed(history)):
        parts = torch.autograd.grad(loss, state, retain_graph=True, materialize_grads=True, allow_unused=True)
        assert found.flow[lag] == pytest.approx(float(torch.cat(parts, dim=1).norm(dim=1).mean()))


def test_one_json_object():
    found = json.loads(json.dumps(initial_decay(GRU(), "default", 8, length=20, seeds=2), allow_nan=False))
    assert (found["cell"], found["init"], found["hidden"], found["length"]) == ("gru", "default", 8, 20)
    assert found["factor"] == pytest.approx(np.mean(found["factors"]))


@pytest.mark.parametrize("name", ["hidden", "length", "seeds", "batch"])
@pytest.mark.parametrize("value", [0, 10**6])
def test_sizes_out_of_range_are_said(name, value):
    with pytest.raises(UnrolledError, match=f"`{name}` .={value}. must lie between"):
        initial_decay(LSTM(), **{name: value})


def test_what_a_cell_cannot_have_is_said():
    with pytest.raises(ConfigError, match="forget gate"):
        initial_decay(GRU(), forget_bias=1.0)
    with pytest.raises(ConfigError, match="chrono"):
        initial_decay(RNN(), "chrono")
