"""How weights start: torch's own numbers, each scheme's law, and the factors per step of an untrained cell."""

import numpy as np
import pytest
import torch

from core.backprop.profiles import profiles
from core.cells import CELLS, RNN
from core.errors import ConfigError
from core.tasks import Adding


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("name", "layer"), [("rnn", torch.nn.RNN), ("lstm", torch.nn.LSTM), ("gru", torch.nn.GRU)])
def test_default_is_torchs_own_draw(name, layer):
    with torch.random.fork_rng():
        torch.manual_seed(5)
        theirs = {key.removesuffix("_l0"): tensor for key, tensor in layer(3, 7).state_dict().items()}
    mine = CELLS[name].init(3, 7, generator=generator(5))
    assert all(torch.equal(mine[key], tensor) for key, tensor in theirs.items())


def test_peepholes_start_like_the_rest():
    p = CELLS["peephole"].init(2, 64, generator=generator())["weight_peephole"]
    assert p.shape == (3, 64)
    assert p.abs().max() <= 1 / 8
    assert p.std() > 0.05


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_orthogonal_and_identity_act_on_each_gate(cell):
    for scheme in ("orthogonal", "identity"):
        params = cell.init(3, 8, generator=generator(), scheme=scheme)
        for block in params["weight_hh"].chunk(len(cell.sum_names)):
            torch.testing.assert_close(block @ block.T, torch.eye(8))
    assert torch.equal(block, torch.eye(8))
    assert params["weight_ih"].abs().max() < 0.01
    assert params["bias_ih"].abs().sum() == 0


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_spectral_schemes_scale_each_gate_to_what_is_asked(cell):
    """As NumPy finds it; all but U is torch's draw, and the two are not the same thing."""
    drawn = cell.init(3, 24, generator=generator(2))
    for scheme, asked in (("spectral-radius", 1.2), ("spectral-norm", 0.7), ("spectral-norm", 3.0)):
        params = cell.init(3, 24, generator=generator(2), scheme=scheme, scale=asked)
        for block, before in zip(*(each["weight_hh"].chunk(len(cell.sum_names)) for each in (params, drawn))):
            U = block.double().numpy()
            rho, sigma = np.abs(np.linalg.eigvals(U)).max(), np.linalg.norm(U, 2)
            got, other = (rho, sigma) if scheme == "spectral-radius" else (sigma, rho)
            assert got == pytest.approx(asked, rel=1e-5) and abs(other - asked) > 0.1 * asked
            torch.testing.assert_close(block / block.norm(), before / before.norm())
        assert all(torch.equal(params[name], drawn[name]) for name in drawn if name != "weight_hh")


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_xavier_bounds_each_gate(cell):
    params = cell.init(3, 64, generator=generator(), scheme="xavier")
    for name, fan_in in (("weight_ih", 3), ("weight_hh", 64)):
        bound = np.sqrt(6 / (fan_in + 64))
        assert 0.9 * bound < params[name].abs().max() <= bound


@pytest.mark.parametrize("name", ["lstm", "peephole", "gru"])
def test_chrono_spreads_the_keep_gate(name):
    H, T = 2000, 100
    params = CELLS[name].init(2, H, generator=generator(), scheme="chrono", time_span=T)
    bias = (params["bias_ih"] + params["bias_hh"]).view(-1, H)
    steps = bias[1].exp()  # U(1, T − 1)
    assert steps.min() >= 0.999
    assert steps.max() <= 99.01
    assert abs(steps.mean() - 50) < 3
    if name != "gru":
        torch.testing.assert_close(bias[0], -bias[1])


@pytest.mark.parametrize("time_span", [1, 2])
def test_chrono_of_the_shortest_sequences(time_span):
    params = CELLS["lstm"].init(1, 4, generator=generator(), scheme="chrono", time_span=time_span)
    assert (params["bias_ih"][4:8] == 0).all()


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("rnn", {"scheme": "chrono", "time_span": 9}, "chrono"),
        ("lstm", {"scheme": "chrono"}, "time_span"),
        ("gru", {"forget_bias": 1.0}, "forget gate"),
        ("lstm", {"scheme": "lucky"}, "lucky"),
        ("rnn", {"scheme": "spectral-norm"}, "must be greater than 0 for `cell.init` .=spectral-norm"),
    ],
)
def test_what_does_not_fit_is_said(name, settings, words):
    with pytest.raises(ConfigError, match=words):
        CELLS[name].init(2, 3, generator=generator(), **settings)


FACTORS = [  # docs/reference.md, "Factors at initialisation": mean of 6 seeds
    ("tanh RNN", CELLS["rnn"], {}, 0.60, 0.015),
    ("LSTM", CELLS["lstm"], {}, 0.64, 0.01),
    ("GRU", CELLS["gru"], {}, 0.66, 0.01),
    ("LSTM, forget bias 1", CELLS["lstm"], {"forget_bias": 1.0}, 0.86, 0.01),
    ("LSTM, chrono", CELLS["lstm"], {"scheme": "chrono", "time_span": 100}, 0.98, 0.01),
    ("tanh RNN, orthogonal", CELLS["rnn"], {"scheme": "orthogonal"}, 0.92, 0.01),
    ("IRNN", RNN("relu"), {"scheme": "identity"}, 1.00, 0.005),
]


@pytest.mark.parametrize(
    ("cell", "settings", "factor", "slack"), [row[1:] for row in FACTORS], ids=[r[0] for r in FACTORS]
)
def test_untrained_factor_per_step(cell, settings, factor, slack):
    assert np.mean([_factor(cell, settings, seed) for seed in range(6)]) == pytest.approx(factor, abs=slack)


def _factor(cell, settings, seed, T=100, H=64, N=32):
    g = generator(seed)
    params = cell.init(2, H, generator=g, dtype=torch.float64, **settings)
    x = torch.tensor(Adding(length=T).sample(np.random.default_rng(seed), N, "training").x, dtype=torch.float64)
    grad_out = torch.zeros(T, N, H, dtype=torch.float64)
    grad_out[-1] = torch.randn(N, H, generator=g, dtype=torch.float64)
    back = cell.backward(params, cell.forward(params, x), grad_out, parameters=False)
    lags = np.arange(10, 61)
    flow = profiles(back).flow[T - lags]
    return np.exp(np.polyfit(lags, np.log(flow), 1)[0])
