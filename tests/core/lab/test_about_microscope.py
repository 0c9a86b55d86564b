"""The Microscope's questions: their numbers are the run's own, and each says what it cannot be asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.config import RunConfig
from core.diagnostics.sequences import contributions
from core.errors import UnrolledError
from core.lab import about_microscope as about
from core.training import train
from core.training.replay import moment_of

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
    arrays, meta = about.slow(then, "1.norm")
    assert meta["memory"] == ("none" if settings.get("optimizer") == "sgd" else "run")
    assert meta["mean"] == pytest.approx(frame.loss)
    assert meta["norm_before"] == pytest.approx(frame.grad_norm)
    assert meta["norm_after"] == pytest.approx(frame.grad_norm_clipped)
    assert meta["size"] == pytest.approx(frame.update_size, rel=1e-4)
    assert np.sqrt(np.square(arrays["change"]).sum()) == pytest.approx(frame.update_size, rel=1e-4)


@pytest.mark.parametrize("settings", CELLS, ids=str)
def test_norms_and_units_are_of_one_sequence(settings: dict[str, Any]) -> None:
    now = moment(0, **settings)
    norm, _ = about.slow(now, "2.norm")
    units = [about.slow(now, f"2.{k}")[0] for k in range(1, 5)]
    for name in ("h", "dh", "got_h", "added", "together"):
        together = np.sqrt(sum(np.square(unit[name]) for unit in units))
        np.testing.assert_allclose(norm[name], together, rtol=1e-9)
    flow = np.square(norm["dh"]) + (np.square(norm["dc"]) if "dc" in norm else 0)
    np.testing.assert_allclose(np.sqrt(flow), contributions(now)["flow"][1, 1:], rtol=1e-5)


def test_without_the_memory_a_fresh_optimiser_is_shown_and_named(monkeypatch) -> None:
    monkeypatch.setattr("core.lab.retraced.MOST_SECONDS", 0.0)
    assert about.slow(moment(3), "1.norm")[1]["memory"] == "fresh"
    assert about.slow(moment(0), "1.norm")[1]["memory"] == "none"


@pytest.mark.parametrize("settings", CELLS, ids=str)
def test_no_gradient_is_larger_than_the_bounds(settings: dict[str, Any]) -> None:
    now = moment(0, **settings)
    arrays, meta = about.theory(now, "3")
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
    arrays, meta = about.theory(moment(0, truncation="sliding", truncation_length=5, **EVERY), "1")
    assert meta["asked"] == 12 and not arrays["flow"][:8].any() and arrays["flow"][8:].all()
    assert not arrays["bound"][:8].any() and arrays["bound"][8:].all()


def test_wide_cells_are_refused_with_a_sentence() -> None:
    for question in (about.theory, about.exponents):
        with pytest.raises(UnrolledError, match=r"Lower `cell\.hidden_size`"):
            question(moment(0, cell__hidden_size=129), "1")
        with pytest.raises(UnrolledError, match=r"Lower `task\.length` or"):
            question(moment(0, cell__hidden_size=128, task__length=200, batch_size=1), "1")


def test_exponents_are_those_of_the_sequence() -> None:
    arrays, meta = about.exponents(moment(0, cell__name="rnn"), "2")
    assert len(arrays["exponents"]) == 4 and meta["transient"] == 1
    assert arrays["running"][-1] == arrays["exponents"][0] < 0


class Stored:
    """A run's weights at steps 0 … 5."""

    def __init__(self, config: RunConfig) -> None:
        self.frames = list(train(config))[:6]
        self.weight_steps = np.arange(6)

    def weights(self, step: int):
        return self.frames[step].weights


def test_the_spectrum_comes_with_earlier_ones() -> None:
    config = RunConfig.from_flat(BASE | {"cell.name": "gru"})
    run: Any = Stored(config)
    arrays, meta = about.spectra(moment_of(config, 4, run.weights(4)), run)
    assert arrays["step"].tolist() == [0, 1, 2, 3, 4] and meta["gates"] == ["r", "z", "n"]
    for k, step in enumerate(arrays["step"]):
        U = np.split(run.weights(step)["weight_hh"].astype(float), 3)[1]
        assert arrays["z.rho"][k] == pytest.approx(np.abs(np.linalg.eigvals(U)).max(), rel=1e-5)
        assert arrays["z.sigma_max"][k] == pytest.approx(np.linalg.norm(U, 2), rel=1e-5)
    alone, _ = about.spectra(moment_of(config, 0), None)
    assert alone["step"].tolist() == [0]


@pytest.mark.parametrize("settings", [*CELLS, {"truncation": "windows", "truncation_length": 5}], ids=str)
def test_a_checked_gradient_is_the_run_s(settings: dict[str, Any]) -> None:
    now = moment(0, **settings)
    slow, _ = about.slow(now, "2.3")
    for t in (1, 6, 12):
        arrays, meta = about.check(now, f"2.{t}.3.h")
        assert meta["relative_error"] < 1e-9
        assert meta["ours"] == pytest.approx(slow["dh"][t - 1], rel=1e-4, abs=1e-12)
        assert meta["same_question"] == ("truncation" not in settings)
        assert meta["cut"] == ([7] if "truncation" in settings else [])
        assert len(arrays["quotient"]) == len(arrays["step"])


@pytest.mark.parametrize("mode", ["sliding", "stream"])
def test_where_losses_reach_back_differently_the_last_one_is_checked(mode: str) -> None:
    arrays, meta = about.check(moment(0, truncation=mode, truncation_length=4, **EVERY), "1.10.1.h")
    assert meta["alone"] and meta["cut"] == [8] and meta["relative_error"] < 1e-9 and meta["ours"] != 0
    arrays, meta = about.check(moment(0, truncation=mode, truncation_length=4, **EVERY), "1.7.1.h")
    assert meta["ours"] == meta["independent"] == 0 and not meta["same_question"]
    assert np.abs(arrays["quotient"]).max() > 0


def test_what_is_asked_is_checked() -> None:
    now = moment(0)
    for question, argument in (
        (about.slow, ""), (about.slow, "0.norm"), (about.slow, "6.norm"), (about.slow, "1.5"), (about.slow, "1"),
        (about.slow, "1.all"), (about.theory, "1.1"), (about.theory, "²"), (about.exponents, "-1"),
        (about.check, "1.13.1.h"), (about.check, "1.1.5.h"), (about.check, "1.1.h"), (about.check, "1.1.1.z"),
        (about.check, "1.1.1."),
    ):  # fmt: skip
        with pytest.raises(UnrolledError):
            question(now, argument)
    with pytest.raises(UnrolledError, match="no part of the state"):
        about.check(moment(0, cell__name="gru"), "1.1.1.c")
