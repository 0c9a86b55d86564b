"""The questions of "Inside the cell": their numbers are autograd's and the run's own, and parts sum to the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from core.backprop.bptt import gradients
from core.backprop.readout import answers, asked, losses
from core.config import RunConfig
from core.diagnostics.at_gates import wide
from core.errors import UnrolledError
from core.lab import about_cell as about
from core.moment import Moment
from core.training import train
from core.training.replay import moment_of

BASE = {"task.name": "adding", "task.asked": "every", "task.length": 8, "cell.hidden_size": 3, "batch_size": 4,
        "steps": 8}  # fmt: skip
CELLS = [
    {"cell.name": name} for name in ("rnn", "lstm", "peephole", "gru")
] + [{"cell.variant": name} for name in ("no-forget-gate", "coupled", "no-output-activation")]  # fmt: skip
MODES = [
    {"truncation": mode, "truncation_length": 3, **more}
    for mode, more in (("full", {}), ("windows", {}), ("sliding", {}), ("stream", {"truncation_stride": 2}),
                       ("reset", {}))
]  # fmt: skip
each_cell = pytest.mark.parametrize("settings", CELLS, ids=str)
each_mode = pytest.mark.parametrize("settings", MODES, ids=lambda s: s["truncation"])


def moment(settings: dict[str, Any] | None = None, step: int = 0) -> Moment:
    return moment_of(RunConfig.from_flat(BASE | (settings or {})), step)


def by_autograd(now: Moment, row: int | None = None, *, alone: bool = False, detach: bool = False) -> torch.Tensor:
    """(T+1, parts, N, H): ∂L/∂state of the mean loss ·N, of one asked step, or of each sequence's last alone.

    ``detach``: what a step sees of the state before through a gate or g sends nothing back (the 1997 truncation)."""
    params, readout, sequences = wide(now.params), wide(now.readout), asked(now.batch, torch.float64)
    N, H = sequences.x.shape[1], params["weight_hh"].shape[1]
    history = [tuple(torch.zeros(N, H, dtype=torch.float64, requires_grad=True) for _ in now.cell.state_parts)]
    for x_t in sequences.x:
        state, gates = now.cell.step(params, x_t, history[-1])
        if detach:
            c = gates["f"].detach() * history[-1][1] + (gates["i"] * gates["g"]).detach()
            state = gates["o"].detach() * torch.tanh(c), c
        history.append(state)
    total = torch.zeros((), dtype=torch.float64)
    for k, s in enumerate(sequences.steps.tolist()):
        if row is None or row == k:
            loss, _ = losses(answers(readout, history[s + 1][0].unsqueeze(0)), sequences.target[k : k + 1])
            total = total + (loss[0] * (sequences.last[k].double() if alone else sequences.weight[k])).sum()
    parts = [part for state in history for part in state]
    grads = torch.autograd.grad(total, parts, allow_unused=True, materialize_grads=True)
    return torch.stack(grads).unflatten(0, (len(history), -1))


def size(gradient: torch.Tensor) -> np.ndarray:
    """(T+1,) batch mean of the norm over the state."""
    return gradient.square().sum(dim=(1, 3)).sqrt().mean(dim=1).numpy()


def as_trained(now: Moment) -> Any:
    """The gradients of the pass that trains."""
    return gradients(now.cell, now.params, now.readout, now.batch, truncation=now.config.truncated)


# -- paths ------------------------------------------------------------------------------------------------------------


@each_cell
@pytest.mark.parametrize("which", ["last", "all"])
def test_paths_sum_to_the_gradient_which_is_autograd_s(settings: dict[str, Any], which: str) -> None:
    now = moment(settings)
    arrays, meta = about.paths(now, which)
    np.testing.assert_allclose(arrays["flow"], size(by_autograd(now, alone=which == "last")), rtol=1e-5)
    np.testing.assert_allclose(sum(arrays[f"part.{name}"] for name in meta["paths"]), arrays["flow"], rtol=1e-9)
    assert meta["error"] < 1e-12 and meta["alone"] == (which == "last")
    assert arrays["t"].tolist() == list(range(9)) and (meta["sequences"], meta["of"]) == (4, 4)


def test_the_carousel_is_what_is_left_with_every_gate_detached() -> None:
    now = moment()
    arrays, _ = about.paths(now, "last")
    np.testing.assert_allclose(arrays["norm.carousel"], size(by_autograd(now, alone=True, detach=True)), rtol=1e-5)


@each_mode
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_paths_under_truncation_are_the_run_s_own_gradient(settings: dict[str, Any], cell: str) -> None:
    now = moment(settings | {"cell.name": cell})
    arrays, meta = about.paths(now, "last")
    np.testing.assert_allclose(arrays["flow"], as_trained(now).flow_last, rtol=1e-4, atol=1e-12)
    assert meta["error"] < 1e-12
    if cell == "rnn":
        step, flow = arrays["slope"] * arrays["matrix"], arrays["flow"]
        for t in np.flatnonzero(flow[:-1] > 0) + 1:
            assert step[t] == pytest.approx(flow[t - 1] / flow[t], rel=1e-6)


def test_many_losses_with_a_reach_of_their_own_are_looked_at_one_by_one(monkeypatch) -> None:
    now = moment({"truncation": "sliding", "truncation_length": 3})
    arrays, meta = about.paths(now, "all")
    assert not meta["alone"] and meta["error"] < 1e-12
    monkeypatch.setattr("core.diagnostics.path_shares.MOST_PASSES", 2)
    arrays, meta = about.paths(now, "all")
    assert meta["alone"] and not arrays["flow"][:5].any()


def test_of_a_long_way_the_end_is_followed(monkeypatch) -> None:
    whole, _ = about.paths(moment(), "last")
    monkeypatch.setattr("core.diagnostics.path_shares.MOST_NUMBERS", 5 * 4 * 3)
    end, meta = about.paths(moment(), "last")
    assert end["t"].tolist() == [3, 4, 5, 6, 7, 8] and meta["error"] < 1e-12
    for name in ("flow", "part.carousel", "part.g"):
        np.testing.assert_allclose(end[name], whole[name][3:], rtol=1e-12)


# -- probes -----------------------------------------------------------------------------------------------------------


@each_mode
def test_what_is_not_forced_is_the_run_s_own_flow(settings: dict[str, Any]) -> None:
    now = moment(settings)
    whole = as_trained(now)
    arrays, meta = about.probe(now, "")
    np.testing.assert_allclose(arrays["before"], whole.flow_last, rtol=1e-4, atol=1e-12)
    np.testing.assert_array_equal(arrays["before"], arrays["after"])
    assert meta["loss_before"] == meta["loss_after"] == pytest.approx(whole.loss, rel=1e-5)


def test_open_forget_gates_carry_everything_on() -> None:
    arrays, meta = about.probe(moment(), "f=1,i=0")
    np.testing.assert_allclose(arrays["after"][1:-1], arrays["after"][-2], rtol=0.2)
    assert arrays["after"][1] > 2 * arrays["before"][1] and meta["loss_after"] != meta["loss_before"]
    shut, _ = about.probe(moment(), "f=0,i=0")
    assert not shut["after"][:-2].any()


def test_every_gate_is_forced_in_turn() -> None:
    now = moment({"cell.name": "peephole"})
    arrays, meta = about.probes(now)
    assert meta["names"] == [f"{q}={v}" for q in "ifgo" for v in (0, 1)] + ["peepholes=removed", "peepholes=cut"]
    for name, flow, loss in zip(meta["names"], arrays["after"], arrays["loss"]):
        alone, told = about.probe(now, name)
        np.testing.assert_array_equal(flow, alone["after"])
        assert loss == told["loss_after"]
    assert about.probes(moment({"cell.name": "rnn"}))[1]["names"] == []


def test_too_many_probes_are_refused_with_a_way_out(monkeypatch) -> None:
    monkeypatch.setattr(about, "PROBES_SECONDS", 0.0)
    with pytest.raises(UnrolledError, match="Force a single gate"):
        about.probes(moment())


@pytest.mark.parametrize("argument", ["f", "f=2", "z=1", "ff=1", "f=1,nonsense", "peepholes=gone", "peepholes=cut",
                                      "f=nan", "f=1e9"])  # fmt: skip
def test_what_cannot_be_forced_is_said(argument: str) -> None:
    with pytest.raises(UnrolledError):
        about.probe(moment(), argument)


def test_which_losses_are_meant_is_checked() -> None:
    with pytest.raises(UnrolledError, match="`last` or `all`"):
        about.paths(moment(), "first")


# -- credit -----------------------------------------------------------------------------------------------------------


@each_cell
def test_each_row_is_one_loss_and_all_sum_to_the_gradient(settings: dict[str, Any]) -> None:
    now = moment(settings)
    arrays, meta = about.credit(now)
    assert (
        meta["error"] < 1e-12 and meta["counted"] == meta["losses"] == 8 and arrays["step"].tolist() == [*range(1, 9)]
    )
    np.testing.assert_allclose(arrays["total_state"], size(by_autograd(now)), rtol=1e-5)
    for k in (0, 4, 7):
        alone = by_autograd(now, row=k)
        np.testing.assert_allclose(arrays["state"][k], size(alone), rtol=1e-5)
        np.testing.assert_allclose(arrays["h"][k], size(alone[:, :1]), rtol=1e-5)
        assert not arrays["state"][k, k + 2 :].any()


@each_mode
def test_rows_reach_as_far_as_their_losses_see(settings: dict[str, Any]) -> None:
    from core.sight import sight

    now = moment(settings)
    arrays, meta = about.credit(now)
    known = sight(now.config)
    assert meta["error"] < 1e-12
    np.testing.assert_array_equal(np.maximum(arrays["reach"], 1), known.first)


def test_only_as_many_losses_as_there_is_time_for(monkeypatch) -> None:
    monkeypatch.setattr("core.diagnostics.itemised.affordable", lambda moment: (2, np.array([0, 4, 7])))
    arrays, meta = about.credit(moment())
    assert arrays["step"].tolist() == [1, 5, 8] and (meta["counted"], meta["losses"]) == (3, 8)
    assert (meta["sequences"], meta["of"]) == (2, 4) and meta["error"] < 1e-12


def test_what_there_is_time_for() -> None:
    from core.diagnostics.itemised import affordable

    now = moment()
    assert affordable(now)[0] == 4 and affordable(now)[1].tolist() == [*range(8)]
    sequences, few = affordable(now, 1e-5)
    assert sequences == 1 and 1 <= len(few) < 8 and few[-1] == 7


def test_large_matrices_are_thinned(monkeypatch) -> None:
    whole, _ = about.credit(moment())
    monkeypatch.setattr(about, "MATRIX", 4)
    thin, meta = about.credit(moment())
    assert thin["state"].shape == (4, len(thin["t"])) and {0, 8} <= set(thin["t"].tolist())
    rows, columns = np.searchsorted(whole["step"], thin["step"]), thin["t"]
    np.testing.assert_array_equal(thin["state"], whole["state"][rows][:, columns])
    assert meta["counted"] == 8


# -- over training ----------------------------------------------------------------------------------------------------


class Stored:
    """A run's weights at steps 0 … 5."""

    def __init__(self, config: RunConfig) -> None:
        self.frames = list(train(config))[:6]
        self.weight_steps = np.arange(6)

    def weights(self, step: int):
        return self.frames[step].weights


