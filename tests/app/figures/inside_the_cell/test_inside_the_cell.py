"""The pictures of "Inside the cell": they draw the answers' numbers, and their sentences say what these say."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from app.board.views.inside_the_cell import forcing
from app.figures.base import View
from app.figures.inside_the_cell import probe as probes
from app.figures.inside_the_cell.credit import credit
from app.figures.inside_the_cell.forced import forced
from app.figures.inside_the_cell.gate_time import gate_time
from app.figures.inside_the_cell.gate_training import gate_training
from app.figures.inside_the_cell.landing import landing
from app.figures.inside_the_cell.light import BASE as LEVELS
from app.figures.inside_the_cell.light import light
from app.figures.inside_the_cell.paths import paths
from app.figures.inside_the_cell.retention import kept_training, retention
from app.figures.inside_the_cell.saturation import saturation
from app.figures.theme import DARK, Style
from core.config import RunConfig
from core.data import probes as fixed
from core.questions import (
    CreditLanding,
    EachGateForced,
    ForcedGates,
    GateUse,
    GradientPaths,
    ItemisedCredit,
    Question,
)
from core.questions.base import Facts
from core.questions.over_training import Earlier
from core.training.replay import moment_of

T = 16
BASE = {"task.name": "adding", "task.asked": "every", "task.length": T, "cell.hidden_size": 4, "batch_size": 4,
        "steps": 20}  # fmt: skip
CELLS = {
    "rnn": {"cell.name": "rnn"}, "relu": {"cell.name": "rnn", "cell.activation": "relu"}, "lstm": {},
    "peephole": {"cell.name": "peephole"}, "gru": {"cell.name": "gru"},
    "no forget gate": {"cell.variant": "no-forget-gate"}, "coupled": {"cell.variant": "coupled"},
    "no output activation": {"cell.variant": "no-output-activation"},
}  # fmt: skip
styles = pytest.mark.parametrize("style", [Style(), Style(DARK, narrow=True)], ids=["light", "dark narrow"])


@cache
def answered(question: Question, cell: str, *more: tuple[str, Any]) -> Facts:
    return question.answer(moment_of(config_of(cell, *more), 0), Earlier())


def config_of(cell: str, *more: tuple[str, Any]) -> RunConfig:
    return RunConfig.from_flat(BASE | CELLS[cell] | dict(more))


def probed(cell: str, knobs: dict[str, str], *more: tuple[str, Any], style: Style | None = None) -> View:
    config = config_of(cell, *more)
    wanted = probes.forced(knobs, config.cell)
    arrays, meta = answered(forcing(wanted), cell, *more)
    return probes.probe(arrays, meta, config, style or Style(), wanted=wanted)


def every_view(cell: str, style: Style, *more: tuple[str, Any]) -> Iterator[View]:
    config = config_of(cell, *more)
    for losses in ("last", "all"):
        for share in ("signed", "length"):
            yield paths(
                *answered(GradientPaths(losses=losses), cell, *more), config, style, step=0, losses=losses, share=share
            )
    yield probed(cell, {}, *more, style=style)
    yield forced(*answered(EachGateForced(), cell, *more), config, style)
    gates = answered(GateUse(), cell, *more)
    yield from (draw(*gates, config, style, step=0) for draw in (retention, saturation))
    yield from (draw(*gates, config, style, shown=0) for draw in (gate_training, kept_training))
    events = config.task.events(fixed(config).x[:, 0])
    yield gate_time(*gates, events, config, style, step=0, sequence=0, knobs=())
    yield landing(*answered(CreditLanding(), cell, *more), config, style, shown=0)
    for part in ("state", "h"):
        yield credit(*answered(ItemisedCredit(), cell, *more), config, style, step=0, part=part, loss=None)


@pytest.mark.parametrize("cell", CELLS)
@styles
def test_every_cell_is_drawn(cell: str, style: Style) -> None:
    for view in every_view(cell, style):
        go.Figure(view.figure.to_dict())
        assert view.hint.endswith(".") and view.alt.endswith(".") and len(view.table())
        assert "nan" not in view.hint and "-" not in view.hint.replace("e-", "")


@pytest.mark.parametrize("mode", ["windows", "sliding", "stream", "reset"])
def test_truncated_runs_are_drawn(mode: str) -> None:
    for view in every_view("lstm", Style(), ("truncation", mode), ("truncation_length", 5)):
        go.Figure(view.figure.to_dict())
        assert "nan" not in view.hint


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_weights_that_are_no_numbers_are_drawn_and_called_so(cell: str, monkeypatch) -> None:
    as_drawn = moment_of

    def broken(config: RunConfig, step: int) -> Any:
        now = as_drawn(config, step)
        now.layer.params["weight_hh"][0, 0] = np.nan
        return now

    monkeypatch.setitem(globals(), "moment_of", broken)
    answered.cache_clear()
    for view in every_view(cell, Style()):
        go.Figure(view.figure.to_dict())
        assert "nan" not in view.hint
    answered.cache_clear()


# -- paths ------------------------------------------------------------------------------------------------------------


def test_signed_shares_are_stacked_to_one_and_lengths_too() -> None:
    arrays, meta = answered(GradientPaths(), "gru")
    config = config_of("gru")
    for share in ("signed", "length"):
        view = paths(arrays, meta, config, Style(), step=0, losses="last", share=share)
        bars = [trace for trace in view.figure.data if trace.type == "bar"]
        assert [bar.name for bar in bars] == ["down the leak", "through r", "through z", "through n"]
        np.testing.assert_allclose(sum(np.asarray(bar.y) for bar in bars), 1, atol=1e-5)
    assert (np.asarray(bars[0].y) >= 0).all()
    k = len(arrays["t"]) - 1 - config.task.lag
    share = arrays["part.leak"][k] / arrays["flow"][k]
    signed = paths(arrays, meta, config, Style(), step=0, losses="last", share="signed").hint
    assert f"{config.task.lag} steps back {100 * share:,.0f}".replace("-", "−") in signed
    assert "sum to the gradient" in signed and "Of the last loss alone" in signed


def test_parts_that_cancel_are_called_so_and_stay_inside_the_picture() -> None:
    t = np.arange(9)
    arrays = {"t": t, "flow": np.ones(9), "part.leak": np.full(9, 40.0), "part.z": np.full(9, -39.0),
              "norm.leak": np.full(9, 40.0), "norm.z": np.full(9, 39.0)}  # fmt: skip
    meta = {"paths": ["leak", "z"], "error": 1e-16, "alone": True, "cuts": [], "sequences": 1, "of": 1}
    config = RunConfig.from_flat({"cell.name": "gru", "task.name": "review", "task.length": 8})
    view = paths(arrays, meta, config, Style(), step=0, losses="last", share="signed")
    assert "one is up to 40 times the gradient" in view.hint and view.figure.layout.yaxis.range == (-1, 2)


def test_long_sequences_are_drawn_in_columns() -> None:
    t = np.arange(1001)
    arrays = {"t": t, "flow": np.ones(1001), "part.leak": np.linspace(0, 1, 1001), "part.z": np.linspace(1, 0, 1001)}
    arrays |= {name.replace("part", "norm"): values for name, values in arrays.items() if name.startswith("part")}
    meta = {"paths": ["leak", "z"], "error": 0.0, "alone": True, "cuts": [], "sequences": 1, "of": 1}
    config = RunConfig.from_flat({"cell.name": "gru", "task.name": "review", "task.length": 1000})
    bars = paths(arrays, meta, config, Style(), step=0, losses="last", share="signed").figure.data[:2]
    assert all(len(bar.x) == 200 for bar in bars)
    np.testing.assert_allclose(np.asarray(bars[0].y) + np.asarray(bars[1].y), 1, atol=1e-6)


def test_a_plain_rnn_has_one_way() -> None:
    arrays, meta = answered(GradientPaths(), "rnn")
    view = paths(arrays, meta, config_of("rnn"), Style(), step=0, losses="last", share="signed")
    lines = {trace.name: np.asarray(trace.y) for trace in view.figure.data if trace.type == "scatter"}
    np.testing.assert_allclose(lines["both"], arrays["flow"][:-1] / arrays["flow"][1:], rtol=1e-5)
    assert "no gates and no carousel" in view.hint and [knob.name for knob in view.knobs] == ["paths_loss"]


# -- probes -----------------------------------------------------------------------------------------------------------


def test_before_anything_is_touched_the_gate_that_keeps_is_open() -> None:
    assert probes.forced({}, config_of("lstm").cell) == {"f": "1"}
    assert probes.forced({}, config_of("gru").cell) == {"z": "1"}
    assert probes.forced({}, config_of("no forget gate").cell) == {"i": "0"}
    assert probes.forced({}, config_of("rnn").cell) == {}
    assert probes.forced({"gate_f": "free"}, config_of("lstm").cell) == {}
    assert probes.forced({"gate_i": "0", "gate_z": "1"}, config_of("lstm").cell) == {"i": "0"}
    assert probes.forced({"gate_o": "7", "gate_g": "-1"}, config_of("lstm").cell) == {"g": "-1"}
    assert probes.forced({"peepholes": "cut"}, config_of("peephole").cell) == {"peepholes": "cut"}
    assert probes.forced({"peepholes": "cut"}, config_of("lstm").cell) == {"f": "1"}
    assert forcing({"g": "-1", "peepholes": "cut"}) == ForcedGates(force=(("g", -1.0),), peepholes="cut")


def test_before_and_after_on_one_picture() -> None:
    view = probed("lstm", {"gate_f": "1", "gate_i": "0"})
    before, after = (trace for trace in view.figure.data if trace.mode == "lines")
    assert (before.name, after.name) == ("as it is", "i = 0 and f = 1")
    assert before.y[-1] == after.y[-1] == 1 and after.y[1] > before.y[1]
    assert view.title == "What if i = 0 and f = 1?" and "instead of" in view.hint and "loss" in view.hint
    assert {knob.name: knob.value for knob in view.knobs} == {
        "gate_i": "0", "gate_f": "1", "gate_g": "free", "gate_o": "free"
    }  # fmt: skip


def test_nothing_forced_and_nothing_to_force() -> None:
    free = probed("gru", {"gate_z": "free"})
    assert free.title == "What if?" and "Force a gate to see" in free.hint and len(free.figure.data) == 1
    none = probed("rnn", {"gate_z": "1"})
    assert "no gate to force" in none.hint and not none.knobs


def test_peepholes_have_a_knob_of_their_own() -> None:
    view = probed("peephole", {"peepholes": "removed"})
    assert "With no peepholes and not a weight changed" in view.hint
    assert view.knobs[-1].name == "peepholes" and view.knobs[-1].value == "removed"


def test_each_forced_gate_is_a_dot() -> None:
    arrays, meta = answered(EachGateForced(), "lstm")
    config = config_of("lstm")
    view = forced(arrays, meta, config, Style())
    back = T - config.task.lag
    assert [trace.name for trace in view.figure.data] == meta["names"]
    for trace, flow in zip(view.figure.data, arrays["after"]):
        share = flow[back] / flow[T]
        assert share == 0 or trace.x[0] == pytest.approx(share)
    assert "output gate o = 0 least, nothing" in view.hint
    assert view.table().iloc[0, 1] == pytest.approx(arrays["before"][back] / arrays["before"][T])


# -- gates ------------------------------------------------------------------------------------------------------------


def test_units_are_sorted_by_what_they_keep_and_the_edge_is_for_ever() -> None:
    gates, meta = answered(GateUse(), "no forget gate")
    view = retention(gates, meta, config_of("no forget gate"), Style(), step=0)
    (dots,) = view.figure.data
    assert set(dots.marker.symbol) == {"triangle-up"} and "f is always 1" in view.hint
    gates, meta = answered(GateUse(), "lstm")
    (dots,) = retention(gates, meta, config_of("lstm"), Style(), step=0).figure.data
    np.testing.assert_allclose(dots.y, gates["kept.steps"], rtol=1e-5)
    assert (np.diff(dots.y) <= 0).all()


def test_a_panel_a_gate() -> None:
    gates, meta = answered(GateUse(), "gru")
    view = saturation(gates, meta, config_of("gru"), Style(), step=0)
    assert [trace.name for trace in view.figure.data] == ["r", "z", "n"]
    np.testing.assert_allclose(view.figure.data[1].x, gates["z.shut_unit"])
    assert len({trace.xaxis for trace in view.figure.data}) == 3


def test_constant_and_mirrored_gates_are_named() -> None:
    for cell, words in (("no forget gate", "forget gate f, always 1"), ("coupled", "forget gate f = 1 − i")):
        gates, meta = answered(GateUse(), cell)
        view = gate_time(gates, meta, [(3, "X")], config_of(cell), Style(), step=0, sequence=0, knobs=())
        assert words in [key.label for key in view.keys]


def test_the_gate_that_tells_the_marked_steps_apart_is_named() -> None:
    over = {"i": np.where(np.arange(T) == 4, 0.9, 0.1), "f": np.full(T, 0.95)}
    arrays = {f"{q}.over_time": values[None] for q, values in over.items()}
    meta = {"names": ["i", "f"], "constant": {}}
    view = gate_time(arrays, meta, [(5, "X")], config_of("lstm"), Style(), step=7, sequence=0, knobs=())
    assert view.hint == "At training step 7. At the marked steps input gate i is 0.90 on average, elsewhere 0.10."


def test_over_training_there_are_first_and_last() -> None:
    arrays = {"step": np.array([0, 10]), "kept.quantiles": np.array([[1.0, 2, 3], [4, 50, np.inf]]),
              "f.mean": np.array([0.5, 0.9]), "f.shut": np.zeros(2), "f.open": np.ones(2)}  # fmt: skip
    meta = {"names": ["f"], "keeps": "f", "constant": {}, "sequences": 4}
    kept = kept_training(arrays, meta, config_of("lstm"), Style(), shown=10)
    go.Figure(kept.figure.to_dict())
    assert kept.hint == "The median unit: 2.0 steps at step 0, 50 steps at step 10."
    means = gate_training(arrays, meta, config_of("lstm"), Style(), shown=10)
    assert "forget gate f goes from 0.50 to 0.90" in means.hint


def test_credit_on_distractors_is_the_rest() -> None:
    arrays = {"step": np.array([0, 5]), "gates": np.array([0.1, 0.6]), "state": np.array([0.1, 0.2]),
              "expected": np.array([0.1, 0.1])}  # fmt: skip
    view = landing(arrays, {"alone": False, "sequences": 4}, config_of("lstm"), Style(), shown=5)
    assert "60\u00a0% of the credit lands" in view.hint and "40\u00a0% goes to distractors" in view.hint
    assert view.table().iloc[1].tolist() == [5, 0.6, 0.4, 0.2, 0.1]
    nothing = landing(arrays | {"gates": np.full(2, np.nan)}, {"alone": False, "sequences": 4}, config_of("lstm"),
                      Style(), shown=5)  # fmt: skip
    assert "no shares of it" in nothing.hint


# -- itemised credit --------------------------------------------------------------------------------------------------


def test_the_chosen_loss_is_a_curve_and_every_row_travels_along() -> None:
    arrays, meta = answered(ItemisedCredit(), "lstm")
    config = config_of("lstm")
    view = credit(arrays, meta, config, Style(), step=0, part="state", loss=7)
    go.Figure(view.figure.to_dict())
    told = view.figure.layout.meta["light"]
    heat, curve = view.figure.data[0], view.figure.data[told["curve"]]
    to = arrays["total_state"][T]
    np.testing.assert_allclose(curve.y[:8], arrays["state"][6, :8] / to, rtol=1e-5)
    assert np.isnan(curve.y[8:]).all() and heat.z.shape == (T, T + 1) and np.isnan(heat.z[6, 8:]).all()
    assert told["at"][told["chosen"]] == 7 and told["words"][6].startswith("Loss at step 7: its light")
    assert view.knobs[-1].hidden and view.knobs[-1].value == "7" and "rows sum to the gradient" in view.hint
    for row, text in zip(arrays["state"], told["rows"]):
        np.testing.assert_allclose(unpacked(text, told), row / to, rtol=0.02)


def unpacked(text: str, told: dict[str, Any]) -> np.ndarray:
    """As the page's script reads a row; zero where there is nothing."""
    alphabet = [chr(code) for code in range(35, 127) if code != 92]
    values = []
    for k in range(0, len(text), 2):
        if text[k] == " ":
            values.append(0.0)
            continue
        level = alphabet.index(text[k]) * LEVELS + alphabet.index(text[k + 1])
        values.append(10 ** (told["low"] + (told["high"] - told["low"]) * level / (LEVELS**2 - 1)))
    return np.array(values)


def test_light_keeps_its_ends() -> None:
    told = light(np.array([[-3.0, 1.0, np.nan]]), np.arange(3), np.array([5]), ["a"], -3, 1, 0, {"curve": 1}, "k")
    np.testing.assert_allclose(unpacked(told["rows"][0], told), [1e-3, 10, 0])


def test_a_single_loss_has_one_row_and_truncation_a_hatched_one() -> None:
    single = (("task.asked", "last"), ("truncation", "windows"), ("truncation_length", 5))
    arrays, meta = answered(ItemisedCredit(), "gru", *single)
    view = credit(arrays, meta, config_of("gru", *single), Style(), step=0, part="state", loss=None)
    assert "asks once" in view.hint and "cut by truncation" in [key.label for key in view.keys]
    assert [knob.name for knob in view.knobs] == ["credit_s"]
