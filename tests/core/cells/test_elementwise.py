"""The compiled half of a step against its twin in torch and against float64, value by value and cell by cell."""

import inspect

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.backprop.judges import draw, ours, relative_error
from core.cells import elementwise, kernels, plain
from core.check import VARIANTS

FUNCTIONS = sorted(name for name, value in vars(plain).items() if inspect.isfunction(value) and name[0] != "_")
LIMIT = {np.float32: 1e-6, np.float64: 2e-15}
each_precision = pytest.mark.parametrize("dtype", list(LIMIT))


ODD = [np.nan, np.inf, -np.inf, 0.0, 1e-40, -3e-42, 1e-30, 90.0, -90.0, -104.0, 1e8]


def values(name, rows, dtype, size, generator):
    """Ordinary numbers, small and large ones, and some that are odd; or a flag."""
    if name == "squash":
        return bool(generator.random() < 0.5)
    shape = (rows, size) if name in ("gates", "alphas", "p") else (size,)
    usual = generator.standard_normal(shape) * 10 ** generator.uniform(-3, 1.5, shape)
    return np.where(generator.random(shape) < 0.1, generator.choice(ODD, shape), usual).astype(dtype)


def test_both_offer_the_same_functions_with_the_same_arguments():
    for name in FUNCTIONS:
        theirs = inspect.signature(getattr(plain, name)).parameters
        assert list(theirs) == list(inspect.signature(getattr(kernels, name).py_func).parameters), name


@each_precision
@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "squares"])
@given(size=st.integers(1, 40), seed=st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_a_kernel_does_what_torch_does(name, dtype, size, seed):
    """To rounding: in relation to the largest product that a unit's numbers can have."""
    names, generator = list(inspect.signature(getattr(plain, name)).parameters), np.random.default_rng(seed)
    blocks = 3 if "gru_before" in name else 4
    drawn = [values(each, 3 if each == "p" else blocks, dtype, size, generator) for each in names]
    mine, theirs = ([part if isinstance(part, bool) else part.copy() for part in drawn] for _ in range(2))
    getattr(kernels, name)(*mine)
    getattr(plain, name)(*(part if isinstance(part, bool) else torch.from_numpy(part) for part in theirs))
    sizes = np.abs(np.vstack([part for part in drawn if not isinstance(part, bool)]).astype(np.float64))
    scale = np.max(sizes, axis=0, where=np.isfinite(sizes), initial=1) ** 3
    for each, left, right in zip(names, mine, theirs):
        if each == "squash":
            continue
        left, right = (np.where(np.isfinite(part), part / scale, part) for part in (left, right))
        np.testing.assert_allclose(left, right, rtol=LIMIT[dtype], atol=LIMIT[dtype], err_msg=each)


@each_precision
def test_tanh_and_the_logistic_function_are_exact_to_a_few_units_in_the_last_place(dtype):
    """Over the whole range, relative: a closed gate and the tanh of a tiny number keep their digits."""
    ends = np.geomspace(1e-37, 87, 20_000)
    x = np.concatenate([-ends, np.linspace(-20, 20, 20_001), ends]).astype(dtype)
    exact = x.astype(np.longdouble)
    tanh = x.copy()
    kernels.tanh(tanh)
    unit = np.finfo(dtype).eps
    assert np.max(np.abs(tanh - np.tanh(exact)) / np.maximum(np.abs(np.tanh(exact)), 1e-37)) < 3 * unit
    gates = np.tile(x, (4, 1))
    kernels.gru_before_reset(gates[:3], x, np.empty_like(x))
    logistic = 1 / (1 + np.exp(-exact))
    assert np.max(np.abs(gates[1] - logistic) / logistic) < 3 * unit


@each_precision
def test_subnormal_numbers_pass_through_tanh(dtype):
    tiny = np.array([1e-44, -1e-41, np.finfo(dtype).tiny / 4, 0], dtype)
    passed = tiny.copy()
    kernels.tanh(passed)
    np.testing.assert_array_equal(passed, tiny)


@given(shape=st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9)), seed=st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_squares_are_summed_in_double_precision(shape, seed):
    grad = torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 1e-25
    twin = torch.empty(shape[0], shape[2], dtype=torch.float64)
    plain.squares(grad, twin)
    torch.testing.assert_close(elementwise.squares(grad), twin, rtol=1e-12, atol=0)
    across = grad.transpose(0, 1).contiguous().transpose(0, 1)
    assert torch.equal(elementwise.squares(across), elementwise.squares(grad))


@pytest.fixture
def without_kernels(monkeypatch):
    """Every device but the CPU goes this way."""
    return lambda: monkeypatch.setattr(elementwise, "_compiled", lambda tensor: False)


@pytest.mark.parametrize("cell", list(VARIANTS.values()), ids=list(VARIANTS))
@pytest.mark.parametrize("dtype, limit", [(torch.float64, 1e-12), (torch.float32, 1e-5)])
@pytest.mark.parametrize("cuts, clamp", [((), None), ((2, 5), None), ((4,), 0.2)])
def test_both_ways_agree_for_every_cell(cell, dtype, limit, cuts, clamp, without_kernels):
    case = draw(cell, 9, 3, 7, 2, seed=1, dtype=dtype)
    arriving = tuple(torch.randn_like(part) for part in case.state)
    mine = ours(case, cuts, clamp, arriving)
    without_kernels()
    theirs = ours(case, cuts, clamp, arriving)
    for name, tensor in theirs.items():
        assert relative_error(mine[name], tensor) <= limit, name


@pytest.mark.parametrize("cell", list(VARIANTS.values()), ids=list(VARIANTS))
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e-39, 3e38])
def test_odd_inputs_pass_alike(cell, value, without_kernels):
    case = draw(cell, 6, 2, 5, 2, seed=3, dtype=torch.float32)
    case.x[2, 0, 1] = value
    case.grad_out[4, 1, 2] = value
    mine = ours(case)
    without_kernels()
    for name, tensor in ours(case).items():
        rounding = 1e-6 * float(tensor[tensor.isfinite()].abs().amax()) if tensor.isfinite().any() else 0.0
        torch.testing.assert_close(mine[name], tensor, rtol=1e-4, atol=rounding, equal_nan=True, msg=name)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("cell", list(VARIANTS.values()), ids=list(VARIANTS))
def test_a_cell_works_on_another_device(cell):
    case = draw(cell, 9, 3, 7, 2, seed=1, dtype=torch.float64)
    params = {name: tensor.cuda() for name, tensor in case.params.items()}
    trajectory = cell.forward(params, case.x.cuda(), tuple(part.cuda() for part in case.state))
    back = cell.backward(params, trajectory, case.grad_out.cuda(), cuts=(3,))
    for name, tensor in ours(case, (3,)).items():
        if name.removeprefix("∂L/∂") in back.grads:
            assert relative_error(back.grads[name.removeprefix("∂L/∂")].cpu(), tensor) < 1e-10