@pytest.fixture(scope="module")
def stored() -> tuple[RunConfig, Any]:
    """A config and its run."""
    config = RunConfig.from_flat(BASE | {"task.name": "temporal-order", "task.asked": "last", "task.length": 12})
    return config, Stored(config)


def test_gates_over_training_are_the_recorded_planes_means(stored: tuple[RunConfig, Any]) -> None:
    config, run = stored
    arrays, meta = about.gates(moment_of(config, 4, run.weights(4)), run)
    assert arrays["step"].tolist() == [0, 1, 2, 3, 4] and meta["names"] == ["i", "f", "g", "o"] and meta["keeps"] == "f"
    for k, step in enumerate(arrays["step"]):
        planes = run.frames[step].planes
        for q, values in planes.gates.items():
            assert arrays[f"{q}.mean"][k] == pytest.approx(values.mean(), abs=1e-5)
    now = run.frames[4].planes.gates
    np.testing.assert_allclose(arrays["i.over_time"], now["i"].mean(axis=2).T, atol=1e-5)
    kept = np.exp(np.log(now["f"].astype(float)).mean(axis=(0, 1)))
    np.testing.assert_allclose(arrays["kept.factor"], np.sort(kept)[::-1], rtol=1e-4)
    np.testing.assert_allclose(arrays["kept.quantiles"][-1, 1], np.sort(-1 / np.log(kept))[1], rtol=1e-3)


