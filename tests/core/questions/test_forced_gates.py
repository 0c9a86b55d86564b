"""What if? With nothing forced it is the run's own gradient, and all probes are those asked one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.backprop.bptt import gradients
from core.config import RunConfig
from core.errors import UnrolledError
from core.moment import Moment
from core.questions import EachGateForced, ForcedGates
from core.questions.over_training import Earlier
from core.training.replay import moment_of

ALONE = Earlier()
BASE = {"task.name": "adding", "task.asked": "every", "task.length": 8, "cell.hidden_size": 3, "batch_size": 4,
        "steps": 8}  # fmt: skip
MODES = [
    {"truncation": mode, "truncation_length": 3, **more}
    for mode, more in (("full", {}), ("windows", {}), ("sliding", {}), ("stream", {"truncation_stride": 2}),
                       ("reset", {}))
]  # fmt: skip
each_mode = pytest.mark.parametrize("settings", MODES, ids=lambda s: s["truncation"])


def moment(settings: dict[str, Any] | None = None, step: int = 0) -> Moment:
    return moment_of(RunConfig.from_flat(BASE | (settings or {})), step)


def as_trained(now: Moment) -> Any:
    """The gradients of the pass that trains."""
    return gradients(now.network, now.batch, truncation=now.config.truncated)


def named(name: str) -> ForcedGates:
    """The question of one name among the facts of EachGateForced."""
    gate, _, value = name.partition("=")
    return ForcedGates(peepholes=value) if gate == "peepholes" else ForcedGates(force=((gate, float(value)),))


@each_mode
def test_what_is_not_forced_is_the_run_s_own_flow(settings: dict[str, Any]) -> None:
    now = moment(settings)
    whole = as_trained(now)
    arrays, meta = ForcedGates().answer(now, ALONE)
    np.testing.assert_allclose(arrays["before"], whole.flow_last, rtol=1e-4, atol=1e-12)
    np.testing.assert_array_equal(arrays["before"], arrays["after"])
    assert meta["loss_before"] == meta["loss_after"] == pytest.approx(whole.loss, rel=1e-5)


def test_open_forget_gates_carry_everything_on() -> None:
    arrays, meta = ForcedGates(force=(("f", 1), ("i", 0))).answer(moment(), ALONE)
    np.testing.assert_allclose(arrays["after"][1:-1], arrays["after"][-2], rtol=0.2)
    assert arrays["after"][1] > 2 * arrays["before"][1] and meta["loss_after"] != meta["loss_before"]
    shut, _ = ForcedGates(force=(("f", 0), ("i", 0))).answer(moment(), ALONE)
    assert not shut["after"][:-2].any()


def test_every_gate_is_forced_in_turn() -> None:
    now = moment({"cell.name": "peephole"})
    arrays, meta = EachGateForced().answer(now, ALONE)
    assert meta["names"] == [f"{q}={v}" for q in "ifgo" for v in (0, 1)] + ["peepholes=removed", "peepholes=cut"]
    for name, flow, loss in zip(meta["names"], arrays["after"], arrays["loss"]):
        alone, told = named(name).answer(now, ALONE)
        np.testing.assert_array_equal(flow, alone["after"])
        assert loss == told["loss_after"]
    assert EachGateForced().answer(moment({"cell.name": "rnn"}), ALONE)[1]["names"] == []


def test_too_many_probes_are_refused_with_a_way_out(monkeypatch) -> None:
    monkeypatch.setattr("core.questions.each_gate_forced.MOST_SECONDS", 0.0)
    with pytest.raises(UnrolledError, match="Force a single gate"):
        EachGateForced().answer(moment(), ALONE)


@pytest.mark.parametrize("force, peepholes, why", [
    ((("z", 1.0),), "kept", "is not a gate of the cell"), ((("f", -1.0),), "kept", "between 0 and 1"),
    ((), "cut", "needs a cell with peepholes"),
])  # fmt: skip
def test_what_this_cell_cannot_be_forced_to_is_said(force: Any, peepholes: Any, why: str) -> None:
    with pytest.raises(UnrolledError, match=why):
        ForcedGates(force=force, peepholes=peepholes).answer(moment(), ALONE)


def test_equal_questions_name_the_gates_in_any_order() -> None:
    one, other = ForcedGates(force=(("i", 0), ("f", 1))), ForcedGates(force=(("f", 1), ("i", 0)))
    assert one == other and hash(one) == hash(other) and one.text == other.text
