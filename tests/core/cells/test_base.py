"""A cell that writes its steps and nothing else: its passes are right, and what it does not say is refused by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import ClassVar, Literal, final

import pytest
import torch
from torch import Tensor

from core.anatomy import Anatomy, Gate, State
from core.anatomy.base import H_STATE, HiddenSize
from core.backprop.judges import by_autograd, by_differences, draw, ours, relative_error
from core.cells import LSTM, RECURRENT, RNN, VARIANTS, Cell, OneLayer, Params, Trajectory, elementwise
from core.cells.one_layer import AtStep
from core.cells.products import input_products, weight_gradient
from core.cells.trajectory import before, came_from
from core.diagnostics.paths import paths
from core.diagnostics.probe import probed
from core.errors import UnrolledError
from core.network import Layer


class HalvingAnatomy(Anatomy):
    """c = c₋/2 + tanh(W x + U h₋ + b), h = c²."""

    word: ClassVar[str] = "Halving cell"
    states: ClassVar[tuple[State, ...]] = (H_STATE, State("c", "cell state"))

    name: Literal["halving"] = "halving"
    hidden_size: HiddenSize = 4
    init: Literal["default"] = "default"

    @property
    def gates(self) -> tuple[Gate, ...]:
        return ()


plain = ModuleType("plain")
exec(
    """
def forward(n, c_before, c, h):
    n.tanh_()
    c.copy_(c_before / 2 + n)
    h.copy_(c * c)


def backward(n, c, m_h, m_c, alpha, to_c):
    m_c.add_(2 * c * m_h)
    alpha.copy_((1 - n * n) * m_c)
    to_c.copy_(m_c / 2)
