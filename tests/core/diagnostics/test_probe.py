"""Forced gates and changed peepholes against autograd through the textbook's formulas with constants in them."""

import pytest
import torch

from core.backprop.judges import draw
from core.cells import GRU, LSTM, RNN, Peephole
from core.cells.variants import whole
from core.diagnostics.probe import before_nonlinearity, probed
from core.errors import UnrolledError
from core.network import Layer

GATED = [LSTM(), Peephole(), Peephole("gers"), GRU(), GRU("before")]
GATES = {gate.symbol: gate for cell in (LSTM(), GRU()) for gate in cell.anatomy.gates}
FORCES = [(cell, {gate: value}) for cell in GATED for gate in cell.gate_names for value in (0.0, 1.0, 0.3)]


def by_autograd(case, force):
    """{"h": ∂L/∂h (T+1, N, H), "c": …} with the forced gates replaced by their values."""
    history = [tuple(part.clone().requires_grad_() for part in case.state)]
    for x_t in case.x:
        history.append(_step(case, x_t, history[-1], force))
    loss = sum((grad * state[0]).sum() for grad, state in zip(case.grad_out, history[1:]))
    wanted = [part for state in history for part in state]
    grads = iter(torch.autograd.grad(loss, wanted, allow_unused=True, materialize_grads=True))
    rows = [[next(grads) for _ in state] for state in history]
    return {part: torch.stack([row[k] for row in rows]) for k, part in enumerate(case.cell.state_parts)}


def _step(case, x, state, force):
    def forced(gate, value):
        return torch.full_like(value, force[gate]) if gate in force else value

    P, h = case.params, state[0]
    if isinstance(case.cell, GRU):
        (U_r, U_z, U_n), (b_r, b_z, b_n) = P["weight_hh"].chunk(3), P["bias_hh"].chunk(3)
        r, z, n = (x @ P["weight_ih"].T + P["bias_ih"]).chunk(3, dim=1)
        r, z = forced("r", (r + h @ U_r.T + b_r).sigmoid()), forced("z", (z + h @ U_z.T + b_z).sigmoid())
        n = n + (r * (h @ U_n.T + b_n) if case.cell.reset == "after" else (r * h) @ U_n.T + b_n)
        return ((1 - z) * forced("n", n.tanh()) + z * h,)
    c = state[1]
    p_i, p_f, p_o = P.get("weight_peephole", torch.zeros(3, 1))

    def seen(c):
        return c.detach() if case.cell.stops_gradient else c

    i, f, g, o = (x @ P["weight_ih"].T + h @ P["weight_hh"].T + P["bias_ih"] + P["bias_hh"]).chunk(4, dim=1)
    i, f = forced("i", (i + p_i * seen(c)).sigmoid()), forced("f", (f + p_f * seen(c)).sigmoid())
    c = f * c + i * forced("g", g.tanh())
    return forced("o", (o + p_o * seen(c)).sigmoid()) * c.tanh(), c


@pytest.mark.parametrize("cell, force", FORCES, ids=str)
def test_a_forced_gate_is_a_constant(cell, force):
    case = draw(cell, 6, 2, 3, 2, seed=1, dtype=torch.float64)
    before = {name: value.clone() for name, value in case.params.items()}
    answer = probed(Layer(cell, case.params), case.x, lambda _: case.grad_out, force, state=case.state)
    for gate, value in force.items():
        torch.testing.assert_close(answer.trajectory.gates[gate], torch.full((6, 2, 3), value).double())
    theirs = by_autograd(case, force)
    torch.testing.assert_close(answer.back.grad_h, theirs["h"])
    if "c" in theirs:
        torch.testing.assert_close(answer.back.grad_c, theirs["c"])
    assert all(torch.equal(value, before[name]) for name, value in case.params.items())


@pytest.mark.parametrize("owner", [LSTM, Peephole])
@pytest.mark.parametrize("force", [{"f": 0.3}, {"f": 0.0}, {"i": 0.7, "o": 1.0}])
def test_a_coupled_gate_is_forced_from_either_side(owner, force):
    """As the whole cell with both gates forced."""
    cell = owner(variant="coupled")
    case = draw(cell, 6, 2, 3, 2, seed=1, dtype=torch.float64)
    answer = probed(Layer(cell, case.params), case.x, lambda _: case.grad_out, force, state=case.state)
    both = {"i": force.get("i", 1 - force.get("f", 0)), "f": force.get("f", 1 - force.get("i", 0))}
    four = whole(case.params, "coupled")
    theirs = probed(Layer(owner(), four), case.x, lambda _: case.grad_out, force | both, state=case.state)
    torch.testing.assert_close(answer.trajectory.gates, theirs.trajectory.gates)
    torch.testing.assert_close(answer.back.grad_h, theirs.back.grad_h)
    torch.testing.assert_close(answer.back.grad_c, theirs.back.grad_c)


