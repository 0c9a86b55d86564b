"""Several layers before the diagnostics: what speaks of one layer speaks of that one, what speaks of all adds up."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.backprop.bptt import gradients
from core.backprop.readout import asked
from core.config import RunConfig
from core.data import training_batch
from core.diagnostics.cell_diagram import cell_diagram
from core.diagnostics.credit_by_loss import itemised
from core.diagnostics.differences import GradientCheck
from core.diagnostics.layer_paths import layer_paths
from core.diagnostics.microscope import slow_motion
from core.diagnostics.path_shares import path_shares
from core.diagnostics.probed_moment import last_flow
from core.diagnostics.sequences import contributions
from core.diagnostics.truncation_bias import truncation_bias
from core.moment import Moment
from core.network import Network
from core.questions import (
    QUESTIONS,
    CheckedGradient,
    Forecast,
    PredictionOrigin,
    RecurrentSpectra,
    TrainingStep,
    Writing,
)
from core.questions.over_training import Earlier

CELLS = ("rnn", "lstm", "peephole", "gru")
each_cell = pytest.mark.parametrize("name", CELLS)


def moment_of(name, layers=3, **settings):
    config = RunConfig.from_flat({
        "cell.name": name, "cell.layers": layers, "cell.hidden_size": 4, "batch_size": 3, "task.name": "adding",
        "task.length": 12, **({} if settings.get("task.name") == "language" else {"task.asked": "every"}), **settings,
    })  # fmt: skip
    return Moment(config, 0, Network.drawn(config).wide(), training_batch(config, 0))


def narrow(moment):
    """In the precision of a run."""
    return replace(moment, network=moment.network.to(torch.float32))


@each_cell
def test_every_state_of_every_layer_before_the_independent_judge(name):
    moment = moment_of(name)
    check = GradientCheck.of(moment.network, asked(moment.batch, torch.float64), 1, (5,))
    assert set(check.gradient) == set(moment.cell.state_parts)
    for part in check.gradient:
        for t in (0, 1, 5, 6, 12):
            found = check.at(t, 2, part)
            assert found.relative_error < 1e-9 or abs(found.ours) < 1e-14, (part, t, found)


@each_cell
@pytest.mark.parametrize("truncation", ["full", "sliding"])
def test_the_paths_of_each_layer_add_up_to_its_gradient(name, truncation):
    moment = moment_of(name, truncation=truncation, truncation_length=5)
    back = gradients(moment.network, moment.batch, truncation=moment.config.truncated).back
    for k in range(3):
        ways = path_shares(moment, alone=False, k=k)
        own = torch.cat(list(back.of_layer(k).states.values()), dim=2)
        slow = 3 * own[ways.first : ways.asked + 1].norm(dim=2).mean(dim=1)
        np.testing.assert_allclose(ways.shares.flow, slow.numpy(), rtol=1e-9, atol=1e-15)
        assert ways.error < 1e-9


@each_cell
@pytest.mark.parametrize("mode", ["windows", "sliding"])
def test_slow_motion_shows_the_layer_that_it_names(name, mode):
    moment = moment_of(name, truncation=mode, truncation_length=5)
    whole = gradients(moment.network, moment.batch, truncation=moment.config.truncated)
    for k, ending in enumerate(("_l0", "_l1", "_l2")):
        motion = slow_motion(moment.network, moment.batch, lambda vector: torch.optim.SGD([vector], lr=0.1),
                             truncation=moment.config.truncated, of_layer=k)  # fmt: skip
        for parameter, grad in motion.sum.gradient.items():
            torch.testing.assert_close(grad, whole.grads[parameter + ending])
        found = cell_diagram(motion, 1)
        own = torch.cat([torch.zeros(1, 4).double(), found["local"][:-1]])
        h = "h" if k == 2 else f"h{ending}"
        torch.testing.assert_close(own + found["got_h"], 3 * whole.back.states[h][:-1, 1])
        torch.testing.assert_close(found["dh"], 3 * whole.back.states[h][1:, 1])


@each_cell
@pytest.mark.parametrize("truncation", ["full", "sliding"])
def test_what_came_down_is_what_is_left_when_nothing_comes_through_time(name, truncation):
    moment = moment_of(name, truncation=truncation, truncation_length=5)
    found = layer_paths(moment)
    whole = gradients(moment.network, moment.batch, truncation=moment.config.truncated)
    for k in range(3):
        own = moment.layer.alone(k, whole.trajectory, whole.back, whole.grad_out)
        left = own.layer.backward(own.trajectory, own.local, cuts=range(12)).states
        total = torch.cat(list(own.back.states.values()), dim=2)
        down = torch.cat(list(left.values()), dim=2)
        down[0] = 0
        along = ((down * total).sum(dim=2) / total.norm(dim=2)).nan_to_num()
        np.testing.assert_allclose(found.flow[k], 3 * total.norm(dim=2).mean(dim=1), rtol=1e-9)
        np.testing.assert_allclose(found.down[k], 3 * along.mean(dim=1), rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(found.down[2, 12], found.flow[2, 12])


def test_a_gate_is_forced_in_the_layer_that_is_named():
    moment = narrow(moment_of("lstm"))
    shut = {k: last_flow(moment, {"f": 0.0}, of_layer=k)[0] for k in range(3)}
    assert all(np.abs(shut[a] - shut[b]).max() > 1e-6 for a, b in ((0, 1), (1, 2)))
    changed = dict(moment.layer.params)
    changed |= {name: value.clone() for name, value in changed.items() if name.endswith("_l1")}
    for parameter in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        changed[f"{parameter}_l1"][4:8] = 0
    changed["bias_ih_l1"][4:8] = -1000
    by_hand = replace(moment, network=Network.of(moment.cell, changed, moment.network.readout))
    np.testing.assert_allclose(shut[1], last_flow(by_hand)[0], rtol=1e-5)


@each_cell
def test_what_speaks_of_the_whole_adds_up(name):
    moment = moment_of(name, layers=2)
    whole = gradients(moment.network, moment.batch)
    found = contributions(moment)
    assert found["share"].sum() == pytest.approx(1) and found["step_share"].sum() == pytest.approx(1)
    np.testing.assert_allclose(found["flow"].mean(axis=0), whole.profiles.flow, rtol=1e-9)
    assert itemised(moment).error < 1e-9
    bias = truncation_bias(moment)
    for mode in ("windows", "sliding"):
        K = int(bias[f"{mode}.K"][2])
        config = moment.config.replace(truncation=mode, truncation_length=K)
        cut = gradients(moment.network, moment.batch, truncation=config.truncated).grads
        off = torch.cat([(cut[n] - whole.grads[n]).flatten() for n in cut]).norm()
        size = torch.cat([g.flatten() for g in whole.grads.values()]).norm()
        assert bias[f"{mode}.relative_bias"][2] == pytest.approx(float(off / size), rel=1e-6)


def test_every_question_has_an_answer_for_two_layers():
    moment = moment_of("peephole", layers=2, **{"task.name": "temporal-order", "task.length": 20})
    moment = narrow(moment)
    series, text = (narrow(moment_of("peephole", layers=2, **{"task.name": name, "task.length": 20}))
                    for name in ("sines", "language"))  # fmt: skip
    about = {Forecast: series, Writing: text, PredictionOrigin: text}
    asked_of = {CheckedGradient: {"t": 3, "part": "c_l0"}, TrainingStep: {"layer": 1}, RecurrentSpectra: {"layer": 2}}
    for kind in QUESTIONS:
        needs = {"probe": 0} if kind.model_fields["kind"].default == "evidence" else asked_of.get(kind, {})
        arrays, facts = kind(**needs).answer(about.get(kind, moment), Earlier())
        assert arrays or facts, kind
    assert TrainingStep(layer=1).answer(moment, Earlier())[0]["x"][0] == pytest.approx(1)
