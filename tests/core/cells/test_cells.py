"""All cells: forward and backward against autograd, torch.nn and central differences, over random shapes."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.anatomy import ANATOMIES
from core.backprop.judges import by_autograd, by_differences, by_torch, draw, ours, relative_error
from core.cells import CELLS, GRU, LSTM, RNN, VARIANTS, Peephole, cell_of, init_from_config

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


@given(
    cell=st.sampled_from(CELLS_UNDER_TEST),
    shape=shapes,
    seed=st.integers(0, 2**31),
    clamp=st.floats(1e-3, 3),
    data=st.data(),
)
@settings(max_examples=100, deadline=None)
def test_a_clamped_carry_and_what_arrives_from_beyond_agree_with_autograd(cell, shape, seed, clamp, data):
    cuts = data.draw(st.sets(st.integers(0, shape[0] - 1), max_size=2))
    case = draw(cell, *shape, seed=seed, dtype=torch.float64)
    arriving = tuple(torch.randn_like(part) for part in case.state)
    assert_agree(ours(case, cuts, clamp, arriving), by_autograd(case, cuts, clamp, arriving), 1e-9)


@each_cell
def test_a_wide_clamp_changes_no_bit_and_a_narrow_one_bounds_the_carry(cell):
    case = draw(cell, 9, 3, 5, 2, seed=4, dtype=torch.float32)
    free, wide, narrow = (ours(case, clamp=clamp) for clamp in (None, 1e30, 0.01))
    assert_agree(wide, free, 1e-6)
    assert any(relative_error(narrow[name], tensor) > 0.01 for name, tensor in free.items())
    for t in range(9):
        local = case.grad_out[t - 1] if t else torch.zeros(3, 5)
        assert (narrow[f"∂L/∂h[{t}]"] - local).abs().max() <= 0.01 * (1 + 1e-4)


@given(cell=st.sampled_from(CELLS_UNDER_TEST), shape=shapes, seed=st.integers(0, 2**31), data=st.data())
@settings(max_examples=60, deadline=None)
def test_parameter_gradients_of_ranges_sum_to_the_whole(cell, shape, seed, data):
    edges = sorted(data.draw(st.sets(st.integers(0, shape[0]), max_size=4)) | {0, shape[0]})
    case = draw(cell, *shape, seed=seed, dtype=torch.float64)
    trajectory = cell.forward(case.params, case.x, case.state)
    back = cell.backward(case.params, trajectory, case.grad_out)
    assert back.alphas.shape[::2] == (shape[0], shape[1])
    parts = [cell.parameter_gradients(trajectory, back.alphas, *between) for between in pairwise(edges)]
    for name, whole in back.grads.items():
        assert relative_error(sum(part[name] for part in parts), whole) < 1e-9
    assert all(torch.equal(cell.parameter_gradients(trajectory, back.alphas)[k], v) for k, v in back.grads.items())


@each_cell
def test_the_gradient_of_one_step_is_that_of_its_own_weights(cell):
    """Autograd with another copy of the weights at every step."""
    case = draw(cell, 5, 3, 4, 2, seed=7, dtype=torch.float64)
    trajectory = cell.forward(case.params, case.x, case.state)
    alphas = cell.backward(case.params, trajectory, case.grad_out, parameters=False).alphas
    copies = [{name: tensor.clone().requires_grad_() for name, tensor in case.params.items()} for _ in case.x]
    state, loss = case.state, torch.zeros(())
    for params, x_t, grad in zip(copies, case.x, case.grad_out):
        state, _ = cell.step(params, x_t, state)
        loss = loss + (grad * state[0]).sum()
    for t, params in enumerate(copies):
        theirs = dict(zip(params, torch.autograd.grad(loss, list(params.values()), retain_graph=True)))
        assert_agree(cell.parameter_gradients(trajectory, alphas, t, t + 1), theirs, 1e-9)


@each_cell
@pytest.mark.parametrize("clamp", [None, 0.2])
def test_windows_in_turn_give_what_one_pass_gives(cell, clamp):
    """The later window's ∂L/∂state[0] is what arrives at the end of the earlier one."""
    case = draw(cell, 9, 3, 4, 2, seed=2, dtype=torch.float64)
    trajectory = cell.forward(case.params, case.x, case.state)
    whole = cell.backward(case.params, trajectory, case.grad_out, clamp=clamp)
    arriving, total = None, {}
    for first, stop in ((6, 9), (5, 6), (0, 5)):
        part = trajectory.between(first, stop)
        assert torch.equal(part.h, trajectory.h[first : stop + 1])
        back = cell.backward(case.params, part, case.grad_out[first:stop], clamp=clamp, arriving=arriving)
        torch.testing.assert_close(back.grad_h[1:], whole.grad_h[first + 1 : stop + 1])
        arriving = tuple(grad[0] for grad in (back.grad_h, back.grad_c) if grad is not None)
        total = {name: grad + total.get(name, 0) for name, grad in back.grads.items()}
    assert_agree(total, whole.grads, 1e-9)


