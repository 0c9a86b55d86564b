"""The bench: its sides do what they say, its table and its JSON hold the same numbers."""

import json
import math

import pytest
import torch

from core.__main__ import main, parser
from core.bench import CELLS
from core.bench.depth import Deep
from core.bench.growth import Growth, _exponent
from core.bench.report import as_json, as_text
from core.bench.rows import Measurements, Row, measure
from core.bench.sides import script, size
from core.cells import CELLS as BY_NAME
from core.diagnostics.sides import interleaved, layer, loop, recorded


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm", "peephole"])
def test_the_loop_finds_gradients_at_every_step(name):
    norms = loop(BY_NAME[name], size(4, 6))()
    assert len(norms) == 6 * (2 if name in ("lstm", "peephole") else 1)
    assert all(math.isfinite(norm) for norm in norms)


def test_the_loop_over_the_peephole_cell_says_what_a_recorded_step_says():
    profiles, norms = (side(BY_NAME["peephole"], size(4, 6))() for side in (recorded, loop))
    torch.testing.assert_close(torch.tensor(norms[0::2]), torch.tensor(profiles.grad_h[1:]).float())
    torch.testing.assert_close(torch.tensor(norms[1::2]), torch.tensor(profiles.grad_c[1:]).float())


def test_the_script_learns():
    step = script("gru", 8, 10)
    first, *_, last = (sum(step() for _ in range(40)) for _ in range(4))
    assert last < first


def test_the_layer_leaves_gradients():
    assert all(weight.grad is not None for weight in layer(BY_NAME["rnn"], size(4, 5))().parameters())


def test_sides_take_turns():
    order, now = [], iter(range(10**6))
    times = interleaved([lambda: order.append("a"), lambda: order.append("b")], 10, lambda: next(now))
    assert order == ["a", "b"] * (len(times[0]) + 1)
    assert len(times[0]) == len(times[1])


@pytest.mark.slow
def test_every_row_is_measured_and_reported():
    threads = torch.get_num_threads()
    found = measure(["rnn", "lstm"], [4], [5], [1, 2], 0.01, growth=False)
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)
    assert [(row.cell, row.threads) for row in found.rows] == [("rnn", 1), ("lstm", 1), ("rnn", 2), ("lstm", 2)]
    assert all(row.recorded > 0 and row.layer > 0 and row.loop > 0 and row.script > 0 for row in found.rows)
    assert [(each.cell, each.layers) for each in found.deep] == [("rnn", 2), ("rnn", 3), ("lstm", 2), ("lstm", 3)]
    assert all(each.stack > 0 and each.fed > 0 and each.lowest > 0 for each in found.deep)
    assert all(list(row.normalised) == ["layer", "batch"] and min(row.normalised.values()) > 0 for row in found.rows)
    assert [row.live is None for row in found.rows] == [False, False, True, True]


def test_table_and_json_hold_ratios_and_growth():
    row = Row("lstm", 64, 200, 1, recorded=3.0, layer=2.0, loop=12.0, live=4.0, script=5.0, model=1.5,
              normalised={"layer": 4.5, "batch": 6.0})  # fmt: skip
    grown = Growth("lstm", 32, (100, 1000), (2.0, 20.0), (5.0, 50.0), 1.0, 1.0)
    found = Measurements(
        "2026-01-01", {"processor": "x", "cores": 2, "system": "y", "batch": 32}, {"torch": "1"}, [row], [grown],
        [Deep("lstm", 64, 200, 2, stack=6.3, fed=3.0, lowest=2.5)],
    )  # fmt: skip
    ratios = json.loads(json.dumps(as_json(found)))["rows"][0]["ratios"]
    assert ratios == {
        "a/c": 1.5,
        "a/d": 0.25,
        "b/script": 1.25,
        "b/c": 0.5,
        "a/model": 2.0,
        "layer/a": 1.5,
        "batch/a": 2.0,
    }
    assert json.loads(json.dumps(as_json(found)))["deep"][0]["ratios"] == {"fed": 1.05, "lowest": 1.26}
    assert "÷ 2 layers 1.05 (1.26)" in as_text(found)
    assert "1.50" in as_text(found) and "T^1.00" in as_text(found)


def test_the_exponent_of_a_power():
    assert _exponent((10, 100, 1000), [2 * T**1.5 for T in (10, 100, 1000)]) == pytest.approx(1.5)


def test_the_command_line_knows_the_cells_and_refuses_others(capsys):
    assert parser().parse_args(["bench", "--hidden", "4", "8"]).hidden == [4, 8]
    assert parser().parse_args(["bench"]).cells == list(CELLS)
    with pytest.raises(SystemExit):
        main(["bench", "--hidden", "0"])
    assert "at least 1" in capsys.readouterr().err
