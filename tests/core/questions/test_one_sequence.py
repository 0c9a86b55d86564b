"""One step of one sequence: its numbers are the run's own, and each question says what it cannot be asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.config import RunConfig
from core.diagnostics.sequences import contributions
from core.errors import UnrolledError
from core.questions import CheckedGradient, LyapunovExponents, Theory, TrainingStep
from core.questions.over_training import Earlier
from core.training import train
from core.training.replay import moment_of

ALONE = Earlier()
BASE = {"task.name": "temporal-order", "task.length": 12, "cell.hidden_size": 4, "batch_size": 5, "steps": 8}
EVERY = {"task.name": "adding", "task.length": 12, "task.asked": "every"}
CELLS = [{"cell.name": name} for name in ("rnn", "lstm", "peephole", "gru")]


def moment(step: int = 0, **settings: Any):
    flat = BASE | {key.replace("__", "."): value for key, value in settings.items()}
    return moment_of(RunConfig.from_flat(flat), step)


def stored(config: RunConfig, step: int):
    """A frame and its moment, with the weights in a run file's order: by name."""
    frame = list(train(config))[step]
    return frame, moment_of(config, step, dict(sorted(frame.weights.items())))


@pytest.mark.parametrize("settings", [*CELLS, {"trained": "readout"}, {"clip": "value", "clip_threshold": 0.001},
                                      {"optimizer": "momentum"}, {"optimizer": "sgd"}], ids=str)  # fmt: skip
def test_slow_motion_ends_in_the_run_s_own_update(settings: dict[str, Any]) -> None:
    frame, then = stored(RunConfig.from_flat(BASE | settings), 3)
    arrays, meta = TrainingStep(sequence=1).answer(then, ALONE)
    assert meta["memory"] == ("none" if settings.get("optimizer") == "sgd" else "run")
    assert meta["mean"] == pytest.approx(frame.loss)
    assert meta["norm_before"] == pytest.approx(frame.grad_norm)
    assert meta["norm_after"] == pytest.approx(frame.grad_norm_clipped)
    assert meta["size"] == pytest.approx(frame.update_size, rel=1e-4)
    assert np.sqrt(np.square(arrays["change"]).sum()) == pytest.approx(frame.update_size, rel=1e-4)


@pytest.mark.parametrize("settings", CELLS, ids=str)
def test_norms_and_units_are_of_one_sequence(settings: dict[str, Any]) -> None:
    now = moment(0, **settings)
    norm, _ = TrainingStep(sequence=2).answer(now, ALONE)
    units = [TrainingStep(sequence=2, unit=k).answer(now, ALONE)[0] for k in range(1, 5)]
    for name in ("h", "dh", "got_h", "added", "together"):
        together = np.sqrt(sum(np.square(unit[name]) for unit in units))
        np.testing.assert_allclose(norm[name], together, rtol=1e-9)
    flow = np.square(norm["dh"]) + (np.square(norm["dc"]) if "dc" in norm else 0)
    np.testing.assert_allclose(np.sqrt(flow), contributions(now)["flow"][1, 1:], rtol=1e-5)


def test_without_the_memory_a_fresh_optimiser_is_shown_and_named(monkeypatch) -> None:
    monkeypatch.setattr("core.training.optimizer_memory.MOST_SECONDS", 0.0)
    assert TrainingStep(sequence=1).answer(moment(3), ALONE)[1]["memory"] == "fresh"
    assert TrainingStep(sequence=1).answer(moment(0), ALONE)[1]["memory"] == "none"


@pytest.mark.parametrize("settings", CELLS, ids=str)
def test_no_gradient_is_larger_than_the_bounds(settings: dict[str, Any]) -> None:
    now = moment(0, **settings)
    arrays, meta = Theory(sequence=3).answer(now, ALONE)
    share = arrays["flow"] / arrays["flow"][meta["asked"]]
    assert meta["asked"] == 12 and (share <= arrays["bound"] * (1 + 1e-9)).all()
    np.testing.assert_allclose(arrays["flow"], contributions(now)["flow"][2], rtol=1e-4)
    states = {"lstm": 8, "peephole": 8}.get(settings["cell.name"], 4)
    assert arrays["singular"].shape == (13, states) and arrays["singular_h"].shape == (13, 4)
    np.testing.assert_array_equal(arrays["singular"][-1], np.ones(states))
    if settings["cell.name"] == "rnn":
        lags = 12 - np.arange(13.0)
        assert (arrays["singular"][:, 0] <= meta["sigma_max.recurrent"] ** lags * (1 + 1e-9)).all()
        assert (share <= arrays["singular"][:, 0] * (1 + 1e-9)).all()


