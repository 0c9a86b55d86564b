"""What the Clipping lab's caption says in every case it knows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.figures.base.course import Course
from app.text.clipping_lab.caption import caption
from app.text.shared.situation import Caption, Situation
from core.companions import twin
from core.config import RunConfig
from core.frames import SCALARS
from core.reading.horizon import horizon_of

CONFIG = RunConfig.from_flat({"task.length": 20, "steps": 300, "clip": "norm", "clip_threshold": 3})


def series(norm: Any, config: RunConfig, **others: Any) -> dict[str, np.ndarray]:
    """A run whose raw norms are ``norm``; what is not a number there is none in the loss either."""
    norm = np.array(norm, float)
    taken = {name: np.ones(len(norm)) for name in SCALARS} | {"step": np.arange(len(norm)), "grad_norm": norm}
    taken |= {"clip_angle": np.zeros(len(norm)), "loss": np.where(np.isfinite(norm), 1.0, np.nan)}
    taken["grad_norm_clipped"] = norm if config.clip == "none" else np.minimum(norm, config.clip_threshold)
    taken["score"] = np.full(len(norm), 0.5)
    return taken | {name: np.array(values) for name, values in others.items()}


@pytest.fixture
def say(make_frame):
    """``say(config, norm, phase, step=last, twin=…)``: the caption of a run with these norms."""

    def speak(config=CONFIG, norm=(2, 2, 2), phase="running", step=None, beside=None, **others) -> Caption:
        taken = series(norm, config, **others)
        step = len(norm) - 1 if step is None else step
        told = {name: float(taken[name][step]) for name in SCALARS if name in taken}
        frame = make_frame(config, step, **told)
        found = horizon_of(frame.flow_last)
        return caption(Situation(config, frame, found, found, taken, phase), beside)

    return speak


def other(state: str, norm: Any, config: RunConfig = CONFIG, **others: Any) -> Course:
    run = twin(config)
    return Course(run, state, series(norm, run, **others))  # type: ignore[arg-type]


FREE = CONFIG.replace(clip="none")
BROKEN = [2, 2, 2, 1e8, np.nan]


def test_untrained(say) -> None:
    words = say(norm=[6.0], phase="preview")
    assert words.headline == "The untrained gradient has norm 6.0; clipping by norm at 3 leaves 3.0 (50\u00a0%)."
    assert words.subline.endswith("Train runs this start with clipping and, on the same batches, without it.")
    assert "leaves it as it is" in say(norm=[1.0], phase="preview").headline
    assert "nothing limits it" in say(FREE, norm=[1.0], phase="preview").headline
    assert "without clipping and, on the same batches, with it." in say(FREE, norm=[1.0], phase="preview").subline


def test_spike_and_share(say) -> None:
    words = say(norm=[2, 2, 40, 2])
    assert words.headline == (
        "Up to step 3, 25\u00a0% of the training steps are clipped. "
        "The largest spike, 20 times the median norm, came at step 2."
    )
    assert words.subline == "At step 3 the raw norm is 2.0 and passes unchanged. By norm the direction is kept."
    values = {figure.label: figure.value for figure in words.figures}
    assert values["of the training steps clipped"] == "25\u00a0%"
    assert values["the median norm: the largest, at step 2"] == "× 20"


def test_the_shown_step_is_told(say) -> None:
    words = say(norm=[2, 2, 40, 2], step=2)
    assert words.subline.startswith("At step 2 the raw norm is 40; clipping by norm at 3 leaves 3.0 (8\u00a0%).")


def test_a_scrubbed_moment_knows_nothing_of_later_ones(say) -> None:
    words = say(norm=[2, 2, 40, 2], step=1)
    assert words.headline == "Clipping by norm at 3 changes nothing up to step 1: the largest gradient norm is 2.0."


def test_by_value_the_angle_is_told(say) -> None:
    config = CONFIG.replace(clip="value")
    words = say(config, norm=[5, 40, 5], clip_angle=[10, 35, 12])
    assert "It turns the gradient by 19° on average, by 35° at step 1." in words.subline
    assert words.figures[-1].value == "12°"
    assert "clipping by value at 3 leaves" in words.subline


def test_the_run_that_breaks_and_the_one_that_is_saved(say) -> None:
    words = say(FREE, BROKEN, "over", beside=other("over", [2] * 301, FREE))
    assert words.headline == "Without clipping this run broke. The loss stopped being a number at training step 4."
    assert words.subline == "Clipped by norm at 3 the same start came through: accuracy 50\u00a0%."
    saved = say(CONFIG, [2] * 301, "over", beside=other("over", BROKEN))
    assert saved.subline.endswith("Without clipping the same start broke, at training step 4.")
    assert saved.figures[-1].value == "step 4"


def test_before_the_break_it_is_announced(say) -> None:
    words = say(FREE, BROKEN, "over", step=2)
    assert words.headline.startswith("Still a number here, without clipping; the run breaks at training step 4.")


def test_clipping_that_did_not_help(say) -> None:
    words = say(CONFIG, BROKEN, "over", beside=other("over", BROKEN))
    assert words.headline.startswith("Clipped by norm at 3 this run broke")
    assert words.subline.endswith("Without clipping the same start broke as well, at training step 4.")


def test_clipping_that_decides_nothing_is_said_to(say) -> None:
    words = say(CONFIG, [2] * 301, "over", beside=other("over", [2] * 301))
    assert words.subline.endswith("ends with about the same score, 50\u00a0%.")


def test_a_run_that_was_stopped_has_not_come_through(say) -> None:
    assert say(FREE, norm=[2, 2, 2], phase="over").headline.startswith("This run holds without clipping up to step 2")
    steps = CONFIG.steps + 1
    whole = say(norm=[2] * steps, phase="over", beside=other("over", [2, 2, 2]))
    assert "Without clipping the same start was ended early, at training step 2." in whole.subline
    stopped = say(norm=[2, 2, 2], phase="over", beside=other("over", [2] * steps))
    assert "the same start went on to the end: accuracy 50\u00a0%." in stopped.subline
    assert say(FREE, norm=[2] * steps, phase="over").headline.startswith("This run came through without clipping")