""",
    vars(plain),
)


@final
@dataclass(frozen=True)
class Halving(OneLayer):
    """What a new cell must have, and no compiled functions."""

    anatomy_type: ClassVar[type[Anatomy]] = HalvingAnatomy

    def step(self, params: Params, x_t: Tensor, state: tuple[Tensor, ...]):
        h, c = state
        b = params["bias_ih"] + params["bias_hh"]
        c = c / 2 + torch.tanh(x_t @ params["weight_ih"].T + h @ params["weight_hh"].T + b)
        return (c * c, c), {}

    def _forward(
        self, params: Params, saved: dict[str, Tensor], resets: Collection[int]
    ) -> tuple[AtStep, Mapping[str, int]]:
        h, c, do = saved["h"], saved["c"], elementwise.choose(saved["h"], plain)
        n = saved["n"] = input_products(params["weight_ih"], params["bias_ih"] + params["bias_hh"], saved["inputs"])
        came, c_came, slabs = before(h, resets), elementwise.before(c, resets), n.unbind()
        ns, cs, hs = (elementwise.steps(part) for part in (n, c[1:], h[1:]))

        def step(t: int) -> None:
            slabs[t].addmm_(params["weight_hh"], came[t])
            do.forward(ns[t], c_came[t], cs[t], hs[t])

        return step, {}

    def _backward(self, params: Params, saved: dict[str, Tensor], grads: dict[str, Tensor]) -> tuple[AtStep, Tensor]:
        do, alphas, U_back = elementwise.choose(grads["h"], plain), torch.empty_like(saved["n"]), params["weight_hh"].T
        ns, cs, flat = (elementwise.steps(part) for part in (saved["n"], saved["c"][1:], alphas))
        m_h, m_c = (elementwise.steps(grads[part]) for part in ("h", "c"))

        def step(t: int) -> None:
            do.backward(ns[t], cs[t], m_h[t + 1], m_c[t + 1], flat[t], m_c[t])
            grads["h"][t].addmm_(U_back, alphas[t])

        return step, alphas.unsqueeze(1)

    def _parameters(self, alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        product, H = weight_gradient(alphas, came_from(saved, "h"), saved["inputs"]), alphas.shape[1]
        b = product[:, -1]
        return {"weight_ih": product[:, H:-1], "weight_hh": product[:, :H], "bias_ih": b.clone(), "bias_hh": b.clone()}


def case_of(cell: Cell, dtype: torch.dtype = torch.float64):
    return draw(cell, 7, 3, 4, 2, seed=3, dtype=dtype)


def trajectory_of(cell: Cell) -> tuple[Layer, Trajectory, Tensor]:
    case = case_of(cell)
    return Layer(cell, case.params), cell.forward(case.params, case.x, case.state), case.grad_out


@pytest.mark.parametrize("dtype, limit", [(torch.float64, 1e-9), (torch.float32, 1e-5)])
@pytest.mark.parametrize("cuts, clamp", [((), None), ((2, 5), None), ((4,), 0.2)])
def test_the_loops_around_its_steps_are_right(dtype, limit, cuts, clamp):
    case = case_of(Halving(), dtype)
    arriving = tuple(torch.randn_like(part) for part in case.state)
    mine, theirs = ours(case, cuts, clamp, arriving), by_autograd(case, cuts, clamp, arriving)
    assert mine.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert relative_error(mine[name], tensor) <= limit, name


def test_differences_agree():
    case = case_of(Halving())
    for name, tensor in (by_differences(case) or {}).items():
        assert relative_error(ours(case)[name], tensor) <= 1e-6, name


def test_a_reset_begins_another_sequence():
    layer, _, _ = trajectory_of(Halving())
    x = case_of(Halving()).x
    whole = layer.forward(x, resets=(4,))
    for first, stop in ((0, 4), (4, 7)):
        torch.testing.assert_close(whole.h[first + 1 : stop + 1], layer.forward(x[first:stop]).h[1:])
    assert not whole.gone_on_from["c"][4].any() and whole.gone_on_from["c"][5].any()


def test_what_it_says_follows_from_its_anatomy():
    cell = Halving()
    assert (cell.name, cell.state_parts, cell.sum_names) == ("halving", ("h", "c"), (RECURRENT,))
    assert cell.anatomy == HalvingAnatomy() and cell.torch_layer(2, 4) is None
    assert cell.analytic and not cell.stops_gradient and cell.peepholes({}) == {}


LACKING = {
    "which parts its sums have": lambda cell, layer, way: cell.sums(layer.params, way),
    "what each gate hands back": lambda cell, layer, way: cell.handed_back(layer.params, way, {}),
    "how its states hang together within a step": lambda cell, layer, way: cell.handed_within(layer.params, way, way.h),
    "which numbers stand on its drawing": lambda cell, layer, way: cell.diagram(layer.params, way, {}, 0, {}),
    "how h follows from another part of its state": lambda cell, layer, way: cell.h_of(
        layer.params, way.x[0], (), way.c
    ),
    "what stands in the place of gates": lambda cell, layer, way: cell.slope(way),
}


@pytest.mark.parametrize("what", LACKING)
def test_a_formula_that_it_lacks_is_refused_with_a_sentence_that_names_it(what):
    layer, way, _ = trajectory_of(Halving())
    sentence = rf"`cell\.name` \(=halving\) does not say {what}, which this asks for\. Choose another `cell\.name`"
    with pytest.raises(UnrolledError, match=sentence):
        LACKING[what](layer.cell, layer, way)


def test_questions_that_need_what_it_lacks_are_refused_and_not_answered_as_for_another_cell():
    layer, way, grad_out = trajectory_of(Halving())
    with pytest.raises(UnrolledError, match="which way its gradient takes past its sums"):
        paths(layer, way, grad_out)
    with pytest.raises(UnrolledError, match="needs a cell with peepholes, which the cell `halving` lacks"):
        probed(layer, way.x, lambda _: grad_out, peepholes="removed")


def test_a_cell_that_has_no_c_has_nothing_between_its_states():
    layer, way, _ = trajectory_of(RNN())
    assert layer.cell.handed_within(layer.params, way, way.h) is None
    with pytest.raises(UnrolledError, match=r"\(=lstm\) does not say what stands in the place of gates"):
        LSTM().slope(way)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_cells_that_there_are_lack_nothing(name):
    cell = VARIANTS[name]
    layer, way, grad_out = trajectory_of(cell)
    back = layer.backward(way, grad_out)
    alphas = cell.at_sums(way, back)
    by_input, by_state = cell.sums(layer.params, way)
    handed = cell.handed_back(layer.params, way, alphas)
    assert list(alphas) == list(by_input) == list(by_state) == list(handed) == list(cell.sum_names)
    assert {part.shape for part in (*alphas.values(), *by_input.values(), *by_state.values())} == {(7, 3, 4)}
    assert set(cell.handed_to_c(layer.params, alphas)) == (
        set() if cell.stops_gradient else set(cell.anatomy.peepholes)
    )