@pytest.mark.parametrize(
    "settings, keeps, constant",
    [({"cell.name": "rnn"}, "slope", {}), ({"cell.name": "gru"}, "z", {}),
     ({"cell.variant": "no-forget-gate"}, "f", {"f": 1.0}), ({"cell.variant": "coupled"}, "f", {})],
    ids=["rnn", "gru", "no forget gate", "coupled"],
)  # fmt: skip
def test_what_keeps_in_every_cell(settings: dict[str, Any], keeps: str, constant: dict[str, float]) -> None:
    arrays, meta = about.gates(moment(settings), None)
    assert (meta["keeps"], meta["constant"]) == (keeps, constant) and arrays["step"].tolist() == [0]
    if constant:
        assert np.isinf(arrays["kept.steps"]).all() and np.isinf(arrays["kept.quantiles"]).all()
    if settings.get("cell.variant") == "coupled":
        np.testing.assert_allclose(arrays["f.over_time"], 1 - arrays["i.over_time"], atol=1e-6)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_plain_rnn_has_the_slope_of_its_nonlinearity(activation: str) -> None:
    from core.data import probes

    now = moment({"cell.name": "rnn", "cell.activation": activation})
    h = now.cell.forward(now.params, torch.tensor(probes(now.config).x)).h[1:].numpy()
    slope = 1 - h.astype(float) ** 2 if activation == "tanh" else (h > 0).astype(float)
    arrays, meta = about.gates(now, None)
    assert meta["names"] == ["slope"] and arrays["slope.mean"][0] == pytest.approx(slope.mean())
    np.testing.assert_allclose(arrays["slope.shut_unit"], (slope < 0.1).mean(axis=(0, 1)))


