"""Paths of the gradient and itemised credit: autograd's numbers and the run's own, and parts sum to the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from core.backprop.bptt import gradients
from core.backprop.readout import asked, losses
from core.config import RunConfig
from core.moment import Moment
from core.questions import GradientPaths, ItemisedCredit
from core.questions.over_training import Earlier
from core.training.replay import moment_of

ALONE = Earlier()
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
    network, sequences = now.network.to(torch.float64), asked(now.batch, torch.float64)
    params = network.layer.params
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
            loss, _ = losses(network.answers(history[s + 1][0].unsqueeze(0)), sequences.target[k : k + 1])
            total = total + (loss[0] * (sequences.last[k].double() if alone else sequences.weight[k])).sum()
    parts = [part for state in history for part in state]
    grads = torch.autograd.grad(total, parts, allow_unused=True, materialize_grads=True)
    return torch.stack(grads).unflatten(0, (len(history), -1))


def size(gradient: torch.Tensor) -> np.ndarray:
    """(T+1,) batch mean of the norm over the state."""
    return gradient.square().sum(dim=(1, 3)).sqrt().mean(dim=1).numpy()


def as_trained(now: Moment) -> Any:
    """The gradients of the pass that trains."""
    return gradients(now.network, now.batch, truncation=now.config.truncated)


@each_cell
@pytest.mark.parametrize("which", ["last", "all"])
def test_paths_sum_to_the_gradient_which_is_autograd_s(settings: dict[str, Any], which: str) -> None:
    now = moment(settings)
    arrays, meta = GradientPaths(losses=which).answer(now, ALONE)
    np.testing.assert_allclose(arrays["flow"], size(by_autograd(now, alone=which == "last")), rtol=1e-5)
    np.testing.assert_allclose(sum(arrays[f"part.{name}"] for name in meta["paths"]), arrays["flow"], rtol=1e-9)
    assert meta["error"] < 1e-12 and meta["alone"] == (which == "last")
    assert arrays["t"].tolist() == list(range(9)) and (meta["sequences"], meta["of"]) == (4, 4)


def test_the_carousel_is_what_is_left_with_every_gate_detached() -> None:
    now = moment()
    arrays, _ = GradientPaths(losses="last").answer(now, ALONE)
    np.testing.assert_allclose(arrays["norm.carousel"], size(by_autograd(now, alone=True, detach=True)), rtol=1e-5)


@each_mode
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_paths_under_truncation_are_the_run_s_own_gradient(settings: dict[str, Any], cell: str) -> None:
    now = moment(settings | {"cell.name": cell})
    arrays, meta = GradientPaths(losses="last").answer(now, ALONE)
    np.testing.assert_allclose(arrays["flow"], as_trained(now).flow_last, rtol=1e-4, atol=1e-12)
    assert meta["error"] < 1e-12
    if cell == "rnn":
        step, flow = arrays["slope"] * arrays["matrix"], arrays["flow"]
        for t in np.flatnonzero(flow[:-1] > 0) + 1:
            assert step[t] == pytest.approx(flow[t - 1] / flow[t], rel=1e-6)


def test_many_losses_with_a_reach_of_their_own_are_looked_at_one_by_one(monkeypatch) -> None:
    now = moment({"truncation": "sliding", "truncation_length": 3})
    arrays, meta = GradientPaths(losses="all").answer(now, ALONE)
    assert not meta["alone"] and meta["error"] < 1e-12
    monkeypatch.setattr("core.diagnostics.path_shares.MOST_PASSES", 2)
    arrays, meta = GradientPaths(losses="all").answer(now, ALONE)
    assert meta["alone"] and not arrays["flow"][:5].any()


def test_of_a_long_way_the_end_is_followed(monkeypatch) -> None:
    whole, _ = GradientPaths(losses="last").answer(moment(), ALONE)
    monkeypatch.setattr("core.diagnostics.path_shares.MOST_NUMBERS", 5 * 4 * 3)
    end, meta = GradientPaths(losses="last").answer(moment(), ALONE)
    assert end["t"].tolist() == [3, 4, 5, 6, 7, 8] and meta["error"] < 1e-12
    for name in ("flow", "part.carousel", "part.g"):
        np.testing.assert_allclose(end[name], whole[name][3:], rtol=1e-12)


@each_cell
def test_each_row_is_one_loss_and_all_sum_to_the_gradient(settings: dict[str, Any]) -> None:
    now = moment(settings)
    arrays, meta = ItemisedCredit().answer(now, ALONE)
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
    from core.reach import reach_of

    now = moment(settings)
    arrays, meta = ItemisedCredit().answer(now, ALONE)
    known = reach_of(now.config)
    assert meta["error"] < 1e-12
    np.testing.assert_array_equal(np.maximum(arrays["reach"], 1), known.first)


def test_only_as_many_losses_as_there_is_time_for(monkeypatch) -> None:
    monkeypatch.setattr("core.diagnostics.credit_by_loss.affordable", lambda moment: (2, np.array([0, 4, 7])))
    arrays, meta = ItemisedCredit().answer(moment(), ALONE)
    assert arrays["step"].tolist() == [1, 5, 8] and (meta["counted"], meta["losses"]) == (3, 8)
    assert (meta["sequences"], meta["of"]) == (2, 4) and meta["error"] < 1e-12


def test_what_there_is_time_for() -> None:
    from core.diagnostics.credit_by_loss import affordable

    now = moment()
    assert affordable(now)[0] == 4 and affordable(now)[1].tolist() == [*range(8)]
    sequences, few = affordable(now, 1e-5)
    assert sequences == 1 and 1 <= len(few) < 8 and few[-1] == 7


def test_large_matrices_are_thinned(monkeypatch) -> None:
    whole, _ = ItemisedCredit().answer(moment(), ALONE)
    monkeypatch.setattr("core.questions.itemised_credit.MATRIX", 4)
    thin, meta = ItemisedCredit().answer(moment(), ALONE)
    assert thin["state"].shape == (4, len(thin["t"])) and {0, 8} <= set(thin["t"].tolist())
    rows, columns = np.searchsorted(whole["step"], thin["step"]), thin["t"]
    np.testing.assert_array_equal(thin["state"], whole["state"][rows][:, columns])
    assert meta["counted"] == 8


def test_long_or_wide_networks_are_looked_at_in_fewer_sequences(monkeypatch) -> None:
    monkeypatch.setattr("core.questions.sampling.MOST_NUMBERS", 2 * 8 * 3)
    assert GradientPaths().answer(moment(), ALONE)[1]["sequences"] == 2
