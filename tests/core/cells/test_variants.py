"""The LSTM's variants against formulas of their own, and as the whole LSTM whose forget gate has fixed weights."""

import pytest
import torch

from core.anatomy import ANATOMIES
from core.backprop.judges import by_autograd, draw, ours, relative_error
from core.cells import LSTM, Peephole, cell_of, init_from_config
from core.cells.variants import SATURATED, folded, whole
from core.errors import ConfigError

KINDS = ["standard", "no-forget-gate", "coupled", "no-output-activation"]
THREE = ["no-forget-gate", "coupled"]
GATES = {kind: ("i", "g", "o") if kind in THREE else ("i", "f", "g", "o") for kind in KINDS}
each_kind = pytest.mark.parametrize("kind", KINDS)
each_owner = pytest.mark.parametrize("owner", [LSTM, Peephole])


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@each_owner
@each_kind
def test_forward_is_the_formula(owner, kind):
    """Greff 2017: NFG f = 1, CIFG f = 1 − i, NOAF h = o⊙c; with every block taken by hand."""
    cell = owner(variant=kind)
    case = draw(cell, 7, 3, 4, 2, seed=1, dtype=torch.float64)
    rows = {q: slice(4 * k, 4 * k + 4) for k, q in enumerate("ifgo" if len(case.params["bias_ih"]) == 16 else "igo")}
    p = case.params.get("weight_peephole", torch.zeros(3, 4).double())
    p = {"i": p[0], "f": p[1], "o": p[-1]}
    h, c = case.state
    trajectory = cell.forward(case.params, case.x, case.state)

    def total(q, x, seen):
        W, U, b, d = (case.params[name][rows[q]] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        return x @ W.T + h @ U.T + b + d + (0 if seen is None else p[q] * seen)

    for t, x in enumerate(case.x):
        i, g = total("i", x, c).sigmoid(), total("g", x, None).tanh()
        kept = {"no-forget-gate": c, "coupled": (1 - i) * c}
        c = (kept[kind] if kind in kept else total("f", x, c).sigmoid() * c) + i * g
        h = total("o", x, c).sigmoid() * (c if kind == "no-output-activation" else c.tanh())
        torch.testing.assert_close(trajectory.h[t + 1], h)
        torch.testing.assert_close(trajectory.c[t + 1], c)


@each_owner
@pytest.mark.parametrize("kind", THREE)
def test_three_blocks_are_the_whole_lstm_with_a_forget_gate_that_is_not_learnt(owner, kind):
    cell = owner(variant=kind)
    case = draw(cell, 8, 3, 5, 2, seed=2, dtype=torch.float64)
    four = {name: value.contiguous() for name, value in whole(case.params, kind).items()}
    mine, theirs = ours(case), ours(draw(owner(), 8, 3, 5, 2, seed=2, dtype=torch.float64))
    assert {name: value.shape for name, value in four.items()} == {
        name.removeprefix("∂L/∂"): value.shape for name, value in theirs.items() if name.startswith(("∂L/∂w", "∂L/∂b"))
    }
    trajectory = owner().forward(four, case.x, case.state)
    back = owner().backward(four, trajectory, case.grad_out)
    assert torch.equal(trajectory.h, mine["h"]) and torch.equal(trajectory.c, mine["c"])
    for t in range(9):
        assert torch.equal(back.grad_h[t], mine[f"∂L/∂h[{t}]"]) and torch.equal(back.grad_c[t], mine[f"∂L/∂c[{t}]"])
    own = cell.backward(case.params, cell.forward(case.params, case.x, case.state), case.grad_out)
    assert torch.equal(own.alphas, folded(back.alphas, kind, case.grad_out.shape[2]))
    i, f = (back.grads["weight_ih"].chunk(4)[k] for k in (0, 1))
    expected = i - f if kind == "coupled" else i
    torch.testing.assert_close(mine["∂L/∂weight_ih"][:5], expected)
    if kind == "no-forget-gate":
        assert (f == 0).all() and (trajectory.gates["f"] == 1).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@each_owner
def test_without_a_forget_gate_nothing_is_lost(owner, dtype):
    """f is 1 to the last bit: with the input gate shut c stands still, and so does its gradient."""
    cell = owner(variant="no-forget-gate")
    case = draw(cell, 50, 2, 4, 2, seed=3, dtype=dtype)
    case.params["bias_ih"][:4] = -SATURATED
    for name in ("weight_hh", "weight_peephole"):
        case.params.get(name, torch.zeros(())).zero_()
    case.grad_out[:-1] = 0
    trajectory = cell.forward(case.params, case.x, case.state)
    back = cell.backward(case.params, trajectory, case.grad_out)
    assert (trajectory.gates["f"] == 1).all() and all(torch.equal(c, case.state[1]) for c in trajectory.c)
    assert (back.grad_c[-1] != 0).all() and all(torch.equal(grad, back.grad_c[-1]) for grad in back.grad_c)


def test_a_shut_coupled_gate_keeps_its_digits():
    """1 − σ(30) is 0 in float32, σ(−30) is not; neither is what it lets back."""
    cell = LSTM(variant="coupled")
    case = draw(cell, 3, 2, 4, 2, seed=4, dtype=torch.float32)
    case.params["bias_ih"][:4] = 30
    exact = case.params | {name: value.double() for name, value in case.params.items()}
    f = cell.forward(case.params, case.x, case.state).gates["f"]
    assert (f > 0).all() and (1 - cell.forward(case.params, case.x, case.state).gates["i"] == 0).all()
    twin = cell.forward(exact, case.x.double(), tuple(part.double() for part in case.state)).gates["f"]
    torch.testing.assert_close(f.double(), twin, rtol=1e-5, atol=0)
    assert relative_error(ours(case)["∂L/∂c[0]"], by_autograd(case)["∂L/∂c[0]"]) < 1e-5


def test_without_the_output_activation_the_state_is_handed_out_as_it_is():
    cell = LSTM(variant="no-output-activation")
    case = draw(cell, 60, 2, 4, 2, seed=5, dtype=torch.float32)
    case.params["weight_hh"].zero_()
    case.params["bias_ih"][:] = 10  # every gate open and the candidate at 1: c counts the steps
    trajectory = cell.forward(case.params, case.x)
    assert 50 < float(trajectory.h[-1].min()) < 60 and torch.equal(
        trajectory.gates["o"] * trajectory.c[1:], trajectory.h[1:]
    )
    assert trajectory.saved["tanh_c"].data_ptr() == trajectory.saved["c"][1:].data_ptr()  # and takes no room of its own


@each_kind
@each_owner
def test_parameters_are_those_that_are_used(owner, kind):
    cell = owner(variant=kind)
    params = cell.init(3, 5, generator=generator())
    blocks = 3 if kind in THREE else 4
    assert len(GATES[kind]) == blocks and params["weight_hh"].shape == (5 * blocks, 5)
    assert set(cell.peepholes(params)) == (set(GATES[kind]) - {"g"} if owner is Peephole else set())
    config = ANATOMIES[cell.name](variant=kind)
    assert config.gate_names == GATES[kind] == cell_of(config).gate_names


def started(kind, **settings):
    config = ANATOMIES["lstm"](hidden_size=500, variant=kind, **settings)
    params = init_from_config(config, 2, 100, generator())
    return (params["bias_ih"] + params["bias_hh"]).view(len(config.gate_names), -1)


def test_a_forget_bias_on_a_coupled_gate_is_its_negative():
    assert (started("coupled", forget_bias=2.0)[0] == -2).all()
    assert torch.equal(started("no-forget-gate", forget_bias=2.0), started("no-forget-gate"))
    with pytest.raises(ConfigError, match="needs a forget gate"):
        LSTM(variant="no-forget-gate").init(2, 3, generator=generator(), forget_bias=1.0)


@each_kind
def test_chrono_spreads_what_there_is(kind):
    """log U(1, T−1) on f and its negative on i; a coupled gate says both, and without f the input gate has its part."""
    bias = started(kind, init="chrono")
    steps = (-bias[0]).exp()
    assert steps.min() * 1.001 >= 1 and steps.max() < 99.1 and abs(steps.mean() - 50) < 3
    if kind not in THREE:
        assert torch.equal(bias[1], -bias[0])
