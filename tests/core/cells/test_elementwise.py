"""The compiled half of a step against its twin in torch and against float64, value by value and cell by cell."""

import inspect
from importlib import import_module
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import core.cells
from core.backprop.judges import draw, ours, relative_error
from core.cells import VARIANTS, elementwise
from core.cells.gru import compiled as gru_compiled
from core.cells.normalisation.plain import BATCH, HELD, UNITS
from core.cells.rnn import compiled as rnn_compiled


def own_functions(module):
    """The functions that a file defines, compiled or not, without those that it takes from another one."""
    found = {name: getattr(value, "py_func", value) for name, value in vars(module).items()}
    return {name: f for name, f in found.items() if inspect.isfunction(f) and f.__module__ == module.__name__}


FOLDERS = sorted(path.parent.name for path in Path(core.cells.__file__).parent.glob("*/compiled.py"))
PAIRS = {name: tuple(import_module(f"core.cells.{name}.{file}") for file in ("plain", "compiled")) for name in FOLDERS}
PARTS = {("carousel", "into_gates")} | {
    ("normalisation", name)
    for name in ("_beside", "sizes_over_units", "of_batch", "over_batch", "back_over_units", "back_over_batch",
                 "back", "to_gain", "without_mean_onto")
}  # fmt: skip
"""Of functions, which are tested with them."""
FUNCTIONS = [
    (folder, name)
    for folder, (plain, _) in PAIRS.items()
    for name in own_functions(plain)
    if (folder, name) not in PARTS and folder != "normalisation"
]
NORMALISING = [name for name in own_functions(PAIRS["normalisation"][0]) if name != "_beside"]
LIMIT = {np.float32: 1e-6, np.float64: 2e-15}
each_precision = pytest.mark.parametrize("dtype", list(LIMIT))


ODD = [np.nan, np.inf, -np.inf, 0.0, 1e-40, -3e-42, 1e-30, 90.0, -90.0, -104.0, 1e8]


def values(name, rows, dtype, size, generator):
    """Ordinary numbers, small and large ones, and some that are odd; or a flag."""
    if name == "hands":
        return int(generator.integers(3))
    shape = (rows, size) if name in ("gates", "alphas", "p") else (size,)
    usual = generator.standard_normal(shape) * 10 ** generator.uniform(-3, 1.5, shape)
    return np.where(generator.random(shape) < 0.1, generator.choice(ODD, shape), usual).astype(dtype)


@pytest.mark.parametrize("folder", FOLDERS)
def test_both_offer_the_same_functions_with_the_same_arguments(folder):
    plain, compiled = (own_functions(module) for module in PAIRS[folder])
    parts = {part for owner, part in PARTS if owner == folder}
    assert plain.keys() - parts and plain.keys() - parts == compiled.keys() - parts
    for name in plain.keys() - parts:
        theirs = inspect.signature(plain[name]).parameters
        assert list(theirs) == list(inspect.signature(compiled[name]).parameters), name


