"""The gradient's parts by path, against autograd with paths cut off, and against the whole gradient."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.backprop.judges import Case, draw, relative_error
from core.backprop.profiles import profiles
from core.cells import GRU, LSTM, VARIANTS, Peephole
from core.diagnostics.paths import carried, paths, shares
from core.network import Layer

each_variant = pytest.mark.parametrize("name", VARIANTS)
GATED = [LSTM(), Peephole(), Peephole("gers"), GRU(), GRU("before")]
LACKING = [LSTM(variant="no-forget-gate"), Peephole(variant="coupled"), Peephole(variant="no-output-activation")]
each_gated = pytest.mark.parametrize("cell", [*GATED, *LACKING], ids=str)


def case_of(cell, T=7, N=3, H=4, seed=0, dtype=torch.float64):
    case = draw(cell, T, N, H, 2, seed=seed, dtype=dtype)
    case.params["weight_hh"] *= 2  # so that the gates' paths count
    return case


def found(case, cuts=(), resets=()):
    trajectory = case.cell.forward(case.params, case.x, case.state, resets=resets)
    return paths(Layer(case.cell, case.params), trajectory, case.grad_out, cuts)


@each_variant
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("cuts, resets", [((), ()), ((3, 5), ()), ((0,), (4, 8))])
def test_the_parts_sum_to_the_gradient(name, dtype, cuts, resets):
    case = case_of(VARIANTS[name], T=12, dtype=dtype)
    parts = found(case, cuts, resets)
    trajectory = case.cell.forward(case.params, case.x, case.state, resets=resets)
    back = case.cell.backward(case.params, trajectory, case.grad_out, cuts=cuts)
    limit = 1e-12 if dtype == torch.float64 else 1e-5  # the measured pass's own float32 rounding
    assert relative_error(back.grad_h, sum(parts.h.values())) < limit
    assert relative_error(parts.total_h, sum(parts.h.values())) < 1e-12
    if back.grad_c is not None:
        assert relative_error(back.grad_c, sum(parts.c.values())) < limit
        assert relative_error(parts.total_c, sum(parts.c.values())) < 1e-12


@each_variant
def test_names(name):
    cell = VARIANTS[name]
    first = {"rnn": ["recurrent"], "gru": ["leak"]}.get(cell.name, ["carousel"])
    assert found(case_of(cell)).names == first + list(cell.gate_names)


@each_gated
@pytest.mark.parametrize("t", range(6))
def test_every_part_is_what_autograd_sends_along_that_path_alone(cell, t):
    case = case_of(cell, T=5)
    parts = found(case)
    for path in parts.names:
        for part, values in (("h", parts.h), ("c", parts.c)):
            if values is not None:
                theirs = along(case, t, part, path)
                torch.testing.assert_close(values[path][t], theirs, rtol=1e-10, atol=1e-14, msg=f"{path} {part}[{t}]")


def along(case: Case, t: int, part: str, path: str) -> torch.Tensor:
    """∂L/∂d, where d is added to the state at t, rides on the carousel or leak alone, and is seen by gate ``path``
    alone, of every later step; once seen, every way is open. Seen by no gate, d counts in the loss itself."""
    trajectory = case.cell.forward(case.params, case.x, case.state)
    d = torch.zeros_like(case.state[0], requires_grad=True)
    one_step = _gru if isinstance(case.cell, GRU) else _lstm
    state = tuple(s[t] for s in (trajectory.h, trajectory.c) if s is not None)
    riding = tuple(d if name == part else torch.zeros_like(d) for name in case.cell.state_parts)
    if len(state) > 1 and part == "c" and t > 0:  # total derivatives: c makes the h of its own step
        before = (trajectory.h[t - 1], trajectory.c[t - 1])
        state, riding = _lstm(case, before, (torch.zeros_like(d), d), case.x[t - 1], path, arrived=True)
    loss = 0 * d.sum()
    for k in range(t, len(case.x) + 1):
        if k > 0:
            seen = riding[0] if path in ("carousel", "leak") else 0
            loss = loss + (case.grad_out[k - 1] * (state[0] + seen)).sum()
        if k < len(case.x):
            state, riding = one_step(case, state, riding, case.x[k], path)
    return torch.autograd.grad(loss, d)[0]


def _lstm(case, state, riding, x, path, arrived=False):
    """``arrived``: d has just come onto the new c, instead of riding from the old one."""
    (h, c), (d_h, d_c) = state, riding
    names, kind = case.cell.gate_names, case.cell.variant
    peepholes = dict(zip([q for q in names if q != "g"], case.params.get("weight_peephole", torch.zeros(3, 1))))
    stop = case.cell.stops_gradient

    def total(q, c, d_c):
        mine, place = path == q and not (arrived and q != "o"), names.index(q)
        W, U, b, b2 = (
            case.params[n].chunk(len(names))[place] for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        seen_c = c + (d_c if mine else 0)
        seen_h = h + (d_h if mine else 0)
        return x @ W.T + b + b2 + seen_h @ U.T + peepholes.get(q, 0) * (seen_c.detach() if stop else seen_c)

    i, g = total("i", c, d_c).sigmoid(), total("g", c, d_c).tanh()
    fixed = {"no-forget-gate": torch.ones_like(i), "coupled": 1 - i}
    f = fixed[kind] if kind in fixed else total("f", c, d_c).sigmoid()
    c = f * c + i * g
    d_c = d_c if arrived else f.detach() * d_c
    o = total("o", c, d_c).sigmoid()
    if kind == "no-output-activation":
        return (o * c, c), (o.detach() * d_c, d_c)
    return (o * c.tanh(), c), ((o * (1 - c.tanh() ** 2)).detach() * d_c, d_c)


def _gru(case, state, riding, x, path):
    (h,), (d,) = state, riding
    U_r, U_z, U_n = case.params["weight_hh"].chunk(3)
    b_r, b_z, b_n = case.params["bias_hh"].chunk(3)
    r, z, n = (x @ case.params["weight_ih"].T + case.params["bias_ih"]).chunk(3, dim=1)
    h_r, h_z, h_n = (h + (d if path == q else 0) for q in "rzn")
    r, z = (r + h_r @ U_r.T + b_r).sigmoid(), (z + h_z @ U_z.T + b_z).sigmoid()
    n = (n + (r * (h_n @ U_n.T + b_n) if case.cell.reset == "after" else (r * h_n) @ U_n.T + b_n)).tanh()
    return ((1 - z) * n + z * h,), (z.detach() * d,)


def test_the_carousel_is_the_product_of_the_forget_gates():
    case = case_of(LSTM(), T=9)
    grad_out = torch.zeros_like(case.grad_out)
    grad_out[-1] = case.grad_out[-1]
    trajectory = case.cell.forward(case.params, case.x, case.state)
    parts = paths(Layer(case.cell, case.params), trajectory, grad_out)
    for t in range(9):
        kept = trajectory.gates["f"][t:].prod(dim=0) * parts.c["carousel"][9]
        torch.testing.assert_close(parts.c["carousel"][t], kept)


def test_carried_along_by_hand():
    u = carried(torch.tensor([2.0, 3.0]), torch.tensor([1.0, 1.0, 1.0]))
    assert u.tolist() == [9, 4, 1]
    assert carried(torch.tensor([2.0, 3.0]), torch.tensor([1.0, 1.0, 1.0]), frozenset([1])).tolist() == [3, 1, 1]


@each_variant
def test_shares_sum_to_one_and_parts_to_the_flow(name):
    case = case_of(VARIANTS[name], T=10)
    result = shares(found(case))
    back = case.cell.backward(case.params, case.cell.forward(case.params, case.x, case.state), case.grad_out)
    np.testing.assert_allclose(result.flow, profiles(back).flow, rtol=1e-12)
    np.testing.assert_allclose(sum(result.part.values()), result.flow, rtol=1e-10)
    np.testing.assert_allclose(sum(result.share.values()), 1, rtol=1e-10)
    for path, norm in result.norm.items():
        assert (np.abs(result.part[path]) <= norm * (1 + 1e-12)).all()


def test_open_forget_gates_leave_everything_to_the_carousel():
    case = case_of(LSTM(), T=30)
    for name in ("weight_hh", "weight_ih"):
        case.params[name] *= 0.01
    case.params["bias_ih"][4:8] += 12
    grad_out = torch.zeros_like(case.grad_out)
    grad_out[-1] = 1
    result = shares(paths(Layer(case.cell, case.params), case.cell.forward(case.params, case.x, case.state), grad_out))
    assert (result.share["carousel"][:-2] > 0.95).all()  # one step back the output gate still has its say
    np.testing.assert_allclose(result.gates("carousel"), 1 - result.share["carousel"], atol=1e-12)


def test_no_gradient_has_no_shares():
    case = case_of(GRU(), T=6)
    silent = replace(case, grad_out=torch.zeros_like(case.grad_out))
    result = shares(found(silent))
    assert (result.flow == 0).all() and all(np.isnan(share).all() for share in result.share.values())


@each_gated
def test_what_is_not_finite_passes_through(cell):
    case = case_of(cell, T=6)
    case.x[2] = torch.nan
    result = shares(found(case))
    assert np.isnan(result.flow[:2]).all()