def test_theory_sees_the_last_loss_and_its_cut() -> None:
    arrays, meta = Theory(sequence=1).answer(moment(0, truncation="sliding", truncation_length=5, **EVERY), ALONE)
    assert meta["asked"] == 12 and not arrays["flow"][:8].any() and arrays["flow"][8:].all()
    assert not arrays["bound"][:8].any() and arrays["bound"][8:].all()


def test_wide_cells_are_refused_with_a_sentence() -> None:
    for question in (Theory(), LyapunovExponents()):
        with pytest.raises(UnrolledError, match=r"Lower `cell\.hidden_size`"):
            question.answer(moment(0, cell__hidden_size=129), ALONE)
        with pytest.raises(UnrolledError, match=r"Lower `task\.length` or"):
            question.answer(moment(0, cell__hidden_size=128, task__length=200, batch_size=1), ALONE)


def test_exponents_are_those_of_the_sequence() -> None:
    arrays, meta = LyapunovExponents(sequence=2).answer(moment(0, cell__name="rnn"), ALONE)
    assert len(arrays["exponents"]) == 4 and meta["transient"] == 1
    assert arrays["running"][-1] == arrays["exponents"][0] < 0


@pytest.mark.parametrize("settings", [*CELLS, {"truncation": "windows", "truncation_length": 5}], ids=str)
def test_a_checked_gradient_is_the_run_s(settings: dict[str, Any]) -> None:
    now = moment(0, **settings)
    slow, _ = TrainingStep(sequence=2, unit=3).answer(now, ALONE)
    for t in (1, 6, 12):
        arrays, meta = CheckedGradient(sequence=2, t=t, unit=3).answer(now, ALONE)
        assert meta["relative_error"] < 1e-9
        assert meta["ours"] == pytest.approx(slow["dh"][t - 1], rel=1e-4, abs=1e-12)
        assert meta["same_question"] == ("truncation" not in settings)
        assert meta["cut"] == ([7] if "truncation" in settings else [])
        assert len(arrays["quotient"]) == len(arrays["step"])


@pytest.mark.parametrize("mode", ["sliding", "stream"])
def test_where_losses_reach_back_differently_the_last_one_is_checked(mode: str) -> None:
    arrays, meta = CheckedGradient(t=10).answer(moment(0, truncation=mode, truncation_length=4, **EVERY), ALONE)
    assert meta["alone"] and meta["cut"] == [8] and meta["relative_error"] < 1e-9 and meta["ours"] != 0
    arrays, meta = CheckedGradient(t=7).answer(moment(0, truncation=mode, truncation_length=4, **EVERY), ALONE)
    assert meta["ours"] == meta["independent"] == 0 and not meta["same_question"]
    assert np.abs(arrays["quotient"]).max() > 0


def test_arguments_fit_the_moment() -> None:
    now = moment(0)
    for question, name in (
        (TrainingStep(sequence=6), "sequence"), (TrainingStep(unit=5), "unit"), (Theory(sequence=6), "sequence"),
        (LyapunovExponents(sequence=6), "sequence"), (CheckedGradient(sequence=6, t=1), "sequence"),
        (CheckedGradient(t=13), "t"), (CheckedGradient(t=1, unit=5), "unit"),
    ):  # fmt: skip
        with pytest.raises(UnrolledError, match=rf"`{name}` \(=\d+\) must be at most \d+ here\. Lower `{name}`"):
            question.answer(now, ALONE)
    with pytest.raises(UnrolledError, match="no part of the state"):
        CheckedGradient(t=1, part="c").answer(moment(0, cell__name="gru"), ALONE)