@each_cell
def test_a_part_of_a_trajectory_is_the_trajectory_of_that_part(cell):
    case = draw(cell, 8, 2, 4, 3, seed=5, dtype=torch.float64)
    whole = cell.forward(case.params, case.x, case.state)
    part = whole.between(3, 6)
    state = tuple(states[3] for states in (whole.h, whole.c) if states is not None)
    again = cell.forward(case.params, case.x[3:6], state)
    assert torch.equal(part.x, case.x[3:6])
    assert part.gates.keys() == again.gates.keys()
    assert all(torch.allclose(part.saved[name], values) for name, values in again.saved.items())


@each_cell
def test_tiled_sequences_behave_like_their_originals(cell):
    N, k = 3, 4
    case = draw(cell, 6, N, 4, 2, seed=6, dtype=torch.float64)
    trajectory = cell.forward(case.params, case.x, case.state)
    tiled, grad_out = trajectory.tiled(k), case.grad_out.repeat(1, k, 1)
    grad_out[:, N:] *= 2
    assert torch.equal(tiled.h, trajectory.h.repeat(1, k, 1))
    assert torch.equal(tiled.x, case.x.repeat(1, k, 1))
    once, many = (cell.backward(case.params, *pass_) for pass_ in ((trajectory, case.grad_out), (tiled, grad_out)))
    torch.testing.assert_close(many.grad_h[:, :N], once.grad_h)
    torch.testing.assert_close(many.grad_h[:, -N:], 2 * once.grad_h)
    assert_agree(many.grads, {name: (2 * k - 1) * grad for name, grad in once.grads.items()}, 1e-9)


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
    assert set(cell.gate_names) <= trajectory.gates.keys()
    assert {gate.shape for gate in trajectory.gates.values()} <= {(T, N, H)}
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
        assert list(gates) == list(trajectory.gates)
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
    assert_agree(mine, theirs, 2e-5)  # without a forget gate c grows, and 1 − tanh²c loses digits in both


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
    assert [cell_of(config()).name for config in ANATOMIES.values()] == list(ANATOMIES) == list(CELLS)
    assert cell_of(ANATOMIES["rnn"](activation="relu")) == RNN("relu")
    assert cell_of(ANATOMIES["lstm"]()) == LSTM()
    assert cell_of(ANATOMIES["peephole"](peephole_gradient="gers")) == Peephole("gers")
    assert cell_of(ANATOMIES["gru"](reset="before")) == GRU("before")
    assert cell_of(ANATOMIES["lstm"](variant="coupled")) == LSTM(variant="coupled")
    stopped = ANATOMIES["peephole"](peephole_gradient="gers", variant="no-forget-gate")
    assert cell_of(stopped) == Peephole("gers", variant="no-forget-gate")


def test_init_from_config_takes_all_its_settings():
    config = ANATOMIES["lstm"](hidden_size=6, init="orthogonal", forget_bias=2.0)
    params = init_from_config(config, 3, 20, torch.Generator().manual_seed(0))
    assert params["weight_ih"].shape == (24, 3)
    assert (params["bias_ih"] + params["bias_hh"])[6:12].tolist() == [2.0] * 6