def test_gates_that_a_variant_lacks_cannot_be_forced():
    case = draw(LSTM(variant="coupled"), 4, 2, 3, 2, seed=1, dtype=torch.float64)
    with pytest.raises(UnrolledError, match="one gate in this cell"):
        probed(Layer(case.cell, case.params), case.x, lambda _: case.grad_out, {"i": 0, "f": 1})
    with pytest.raises(UnrolledError, match=r"f is always 1\. Choose one of: i, g, o"):
        probed(Layer(LSTM(variant="no-forget-gate"), case.params), case.x, lambda _: case.grad_out, {"f": 0})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_open_and_shut_are_exact(dtype):
    case = draw(LSTM(), 5, 2, 3, 2, seed=0, dtype=dtype)
    answer = probed(Layer(LSTM(), case.params), case.x, lambda _: case.grad_out, {"f": 1, "i": 0, "g": -1})
    gates = answer.trajectory.gates
    assert (gates["f"] == 1).all() and (gates["i"] == 0).all() and (gates["g"] == -1).all()


def test_an_open_forget_gate_keeps_the_whole_gradient():
    case = draw(LSTM(), 60, 2, 8, 2, seed=0, dtype=torch.float32)
    grad_out = torch.zeros_like(case.grad_out)
    grad_out[-1] = 1

    def kept(force):
        flow = probed(Layer(LSTM(), case.params), case.x, lambda _: grad_out, force).profiles.flow
        return flow[0] / flow[-1]

    assert kept({}) < 1e-8 < 0.1 < kept({"f": 1, "i": 0})


def test_grad_fn_sees_what_the_changed_cell_made():
    case = draw(LSTM(), 5, 2, 3, 2, seed=0, dtype=torch.float64)
    answer = probed(Layer(LSTM(), case.params), case.x, lambda trajectory: trajectory.h[1:], {"o": 0})
    assert (answer.back.grad_h == 0).all()


def test_peepholes_removed_leave_an_lstm():
    case = draw(Peephole(), 6, 2, 3, 2, seed=2, dtype=torch.float64)
    answer = probed(Layer(Peephole(), case.params), case.x, lambda _: case.grad_out, peepholes="removed")
    plain = {name: value for name, value in case.params.items() if name != "weight_peephole"}
    back = LSTM().backward(plain, LSTM().forward(plain, case.x), case.grad_out)
    torch.testing.assert_close(answer.back.grad_c, back.grad_c)


def test_peepholes_cut_are_gers_on_the_same_weights_and_states():
    case = draw(Peephole(), 6, 2, 3, 2, seed=2, dtype=torch.float64)
    answer = probed(Layer(Peephole(), case.params), case.x, lambda _: case.grad_out, peepholes="cut", state=case.state)
    trajectory = Peephole().forward(case.params, case.x, case.state)
    gers = Peephole("gers").backward(case.params, trajectory, case.grad_out)
    assert torch.equal(answer.trajectory.h, trajectory.h)
    assert torch.equal(answer.back.grad_c, gers.grad_c)
    assert not torch.equal(gers.grad_c, Peephole().backward(case.params, trajectory, case.grad_out).grad_c)


def test_values_within_reach_and_out_of_it():
    assert torch.sigmoid(torch.tensor(before_nonlinearity(GATES["f"], 0.2))).item() == pytest.approx(0.2)
    assert torch.tanh(torch.tensor(before_nonlinearity(GATES["g"], -0.2))).item() == pytest.approx(-0.2)
    for gate, value in (("f", -0.1), ("z", 1.1), ("g", -1.1), ("f", float("nan"))):
        with pytest.raises(UnrolledError, match="must lie between"):
            before_nonlinearity(GATES[gate], value)


@pytest.mark.parametrize(
    "cell, arguments, sentence",
    [
        (RNN(), {"force": {"f": 1}}, "has no gates"),
        (GRU(), {"force": {"f": 1}}, "Choose one of: r, z, n"),
        (LSTM(), {"peepholes": "removed"}, "Choose the peephole LSTM"),
    ],
)
def test_what_a_cell_lacks_is_said(cell, arguments, sentence):
    case = draw(cell, 3, 1, 2, 1, seed=0, dtype=torch.float32)
    with pytest.raises(UnrolledError, match=sentence):
        probed(Layer(cell, case.params), case.x, lambda _: case.grad_out, **arguments)