@each_precision
@pytest.mark.parametrize("folder, name", FUNCTIONS)
@given(size=st.integers(1, 40), seed=st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_a_kernel_does_what_torch_does(folder, name, dtype, size, seed):
    """To rounding: in relation to the largest product that a unit's numbers can have."""
    plain, compiled = PAIRS[folder]
    names, generator = list(inspect.signature(getattr(plain, name)).parameters), np.random.default_rng(seed)
    blocks = 3 if folder == "gru" and name.startswith("before") else 4
    drawn = [values(each, 3 if each == "p" else blocks, dtype, size, generator) for each in names]
    mine, theirs = ([part if isinstance(part, int) else part.copy() for part in drawn] for _ in range(2))
    getattr(compiled, name)(*mine)
    getattr(plain, name)(*(part if isinstance(part, int) else torch.from_numpy(part) for part in theirs))
    sizes = np.abs(np.vstack([part for part in drawn if not isinstance(part, int)]).astype(np.float64))
    scale = np.max(sizes, axis=0, where=np.isfinite(sizes), initial=1) ** 3
    for each, left, right in zip(names, mine, theirs):
        if isinstance(left, int):
            continue
        left, right = (np.where(np.isfinite(part), part / scale, part) for part in (left, right))
        np.testing.assert_allclose(left, right, rtol=LIMIT[dtype], atol=LIMIT[dtype], err_msg=each)


@each_precision
@pytest.mark.parametrize("name", NORMALISING)
def test_a_kernel_over_units_does_what_torch_does(name, dtype):
    """Over units, over the batch and held: of two steps, three blocks, five units and four sequences, and of one of
    each."""
    plain, compiled = PAIRS["normalisation"]
    names, generator = list(inspect.signature(getattr(plain, name)).parameters), np.random.default_rng(0)
    for over, (T, q, H, N), squash in product((UNITS, BATCH, HELD), ((2, 3, 5, 4), (1, 1, 1, 1)), (False, True)):
        rows, flags = (T, q, H), {"over": over, "squash": squash, "first": int(squash)}
        shapes = {"gain": (q, H), "bias": (q, H), "inverse": (T, q, N) if over == UNITS else rows, "found": (2, q, H),
                  "mean": (T, q, 0) if over == UNITS else rows, "few": (T, 2, N), "weights": (q, H, 2)}  # fmt: skip
        if "first" in names:  # of more blocks than the product has
            shapes["alphas"] = (T, q + 1, H, N)
        shapes["variance"] = shapes["mean"]
        drawn = [flags[each] if each in flags else generator.random(shapes.get(each, (T, q, H, N))).astype(dtype)
                 for each in names]  # fmt: skip
        mine, theirs = ([part if isinstance(part, int) else part.copy() for part in drawn] for _ in range(2))
        getattr(compiled, name)(*mine)
        getattr(plain, name)(*(part if isinstance(part, int) else torch.from_numpy(part) for part in theirs))
        for each, left, right in zip(names, mine, theirs):
            np.testing.assert_allclose(left, right, rtol=500 * LIMIT[dtype], atol=500 * LIMIT[dtype], err_msg=each)


@each_precision
def test_tanh_and_the_logistic_function_are_exact_to_a_few_units_in_the_last_place(dtype):
    """Over the whole range, relative: a closed gate and the tanh of a tiny number keep their digits."""
    ends = np.geomspace(1e-37, 87, 20_000)
    x = np.concatenate([-ends, np.linspace(-20, 20, 20_001), ends]).astype(dtype)
    exact = x.astype(np.longdouble)
    tanh = x.copy()
    rnn_compiled.tanh(tanh)
    unit = np.finfo(dtype).eps
    assert np.max(np.abs(tanh - np.tanh(exact)) / np.maximum(np.abs(np.tanh(exact)), 1e-37)) < 3 * unit
    gates = np.tile(x, (4, 1))
    gru_compiled.before_reset(gates[:3], x, np.empty_like(x))
    logistic = 1 / (1 + np.exp(-exact))
    assert np.max(np.abs(gates[1] - logistic) / logistic) < 3 * unit


@each_precision
def test_subnormal_numbers_pass_through_tanh(dtype):
    tiny = np.array([1e-44, -1e-41, np.finfo(dtype).tiny / 4, 0], dtype)
    passed = tiny.copy()
    rnn_compiled.tanh(passed)
    np.testing.assert_array_equal(passed, tiny)


@pytest.fixture
def without_kernels(monkeypatch):
    """Every device but the CPU goes this way."""
    return lambda: monkeypatch.setattr(elementwise, "on_kernels", lambda tensor: False)


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


@pytest.mark.parametrize("cell", list(VARIANTS.values()), ids=list(VARIANTS))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_cell_without_compiled_functions_works_on_arrays_with_its_plain_ones(cell, dtype, monkeypatch):
    """To the bit what it computes on tensors."""
    case = draw(cell, 7, 3, 5, 2, seed=2, dtype=dtype)
    arriving = tuple(torch.randn_like(part) for part in case.state)
    choose = elementwise.choose
    with monkeypatch.context() as patch:
        patch.setattr(elementwise, "choose", lambda tensor, plain, compiled=None: choose(tensor, plain))
        on_arrays = ours(case, (3,), 0.2, arriving)
    monkeypatch.setattr(elementwise, "on_kernels", lambda tensor: False)
    on_tensors = ours(case, (3,), 0.2, arriving)
    assert on_arrays.keys() == on_tensors.keys()
    assert all(torch.equal(on_arrays[name], tensor) for name, tensor in on_tensors.items())


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
