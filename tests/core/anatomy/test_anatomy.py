"""What every cell says of itself, held against what its passes and parameters are."""

import pytest
import torch
from pydantic import ValidationError

from core.anatomy import ANATOMIES
from core.backprop.judges import draw
from core.cells import VARIANTS, cell_of

each_variant = pytest.mark.parametrize("name", VARIANTS)
RANGES = {"logistic": (0.0, 1.0), "tanh": (-1.0, 1.0)}


@each_variant
def test_a_cells_anatomy_describes_that_very_cell(name):
    cell = VARIANTS[name]
    assert cell_of(cell.anatomy) == cell and type(cell.anatomy) is ANATOMIES[cell.name]
    assert cell.anatomy.state_names == cell.state_parts and cell.state_parts[0] == "h"


@each_variant
@pytest.mark.parametrize("C, H", [(1, 1), (3, 5)])
def test_its_parameters_are_as_many_as_are_drawn(name, C, H):
    cell = VARIANTS[name]
    params = cell.init(C, H, generator=torch.Generator().manual_seed(0))
    assert cell.anatomy.parameters(C, H) == sum(value.numel() for value in params.values())
    assert list(cell.peepholes(params)) == list(cell.anatomy.peepholes)
    assert list(cell.recurrent_blocks(params)) == list(cell.sum_names)


@each_variant
def test_its_gates_take_the_values_that_it_says(name):
    """All of them, in its order, within the range of their squashing; those without weights follow their gate."""
    cell = VARIANTS[name]
    case = draw(cell, 40, 8, 4, 2, seed=1, dtype=torch.float64)
    gates = cell.forward({key: 4 * value for key, value in case.params.items()}, case.x, case.state).gates
    assert list(gates) == [gate.symbol for gate in cell.anatomy.gates]
    for gate in cell.anatomy.gates:
        values, (low, high) = gates[gate.symbol], RANGES[gate.squashing]
        assert low <= values.min() and values.max() <= high
        if gate.own:
            assert gate.symbol in cell.gate_names and values.min() < low + 0.1 and values.max() > high - 0.1
        elif gate.constant:
            assert (values == float(gate.follows)).all()
        else:
            assert gate.follows == f"1 − {gate.of}"
            torch.testing.assert_close(values, 1 - gates[gate.of])


@each_variant
def test_its_direct_path_multiplies_by_the_gate_that_keeps(name):
    """With every sum held still a step multiplies that state by the gate, and by nothing else."""
    cell = VARIANTS[name]
    direct, keeps = cell.anatomy.direct_path, cell.anatomy.with_role("keeps")
    if direct is None:
        assert not cell.anatomy.gates and keeps is None
        return
    assert keeps is not None and keeps.symbol == direct.keeps
    case = draw(cell, 1, 3, 4, 2, seed=2, dtype=torch.float64)
    still = {key: value if key.startswith("bias") else 0 * value for key, value in case.params.items()}
    place = cell.state_parts.index(direct.state)
    moved = tuple(part + (k == place) for k, part in enumerate(case.state))
    before, after = (cell.forward(still, case.x, state) for state in (case.state, moved))
    change = after.states[direct.state][1] - before.states[direct.state][1]
    torch.testing.assert_close(change, before.gates[direct.keeps][0])


@each_variant
def test_roles_and_letters_are_given_once(name):
    anatomy = VARIANTS[name].anatomy
    for given in ([gate.symbol for gate in anatomy.gates], [gate.role for gate in anatomy.gates]):
        assert len(set(given)) == len(given)
    for gate in anatomy.gates:
        assert anatomy.gate(gate.symbol) is not None and gate.name == f"{gate.title} {gate.symbol}"
    assert anatomy.gate("q") is None


@pytest.mark.parametrize(
    ("name", "settings", "title"),
    [
        ("rnn", {}, "RNN"),
        ("gru", {"reset": "before"}, "GRU"),
        ("lstm", {"variant": "no-forget-gate"}, "LSTM without forget gate"),
        ("peephole", {"variant": "coupled"}, "Peephole LSTM with coupled gates"),
    ],
)
def test_its_title_is_its_name_and_what_sets_it_apart(name, settings, title):
    assert ANATOMIES[name](**settings).title == title


def test_how_it_starts_is_said_in_a_few_letters():
    lstm = ANATOMIES["lstm"]
    assert (lstm().start_words, lstm(init="chrono").start_words) == ("", "chrono")
    assert lstm(init="orthogonal", forget_bias=1.0).start_words == "orthogonal b_f 1"
    assert lstm(variant="no-forget-gate", forget_bias=1.0).start_words == ""  # it has no such gate
    assert lstm(init="spectral-norm", sigma_max=2, rho=3, forget_bias=1.0).start_words == "σ_max 2 b_f 1"


@pytest.mark.parametrize("name", ANATOMIES)
def test_settings_that_it_lacks_are_refused(name):
    with pytest.raises(ValidationError):
        ANATOMIES[name](gates=3)
