"""All cells: forward and backward against autograd, torch.nn and central differences, over random shapes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.backprop.judges import by_autograd, by_differences, by_torch, draw, ours, relative_error
from core.cells import CELLS, GRU, LSTM, RNN, Peephole, cell_of, init_from_config
from core.check import VARIANTS
from core.config import CELL_CONFIGS

CELLS_UNDER_TEST = list(VARIANTS.values())
each_cell = pytest.mark.parametrize("cell", CELLS_UNDER_TEST, ids=list(VARIANTS))
size = st.integers(1, 6)
shapes = st.tuples(st.integers(1, 9), size, size, size)  # T N H C


def assert_agree(mine, theirs, limit):
    for name, tensor in theirs.items():
        assert relative_error(mine[name], tensor) <= limit, name


@given(cell=st.sampled_from(CELLS_UNDER_TEST), shape=shapes, seed=st.integers(0, 2**31), data=st.data())
@settings(max_examples=150, deadline=None)
def test_agrees_with_autograd_for_any_shape_and_cuts(cell, shape, seed, data):
    cuts = data.draw(st.sets(st.integers(0, shape[0] - 1)))
    case = draw(cell, *shape, seed=seed, dtype=torch.float64)
    mine, theirs = ours(case, cuts), by_autograd(case, cuts)
    assert mine.keys() == theirs.keys()
    assert_agree(mine, theirs, 1e-9)


@each_cell
@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 3, 2, 1), (7, 1, 5, 4), (5, 2, 1, 3)])
def test_agrees_with_torch_nn_and_differences(cell, shape):
    case = draw(cell, *shape, seed=3, dtype=torch.float64)
    for judge, limit in ((by_torch, 1e-9), (by_differences, 1e-6)):
        theirs = judge(case)
        assert_agree(ours(case), theirs or {}, limit)


@each_cell
def test_initial_state_is_zero_by_default(cell):
    case = draw(cell, 4, 2, 3, 2, seed=0, dtype=torch.float32)
    zeros = tuple(torch.zeros_like(part) for part in case.state)
    assert torch.equal(cell.forward(case.params, case.x).h, cell.forward(case.params, case.x, zeros).h)


@each_cell
def test_shapes_names_and_bits(cell):
    T, N, H, C = 5, 2, 3, 4
    case = draw(cell, T, N, H, C, seed=0, dtype=torch.float32)
    trajectory = cell.forward(case.params, case.x, case.state)
    back = cell.backward(case.params, trajectory, case.grad_out)
    assert trajectory.h.shape == back.grad_h.shape == (T + 1, N, H)
    assert (trajectory.c is None) == (back.grad_c is None) == (cell.state_parts == ("h",))
    assert {name: gate.shape for name, gate in trajectory.gates.items()} == dict.fromkeys(cell.gate_names, (T, N, H))
    assert {name: grad.shape for name, grad in back.grads.items()} == {k: v.shape for k, v in case.params.items()}
    assert all(grad.is_contiguous() for grad in back.grads.values())
    again = cell.backward(case.params, cell.forward(case.params, case.x, case.state), case.grad_out)
    assert all(torch.equal(again.grads[name], grad) for name, grad in back.grads.items())


@each_cell
def test_gates_are_those_of_the_textbook_step(cell):
    case = draw(cell, 4, 2, 3, 2, seed=1, dtype=torch.float64)
    trajectory = cell.forward(case.params, case.x, case.state)
    state = case.state
    for t, x_t in enumerate(case.x):
        state, gates = cell.step(case.params, x_t, state)
        assert list(gates) == list(cell.gate_names)
        for name, gate in gates.items():
            torch.testing.assert_close(trajectory.gates[name][t], gate)


@each_cell
def test_backward_can_be_repeated_and_without_parameters(cell):
    case = draw(cell, 6, 2, 3, 2, seed=1, dtype=torch.float64)
    trajectory = cell.forward(case.params, case.x, case.state)
    first = cell.backward(case.params, trajectory, case.grad_out)
    second = cell.backward(case.params, trajectory, case.grad_out, parameters=False)
    assert second.grads == {}
    assert torch.equal(first.grad_h, second.grad_h)


@each_cell
def test_saturated_gates_keep_their_digits(cell):
    case = draw(cell, 6, 3, 4, 2, seed=2, dtype=torch.float32)
    if not cell.gate_names:
        pytest.skip("no gates")
    half = len(case.params["bias_ih"]) // 2
    case.params["bias_ih"][:half] += 9  # σ(9) = 1 − 1.2e-4: q − q² would keep three digits
    theirs = by_autograd(case)
    mine = ours(case)
    assert_agree(mine, theirs, 5e-6)


@each_cell
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_passes_through(cell, value):
    case = draw(cell, 5, 2, 3, 2, seed=0, dtype=torch.float32)
    case.params["weight_ih"][:] = value
    trajectory = cell.forward(case.params, case.x, case.state)
    back = cell.backward(case.params, trajectory, case.grad_out)
    assert back.grads["weight_hh"].shape == case.params["weight_hh"].shape
    if value != value:
        assert trajectory.h[1:].isnan().all()
        assert back.grads["weight_hh"].isnan().any()


@each_cell
def test_a_cut_leaves_the_local_gradient_alone(cell):
    case = draw(cell, 8, 4, 16, 2, seed=0, dtype=torch.float64)
    back = cell.backward(case.params, cell.forward(case.params, case.x, case.state), case.grad_out, cuts=[3])
    assert torch.equal(back.grad_h[3], case.grad_out[2])
    only_last = torch.zeros_like(case.grad_out)
    only_last[-1] = 1
    back = cell.backward(case.params, cell.forward(case.params, case.x, case.state), only_last, cuts=[3])
    assert (back.grad_h[:4] == 0).all()
    assert (back.grad_h[4:] != 0).flatten(1).any(dim=1).all()


def test_cell_of_finds_every_variant():
    assert [cell_of(config()).name for config in CELL_CONFIGS.values()] == list(CELL_CONFIGS) == list(CELLS)
    assert cell_of(CELL_CONFIGS["rnn"](activation="relu")) == RNN("relu")
    assert cell_of(CELL_CONFIGS["lstm"]()) == LSTM()
    assert cell_of(CELL_CONFIGS["peephole"](peephole_gradient="gers")) == Peephole("gers")
    assert cell_of(CELL_CONFIGS["gru"](reset="before")) == GRU("before")


def test_init_from_config_takes_all_its_settings():
    config = CELL_CONFIGS["lstm"](hidden_size=6, init="orthogonal", forget_bias=2.0)
    params = init_from_config(config, 3, 20, torch.Generator().manual_seed(0))
    assert params["weight_ih"].shape == (24, 3)
    assert (params["bias_ih"] + params["bias_hh"])[6:12].tolist() == [2.0] * 6
