"""The three kinds of clipping as counterfactuals: against the formula, NumPy, and a training step's own gradient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.backprop.bptt import gradients
from core.config import RunConfig
from core.diagnostics.clip_kinds import KINDS, clip_kinds, sequences_for, thresholds
from core.moment import Moment
from core.questions import Clipping
from core.questions.over_training import Earlier
from core.training.loop import train
from core.training.replay import moment_of

GRID = np.array([1e-4, 3e-3, 0.03, 0.3, 3.0])
SMALL = {"task.length": 14, "cell.hidden_size": 5, "batch_size": 4, "clip_threshold": 0.3, "steps": 3}


def moment(**changes: object) -> Moment:
    config = RunConfig.from_flat(SMALL | {key.replace("__", "."): value for key, value in changes.items()})
    return moment_of(config, 0)


def raw(at: Moment, clamp: float | None = None) -> np.ndarray:
    """The gradient of the moment as one float64 vector."""
    learns = at.config.trained == "all"
    found = gradients(
        at.network, at.batch, truncation=at.config.truncated, clamp=clamp, parameters=learns, record=False
    )
    return torch.cat([grad.double().reshape(-1) for grad in found.grads.values()]).numpy()


def compared(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """Norm ratio and degrees."""
    cosine = before @ after / np.linalg.norm(before) / np.linalg.norm(after)
    return np.linalg.norm(after) / np.linalg.norm(before), np.degrees(np.arccos(np.clip(cosine, -1, 1)))


@pytest.mark.parametrize("task", ["temporal-order", "copy"])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "peephole", "gru"])
def test_each_kind_does_what_a_training_step_would(task: str, cell: str) -> None:
    sizes = {"task__symbols_to_copy": 3} if task == "copy" else {}
    at = moment(task__name=task, cell__name=cell, **sizes)
    found, before = clip_kinds(at, GRID), raw(at)
    norm = np.linalg.norm(before)
    assert found["norm"][0] == pytest.approx(norm, rel=1e-6)
    np.testing.assert_allclose(found["norm.ratio"], np.minimum(1, GRID / (norm + 1e-6)), rtol=1e-5)
    assert (found["norm.angle"] == 0).all()
    for k, theta in enumerate(GRID):
        ways = {"value": np.clip(before, -theta, theta), "backprop": raw(at, clamp=theta)}
        for kind, after in ways.items():
            ratio, angle = compared(before, after)
            assert found[f"{kind}.ratio"][k] == pytest.approx(ratio, rel=1e-5)
            assert found[f"{kind}.angle"][k] == pytest.approx(angle, abs=0.05)
        assert found["value.share"][k] == pytest.approx(np.mean(np.abs(before) > theta))
    assert found["backprop.angle"][0] > 1 and found["backprop.ratio"][-1] == 1


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_the_share_of_limited_carries_is_that_of_a_loop(cell: str) -> None:
    at = moment(cell__name=cell)
    found, T, N = clip_kinds(at, GRID), 14, 4
    for k, theta in enumerate(GRID):
        back = gradients(at.network, at.batch, clamp=theta, record=False)
        carried = [back.back.grad_h[t] - (back.grad_out[t - 1] if t else 0) for t in range(T)]
        limited = sum(int((part.abs() >= theta / N * (1 - 1e-5)).sum()) for part in carried)
        assert found["backprop.share"][k] == pytest.approx(limited / (T * N * 5))
    assert found["backprop.share"][0] > 0 and found["backprop.share"][-1] == 0


@pytest.mark.parametrize("mode", ["windows", "sliding", "stream", "reset"])
def test_the_configs_own_truncation_applies(mode: str) -> None:
    at = moment(truncation=mode, truncation_length=4, task__name="copy", task__symbols_to_copy=3)
    found = clip_kinds(at, GRID)
    ratio, angle = compared(raw(at), raw(at, clamp=0.003))
    assert found["norm"][0] == pytest.approx(np.linalg.norm(raw(at)), rel=1e-6)
    assert found["backprop.ratio"][1] == pytest.approx(ratio, rel=1e-5)
    assert found["backprop.angle"][1] == pytest.approx(angle, abs=0.05)
    assert np.isnan(found["backprop.share"]).any() == (mode in ("sliding", "stream"))


def test_a_frozen_recurrence_has_no_carry_that_matters() -> None:
    found = clip_kinds(moment(trained="readout"), GRID)
    assert (found["backprop.ratio"] == 1).all() and (found["backprop.angle"] == 0).all()
    assert found["value.ratio"][0] < 0.1


def test_a_gradient_that_is_no_number_has_no_effects() -> None:
    at = moment()
    at.layer.params["weight_hh"][0, 0] = torch.nan
    found = clip_kinds(at, GRID)
    assert np.isnan(found["norm"][0]) and all(np.isnan(found[f"{kind}.ratio"]).all() for kind in KINDS)


@pytest.mark.parametrize("T, H, all_of_them", [(50, 8, True), (200, 128, False), (1000, 32, False)])
def test_large_ones_are_looked_at_in_part(T: int, H: int, all_of_them: bool) -> None:
    at = moment(cell__hidden_size=H, task__length=T)
    n = sequences_for(replace(at, batch=replace(at.batch, x=np.zeros((T, 32, 6), np.float32))))
    assert 1 <= n <= 32 and (n == 32) == all_of_them


def test_the_grid_stands_around_the_configs_threshold() -> None:
    grid = thresholds(0.3)
    assert grid[0] == pytest.approx(3e-4) and grid[-1] == pytest.approx(3000) and len(grid) == 43
    assert np.abs(grid / 0.3 - 1).min() < 1e-12  # what the page shows at first is measured, not read off
    np.testing.assert_array_equal(clip_kinds(moment())["theta"], grid)


@pytest.mark.parametrize("normalisation", ["none", "layer", "batch"])
def test_the_raw_gradient_is_the_one_that_trains_however_it_is_normalised(normalisation: str) -> None:
    """With statistics that are held a batch-normalised network has another gradient, of another size."""
    config = RunConfig.from_flat(SMALL | {"cell.layers": 2, "cell.normalisation": normalisation, "steps": 1})
    for frame in train(config):
        at = moment_of(config, frame.step, frame.weights)
        found, _ = Clipping().answer(at, Earlier())
        assert float(found["norm"][0]) == pytest.approx(frame.grad_norm, rel=1e-6)
