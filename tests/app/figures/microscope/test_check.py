"""The checked gradient: the read-out, and what is said of the plain quotient."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures.microscope.check import check
from app.figures.microscope.slow_motion import sequence_knob
from app.figures.theme import DARK, Style
from core.config import RunConfig
from core.numbers import sig
from core.questions import CheckedGradient
from core.questions.over_training import Earlier
from core.training.replay import moment_of

BASE = {"task.name": "temporal-order", "task.length": 40, "cell.hidden_size": 4, "batch_size": 4, "steps": 50}


def shown(
    t: int,
    unit: int = 1,
    part: Literal["h", "c"] = "h",
    style: Style | None = None,
    scale: float = 1.0,
    **settings: Any,
):
    config = RunConfig.from_flat(BASE | {key.replace("__", "."): value for key, value in settings.items()})
    now = moment_of(config, 0)
    now.layer.params["weight_hh"].mul_(scale)
    arrays, meta = CheckedGradient(t=t, unit=unit, part=part).answer(now, Earlier())
    view = check(arrays, meta, config, style or Style(), sequence=sequence_knob(config, 1), t=t, unit=unit, part=part)
    go.Figure(view.figure.to_dict())
    return view, arrays, meta


@pytest.mark.parametrize("style", [Style(), Style(DARK, narrow=True)], ids=["light", "dark narrow"])
def test_a_gradient_near_the_end_is_found_by_all_three(style: Style) -> None:
    view, arrays, meta = shown(38, style=style, cell__name="rnn")
    assert sig(meta["ours"], 16) in view.keys[0].label
    assert "complex step" in view.keys[1].label and "comes within" in view.hint
    error = np.abs(arrays["quotient"] / meta["independent"] - 1)
    np.testing.assert_allclose(view.figure.data[0].y, np.maximum(error, 1e-17), rtol=1e-6, atol=1e-15)


def test_a_vanished_gradient_drowns_the_quotient_but_not_us() -> None:
    view, _, meta = shown(2, cell__name="rnn", scale=0.5)
    assert 0 < abs(meta["independent"]) < 1e-18 and meta["relative_error"] < 1e-9
    assert "drowns" in view.hint and "A complex step subtracts nothing" in view.hint


@pytest.mark.parametrize("settings, words", [
    ({"cell__name": "rnn", "truncation": "windows", "truncation_length": 10}, "truncation cuts"),
    ({"cell__name": "peephole", "cell__peephole_gradient": "gers"}, "the peepholes stop"),
])  # fmt: skip
def test_a_gradient_that_is_stopped_on_purpose_is_another_question(settings: dict[str, Any], words: str) -> None:
    view, _, _ = shown(20, **settings)
    assert "asks another question" in view.hint and words in view.hint


def test_where_nothing_arrives_both_say_zero() -> None:
    view, _, _ = shown(20, cell__name="rnn", truncation="windows", truncation_length=10)
    assert "is exactly 0, in ours and by the complex step" in view.hint and "0, exactly" in view.keys[0].label


def test_relu_goes_forward_in_tangents_and_c_has_a_knob() -> None:
    view, _, _ = shown(39, cell__name="rnn", cell__activation="relu")
    assert "forward-mode product" in view.keys[1].label and len(view.knobs) == 3
    view, _, _ = shown(39, part="c", cell__name="lstm")
    assert view.hint.startswith("∂ℓ/∂c of unit 1") and [knob.name for knob in view.knobs][-1] == "check_part"


def test_where_only_the_last_loss_is_checked_it_is_said() -> None:
    every = {"task__name": "adding", "task__asked": "every", "truncation": "sliding", "truncation_length": 5}
    view, _, _ = shown(38, cell__name="gru", **every)
    assert "of the last loss alone" in view.hint


def test_what_is_not_a_number_is_not_compared() -> None:
    config = RunConfig.from_flat(BASE | {"cell.name": "rnn"})
    now = moment_of(config, 0)
    now.layer.params["weight_ih"][:] = float("nan")
    arrays, meta = CheckedGradient(t=39).answer(now, Earlier())
    view = check(arrays, meta, config, Style(), sequence=sequence_knob(config, 1), t=39, unit=1, part="h")
    go.Figure(view.figure.to_dict())
    assert "is not finite, in ours and by the" in view.hint
