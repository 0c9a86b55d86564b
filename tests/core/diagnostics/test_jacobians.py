"""Jacobians against autograd through the readable step; their products against the measured gradient."""

import numpy as np
import pytest
import torch

from core.anatomy.rnn import ACTIVATIONS
from core.backprop.judges import draw, relative_error
from core.backprop.profiles import profiles
from core.cells import RNN, VARIANTS, Cell, Peephole, stacked
from core.diagnostics import jacobians as module
from core.diagnostics.jacobians import displayed, partial, products, same_step, step_jacobians, total
from core.diagnostics.spectrum import bound
from core.network import Layer

DEEP = {f"{name}, 2 layers": stacked(VARIANTS[name], 2) for name in ("RNN", "Peephole LSTM", "GRU")}
CASES: dict[str, Cell] = VARIANTS | DEEP
each_variant = pytest.mark.parametrize("name", CASES)


def by_autograd(case, t, trajectory):
    """∂(h, c)[t+1]/∂(h, c)[t] of the first sequence."""
    states = [part[t, :1] for part in trajectory.states.values()]

    def step(joined):
        parts = joined.split(case.grad_out.shape[2])
        after, _ = case.cell.step(case.params, case.x[t, :1], tuple(part.unsqueeze(0) for part in parts))
        return torch.cat([part[0] for part in after])

    return torch.autograd.functional.jacobian(step, torch.cat([part[0] for part in states]))


def last_step_only(case):
    grad_out = torch.zeros_like(case.grad_out)
    grad_out[-1] = case.grad_out[-1]
    return grad_out


@each_variant
@pytest.mark.parametrize("room", [1, module.ROOM])
def test_each_step_against_autograd(name, room, monkeypatch):
    monkeypatch.setattr(module, "ROOM", room)
    case = draw(CASES[name], 5, 2, 3, 2, seed=0, dtype=torch.float64)
    trajectory = case.cell.forward(case.params, case.x, case.state)
    found = step_jacobians(Layer(case.cell, case.params), trajectory)
    for t in range(5):
        torch.testing.assert_close(found[t], by_autograd(case, t, trajectory), rtol=1e-9, atol=1e-14)


def carried_back(jacobians, arriving):
    """∂L/∂state[t] (T+1, S) of a loss that is taken at the end alone: arriving (S,) there, products of Jᵀ before."""
    rows = [arriving.double()]
    for J in jacobians.flip(0):
        rows.append(rows[-1] @ J)
    return torch.stack(rows[::-1])


@each_variant
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("cuts, resets", [((), ()), ((4, 9), ()), ((12,), (7,))])
def test_products_are_the_measured_gradient(name, dtype, cuts, resets):
    case = draw(CASES[name], 20, 3, 6, 2, seed=1, dtype=dtype)
    trajectory = case.cell.forward(case.params, case.x, case.state, resets=resets)
    back = case.cell.backward(case.params, trajectory, last_step_only(case), cuts=cuts)
    for n in range(3):
        J = step_jacobians(Layer(case.cell, case.params), trajectory, n, cuts)
        arriving = torch.zeros(J.shape[1], dtype=torch.float64)
        arriving[:6] = case.grad_out[-1, n]
        gradient, enters = carried_back(J, arriving), same_step(Layer(case.cell, case.params), trajectory, n)
        whole = total(gradient, enters)
        limit = 1e-6 if dtype == torch.float32 else 1e-12
        for grad, part in zip(back.states.values(), whole.split(6, dim=1), strict=True):
            assert relative_error(grad[:, n], part) < limit
        torch.testing.assert_close(partial(whole, enters), gradient)


@each_variant
def test_the_displayed_maps_carry_the_curves_on_screen(name):
    case = draw(CASES[name], 12, 1, 4, 2, seed=2, dtype=torch.float64)
    trajectory = case.cell.forward(case.params, case.x, case.state)
    back = case.cell.backward(case.params, trajectory, last_step_only(case))
    shown = torch.cat(list(back.states.values()), dim=2)[:, 0]
    maps = displayed(
        step_jacobians(Layer(case.cell, case.params), trajectory), same_step(Layer(case.cell, case.params), trajectory)
    )
    torch.testing.assert_close(carried_back(maps, shown[-1]), shown, rtol=1e-9, atol=1e-14)
    flow = profiles(back).flow
    assert (flow <= products(maps).bound * flow[-1] * (1 + 1e-9)).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_bounds_of_the_plain_rnn_stand_in_order(activation):
    case = draw(RNN(activation), 15, 1, 5, 2, seed=3, dtype=torch.float64)
    case.params["weight_hh"] *= 1.5
    found = products(step_jacobians(Layer(case.cell, case.params), case.cell.forward(case.params, case.x)), [0, 7, 15])
    limit = bound(Layer(case.cell, case.params), 15)
    assert limit is not None
    assert (found.bound[::-1] <= limit * (1 + 1e-9)).all()
    for t, values in found.singular.items():
        assert values[0] <= found.bound[t] * (1 + 1e-9)
    np.testing.assert_allclose(found.singular[15], 1)


def test_singular_values_of_a_product():
    J = torch.randn(6, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = products(J, [2, 5])
    assert list(found.singular) == [2, 5]
    expected = torch.linalg.svdvals(J[5] @ J[4] @ J[3] @ J[2]).numpy()
    np.testing.assert_allclose(found.singular[2], expected, rtol=1e-9)
    np.testing.assert_allclose(found.norms, torch.linalg.matrix_norm(J, 2).numpy())
    assert found.bound[6] == 1 and found.bound[4] == pytest.approx(found.norms[4] * found.norms[5])


def test_singular_values_below_float64s_resolution_are_not_stated():
    J = torch.diag(torch.tensor([1.0, 1e-5])).double().repeat(4, 1, 1)
    values = products(J, [0, 2]).singular
    assert values[2].tolist() == pytest.approx([1, 1e-10]) and values[0][0] == 1 and np.isnan(values[0][1])


def test_what_is_not_finite_passes_through():
    case = draw(Peephole(), 4, 1, 3, 2, seed=0, dtype=torch.float32)
    case.x[2] = torch.nan
    found = products(step_jacobians(Layer(case.cell, case.params), case.cell.forward(case.params, case.x)))
    assert np.isfinite(found.norms[:2]).all() and np.isnan(found.norms[2:]).all()
    assert np.isnan(found.bound[:3]).all() and np.isnan(found.singular[0]).all()