def test_credit_lands_on_the_same_sequences_at_every_moment(stored: tuple[RunConfig, Any]) -> None:
    config, run = stored
    arrays, meta = about.landing(moment_of(config, 4, run.weights(4)), run)
    assert arrays["step"].tolist() == [0, 1, 2, 3, 4] and not meta["alone"] and meta["sequences"] == 4
    np.testing.assert_allclose(arrays["expected"], 2 / 12)
    first, _ = about.landing(moment_of(config, 0, run.weights(0)), None)
    assert first["gates"][0] == arrays["gates"][0] and first["state"][0] == arrays["state"][0]


def test_a_stream_is_judged_by_its_last_loss() -> None:
    sizes = {name: value for name, value in BASE.items() if not name.startswith("task.")}
    config = RunConfig.from_flat(sizes | {"task.name": "two-lag", "task.length": 12})
    arrays, meta = about.landing(moment_of(config, 0), None)
    assert meta["alone"] and 0 < arrays["gates"][0] < 1


def test_long_or_wide_networks_are_looked_at_in_fewer_sequences(monkeypatch) -> None:
    monkeypatch.setattr(about, "MOST_NUMBERS", 2 * 8 * 3)
    assert about.paths(moment(), "last")[1]["sequences"] == 2
    assert about.gates(moment(), None)[1]["sequences"] == 2
    monkeypatch.setattr(about, "MOMENT_SECONDS", 0.0)
    run: Any = type("Run", (), {"weight_steps": np.arange(3), "weights": None})()
    assert about.gates(moment(step=2), run)[0]["step"].tolist() == [2]
