"""Theory over the measurement: the lines are the answers, and the sentences say what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.microscope.exponents import exponents
from app.figures.microscope.singular import singular
from app.figures.microscope.slow_motion import sequence_knob
from app.figures.microscope.spectrum import gate_knob, radius, spectrum
from app.figures.microscope.theory import theory
from app.figures.theme import DARK, Style
from core.config import RunConfig
from core.questions import RecurrentSpectra, Theory
from core.questions.over_training import Earlier
from core.training.replay import moment_of

BASE = {"task.name": "temporal-order", "task.length": 20, "cell.hidden_size": 6, "batch_size": 4, "steps": 50}
styles = pytest.mark.parametrize("style", [Style(), Style(DARK, narrow=True)], ids=["light", "dark narrow"])
cells = pytest.mark.parametrize("cell", ["rnn", "lstm", "peephole", "gru"])


def config_of(**settings: Any) -> RunConfig:
    return RunConfig.from_flat(BASE | {key.replace("__", "."): value for key, value in settings.items()})


def compared(config: RunConfig, style: Style | None = None, part: str = "state"):
    """(theory, singular values, the arrays behind them)."""
    arrays, meta = Theory().answer(moment_of(config, 0), Earlier())
    knob, style = sequence_knob(config, 1), style or Style()
    return (
        theory(arrays, meta, config, style, knob=knob, measured=0),
        singular(arrays, meta, config, style, part=part, knob=knob), arrays, meta,
    )  # fmt: skip


@cells
@styles
def test_lines_are_shares_of_the_asked_step(cell: str, style: Style) -> None:
    over, values, arrays, meta = compared(config_of(cell__name=cell), style)
    for view in (over, values):
        go.Figure(view.figure.to_dict())
    lines = {trace.name: np.asarray(trace.y) for trace in over.figure.data}
    np.testing.assert_allclose(lines["measured"], arrays["flow"] / arrays["flow"][20])
    np.testing.assert_allclose(lines["product"], arrays["bound"])
    assert ("sigma_max" in lines) == ("rho" in lines) == (cell == "rnn")
    if cell == "rnn":
        assert lines["sigma_max"][0] == pytest.approx(meta["sigma_max.recurrent"] ** 20)
    else:
        assert "bounds no gated cell" in over.hint
    assert len(over.table()) == 21 and over.table().iloc[-1, :3].tolist() == [20, 0, 1.0]


def test_a_norm_above_one_is_no_explosion() -> None:
    config = config_of(cell__name="rnn", task__length=60, cell__hidden_size=16)
    over, _, _, meta = compared(config)
    assert meta["sigma_max.recurrent"] > 1
    assert "σ_max > 1 does not mean that gradients explode: these vanish" in over.hint


def test_a_loss_without_a_gradient_is_said_to_have_none() -> None:
    config = config_of(cell__name="rnn")
    now = moment_of(config, 0)
    now.network.readout["weight"][:] = 0
    arrays, meta = Theory().answer(now, Earlier())
    view = theory(arrays, meta, config, Style(), knob=sequence_knob(config, 1), measured=0)
    go.Figure(view.figure.to_dict())
    assert "nothing to compare" in view.hint


@pytest.mark.parametrize("part, largest", [("state", "singular"), ("h", "singular_h")])
def test_singular_values_of_the_state_and_of_h(part: str, largest: str) -> None:
    _, view, arrays, _ = compared(config_of(cell__name="lstm"), part=part)
    top = view.figure.data[0]
    np.testing.assert_allclose(top.y, arrays[largest][:, 0])
    np.testing.assert_array_equal(top.x, arrays["at"])
    assert [knob.name for knob in view.knobs] == ["micro_sequence", "micro_part"]
    assert [*view.table()][2:] == (["σ1", "σ2", "σ4", "σ8", "σ12"] if part == "state" else ["σ1", "σ2", "σ4", "σ6"])


def test_without_a_cell_state_there_is_one_part() -> None:
    _, view, arrays, _ = compared(config_of(cell__name="gru"))
    assert len(view.knobs) == 1
    k = int(np.abs(arrays["at"] - (20 - 17)).argmin())
    assert f"{int((arrays['singular'][k] >= 0.01).sum()) or 'none'} keep" in view.hint


@cells
@styles
def test_eigenvalues_and_circles(cell: str, style: Style) -> None:
    config = config_of(cell__name=cell)
    arrays, meta = RecurrentSpectra().answer(moment_of(config, 0), Earlier())
    gate = meta["gates"][-1]
    knobs = gate_knob(meta["gates"], gate)
    assert bool(knobs) == (cell != "rnn")
    view = spectrum(arrays, config, style, gate=gate, knobs=knobs)
    go.Figure(view.figure.to_dict())
    (dots,) = view.figure.data
    np.testing.assert_array_equal(np.hypot(dots.x, dots.y).max(), arrays[f"{gate}.rho"][0])
    unit, rho = view.figure.layout.shapes
    assert (unit.x1, rho.x1) == (1, pytest.approx(arrays[f"{gate}.rho"][0]))
    assert f"ρ = {arrays[f'{gate}.rho'][0]:.2f}, within the unit circle" in view.hint
    over = radius(arrays, config, style, gate=gate, shown=0)
    go.Figure(over.figure.to_dict())
    assert over.table().values.tolist() == [[0, arrays[f"{gate}.rho"][0], arrays[f"{gate}.sigma_max"][0]]]


def test_earlier_moments_are_fainter() -> None:
    U = np.stack([np.eye(2) * k for k in (0.5, 0.8, 1.2)])
    arrays = {"step": np.array([0, 10, 20]), "recurrent.real": U[:, 0], "recurrent.imag": U[:, 1] * 0,
              "recurrent.rho": np.array([0.5, 0.8, 1.2]), "recurrent.sigma_max": np.array([0.5, 0.8, 1.2])}  # fmt: skip
    view = spectrum(arrays, config_of(), Style(), gate="recurrent", knobs=())
    assert [trace.opacity for trace in view.figure.data] == sorted(trace.opacity for trace in view.figure.data)
    assert "beyond the unit circle" in view.hint and len(view.keys) == 3


@styles
def test_exponents_beside_the_measured_factor(style: Style) -> None:
    config = config_of()
    arrays = {"exponents": np.array([-0.1, -0.5, -np.inf]), "running": np.zeros(20)}
    view = exponents(arrays, 0.9, config, style, knob=sequence_knob(config, 1))
    go.Figure(view.figure.to_dict())
    assert view.figure.layout.shapes[1].y0 == pytest.approx(np.log(0.9))
    assert "λ₁ = −0.10" in view.hint and "come together" in view.hint and "× 0.90 a step" in view.hint
    assert "1 direction is lost" in view.hint
    np.testing.assert_array_equal(view.figure.data[0].x, [1, 2])
    alone = exponents({"exponents": np.array([0.2]), "running": np.zeros(20)}, None, config, style,
                      knob=sequence_knob(config, 1))  # fmt: skip
    assert "part" in alone.hint and "no single factor" in alone.hint
    for lost in (np.array([-np.inf]), np.array([np.nan])):
        none = exponents({"exponents": lost, "running": np.zeros(20)}, 0.9, config, style,
                         knob=sequence_knob(config, 1))  # fmt: skip
        go.Figure(none.figure.to_dict())
        assert none.hint.startswith("No exponent")
