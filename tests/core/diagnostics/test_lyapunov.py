"""Exponents of linear networks equal the logarithms of their eigenvalues' moduli."""

import json

import numpy as np
import pytest
import torch

from core.backprop.judges import draw
from core.cells import RNN, VARIANTS
from core.diagnostics.jacobians import step_jacobians
from core.diagnostics.lyapunov import exponents, lyapunov
from core.network import Layer


def linear(H=5, seed=0):
    """A ReLU network whose units are always on, so that every step is h = U h₋ + b: ρ(U) = .95."""
    generator = torch.Generator().manual_seed(seed)
    U = torch.randn(H, H, generator=generator, dtype=torch.float64)
    U *= 0.95 / torch.linalg.eigvals(U).abs().max()
    params = RNN("relu").init(2, H, generator=generator, dtype=torch.float64)
    params |= {"weight_hh": U, "bias_ih": torch.full((H,), 1.0).double() - U @ torch.full((H,), 1.0).double()}
    params |= {"weight_ih": params["weight_ih"] * 0, "bias_hh": params["bias_hh"] * 0}  # h = 1 is a fixed point
    return params, torch.ones(1, H, dtype=torch.float64)


@pytest.mark.parametrize("seed", range(3))
def test_a_linear_network_has_its_eigenvalues_moduli(seed):
    params, state = linear(seed=seed)
    trajectory = RNN("relu").forward(params, torch.zeros(3000, 1, 2, dtype=torch.float64), (state,))
    J = step_jacobians(Layer(RNN("relu"), params), trajectory)
    torch.testing.assert_close(J[1234], params["weight_hh"])
    expected = np.sort(np.log(np.abs(np.linalg.eigvals(params["weight_hh"].numpy()))))[::-1]
    np.testing.assert_allclose(exponents(J).exponents, expected, atol=2e-3)


def test_a_triangular_matrix_to_the_last_digit():
    U = torch.tensor([[0.9, 0.3, 0.1], [0.0, -0.5, 0.7], [0.0, 0.0, 0.1]], dtype=torch.float64)
    found = exponents(U.repeat(400, 1, 1), transient=100)
    np.testing.assert_allclose(found.exponents, np.log([0.9, 0.5, 0.1]), atol=1e-12)
    assert np.isnan(found.running[:100]).all() and np.isfinite(found.running[100:]).all()


def test_the_largest_comes_first_where_the_method_has_not_turned_to_it():
    """A diagonal matrix leaves Q as it starts, whatever its order."""
    found = exponents(torch.diag(torch.tensor([0.1, 0.5])).double().repeat(6, 1, 1), transient=0)
    np.testing.assert_allclose(found.exponents, np.log([0.5, 0.1]), atol=1e-12)
    np.testing.assert_allclose(found.running, np.log([[0.5, 0.1]] * 6), atol=1e-12)


@pytest.mark.parametrize("name", VARIANTS)
def test_their_sum_is_the_mean_log_of_the_determinant(name):
    case = draw(VARIANTS[name], 40, 1, 3, 2, seed=0, dtype=torch.float64)
    case.params["bias_ih"] += 0.3
    J = step_jacobians(Layer(case.cell, case.params), case.cell.forward(case.params, case.x, case.state))
    found = exponents(J, transient=0).exponents.sum()
    log = float(torch.linalg.slogdet(J).logabsdet.mean())
    assert found == log or found == pytest.approx(log, rel=1e-9)  # −∞ where ReLU units are off


def test_a_dead_direction_is_minus_infinity_and_nan_passes():
    dead = torch.diag(torch.tensor([0.5, 0.0])).double().repeat(20, 1, 1)
    assert exponents(dead).exponents.tolist() == [pytest.approx(np.log(0.5)), -np.inf]
    dead[10] = torch.nan
    assert np.isnan(exponents(dead).exponents).all()


def test_one_json_object():
    layer = Layer(RNN(), RNN().init(2, 6, generator=torch.Generator().manual_seed(0)))
    x = torch.rand(50, 4, 2, generator=torch.Generator().manual_seed(1))
    found = json.loads(json.dumps(lyapunov(layer, x, sequences=3), allow_nan=False))
    assert (found["sequences"], found["state_size"], found["steps"]) == (3, 6, 50)
    assert found["factor"] == pytest.approx(np.exp(found["largest"])) and found["largest"] < 0
    assert found["exponents"] == sorted(found["exponents"], reverse=True)
    alone = [lyapunov(layer, x[:, n : n + 1])["largest"] for n in range(3)]
    assert found["largest"] == pytest.approx(np.mean(alone)) and found["spread"] == pytest.approx(np.std(alone))
