"""Questions over training: the earlier moments are the run's own, evenly spread, and no more than there is time for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.config import RunConfig
from core.lab.analysis import earlier
from core.moment import Moment
from core.questions import CreditLanding, GateUse, RecurrentSpectra
from core.questions.over_training import Earlier, affordable, trail
from core.training import train
from core.training.replay import moment_of

ALONE = Earlier()
BASE = {"task.name": "adding", "task.asked": "every", "task.length": 8, "cell.hidden_size": 3, "batch_size": 4,
        "steps": 8}  # fmt: skip


def moment(settings: dict[str, Any] | None = None, step: int = 0) -> Moment:
    return moment_of(RunConfig.from_flat(BASE | (settings or {})), step)


class Stored:
    """A run's weights at steps 0 … 5."""

    def __init__(self, config: RunConfig) -> None:
        self.config, self.frames = config, list(train(config))[:6]
        self.weight_steps = np.arange(6)

    def weights(self, step: int) -> Any:
        return self.frames[step].weights

    def at(self, step: int) -> tuple[Moment, Earlier]:
        """The moment at ``step`` and those before it, as the analysis process has them."""
        run: Any = self
        moment = moment_of(self.config, step, self.weights(step))
        return moment, earlier(run, moment)


@pytest.fixture(scope="module")
def stored() -> Stored:
    """A run of a small LSTM."""
    config = RunConfig.from_flat(BASE | {"task.name": "temporal-order", "task.asked": "last", "task.length": 12})
    return Stored(config)


def test_gates_over_training_are_the_recorded_planes_means(stored: Stored) -> None:
    arrays, meta = GateUse().answer(*stored.at(4))
    assert arrays["step"].tolist() == [0, 1, 2, 3, 4] and meta["names"] == ["i", "f", "g", "o"] and meta["keeps"] == "f"
    for k, step in enumerate(arrays["step"]):
        planes = stored.frames[step].planes
        for q, values in planes.gates.items():
            assert arrays[f"{q}.mean"][k] == pytest.approx(values.mean(), abs=1e-5)
    now = stored.frames[4].planes.gates
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
    arrays, meta = GateUse().answer(moment(settings), ALONE)
    assert (meta["keeps"], meta["constant"]) == (keeps, constant) and arrays["step"].tolist() == [0]
    if constant:
        assert np.isinf(arrays["kept.steps"]).all() and np.isinf(arrays["kept.quantiles"]).all()
    if settings.get("cell.variant") == "coupled":
        np.testing.assert_allclose(arrays["f.over_time"], 1 - arrays["i.over_time"], atol=1e-6)


SLOPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": lambda h: 1 - h**2, "relu": lambda h: h > 0, "leaky-relu": lambda h: np.where(h > 0, 1, 0.01),
    "logistic": lambda h: h * (1 - h), "linear": np.ones_like,
}  # fmt: skip


@pytest.mark.parametrize("activation", SLOPES)
def test_a_plain_rnn_has_the_slope_of_its_activation(activation: str) -> None:
    from core.data import probes

    now = moment({"cell.name": "rnn", "cell.activation": activation})
    h = now.cell.forward(now.layer.params, torch.tensor(probes(now.config).x)).h[1:].numpy()
    slope = SLOPES[activation](h.astype(float)).astype(float)
    arrays, meta = GateUse().answer(now, ALONE)
    assert meta["names"] == ["slope"] and arrays["slope.mean"][0] == pytest.approx(slope.mean())
    np.testing.assert_allclose(arrays["slope.shut_unit"], (slope < 0.1).mean(axis=(0, 1)))


def test_credit_lands_on_the_same_sequences_at_every_moment(stored: Stored) -> None:
    arrays, meta = CreditLanding().answer(*stored.at(4))
    assert arrays["step"].tolist() == [0, 1, 2, 3, 4] and not meta["alone"] and meta["sequences"] == 4
    np.testing.assert_allclose(arrays["expected"], 2 / 12)
    first, _ = CreditLanding().answer(*stored.at(0))
    assert first["gates"][0] == arrays["gates"][0] and first["state"][0] == arrays["state"][0]


def test_a_stream_is_judged_by_its_last_loss() -> None:
    sizes = {name: value for name, value in BASE.items() if not name.startswith("task.")}
    config = RunConfig.from_flat(sizes | {"task.name": "two-lag", "task.length": 12})
    arrays, meta = CreditLanding().answer(moment_of(config, 0), ALONE)
    assert meta["alone"] and 0 < arrays["gates"][0] < 1


def test_the_spectrum_comes_with_earlier_ones() -> None:
    config = RunConfig.from_flat(BASE | {"cell.name": "gru"})
    run = Stored(config)
    arrays, meta = RecurrentSpectra().answer(*run.at(4))
    assert arrays["step"].tolist() == [0, 1, 2, 3, 4] and meta["gates"] == ["r", "z", "n"]
    for k, step in enumerate(arrays["step"]):
        U = np.split(run.weights(step)["weight_hh"].astype(float), 3)[1]
        assert arrays["z.rho"][k] == pytest.approx(np.abs(np.linalg.eigvals(U)).max(), rel=1e-5)
        assert arrays["z.sigma_max"][k] == pytest.approx(np.linalg.norm(U, 2), rel=1e-5)
    alone, _ = RecurrentSpectra().answer(moment_of(config, 0), ALONE)
    assert alone["step"].tolist() == [0]


def test_the_trail_is_evenly_spread_and_leaves_out_what_is_gone() -> None:
    now = moment()
    kept = Earlier(tuple(range(0, 100, 2)), lambda step: replace(now, step=step) if step else None)
    assert [each.step for each in trail(now, kept, 3)] == [48, 98, 0]
    assert [each.step for each in trail(now, ALONE, 3)] == [each.step for each in trail(now, kept, 0)] == [0]


def test_long_or_wide_networks_are_looked_at_at_fewer_moments(monkeypatch) -> None:
    monkeypatch.setattr("core.questions.sampling.MOST_NUMBERS", 2 * 8 * 3)
    assert GateUse().answer(moment(), ALONE)[1]["sequences"] == 2
    assert affordable(moment(), 100) == 23 and affordable(moment(), 10**9) == 0
