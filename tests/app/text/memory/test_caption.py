"""The caption of Memory: what is in the last state, what was learned, what was lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.text.memory.caption import caption
from app.text.memory.remembered import Remembered
from app.text.shared.situation import Situation
from core.config import RunConfig
from core.reading.horizon import horizon_of

CONFIG = RunConfig.from_flat({"task.name": "review", "task.length": 30, "steps": 100})


@pytest.fixture
def moment(make_frame):
    """``moment(step=7, phase="running", config=CONFIG, **scalars)``."""

    def make(step: int = 7, phase: Any = "running", config: RunConfig = CONFIG, **scalars: Any) -> Situation:
        frame = make_frame(config, step, **scalars)
        found = horizon_of(frame.flow_last, asked=30, cuts=[])
        return Situation(config, frame, found, found, frame.history, phase)

    return make


def kept(**changes: Any) -> Remembered:
    values: dict[str, Any] = {"end": 0.98, "start": 0.5, "chance": 0.5, "best": 1.0, "best_step": 2, "half": 1,
                              "half_start": 3}  # fmt: skip
    return Remembered(**values | changes)


@pytest.mark.parametrize("changes, headline, subline", [
    ({}, "At step 30 the answer is in the state: the network of training step 7 holds", "was learned, and is kept"),
    ({"end": 0.7}, "part of the answer is in the state", "3 steps back before training"),
    ({"end": 0.51}, "takes the answer in at step 2; by step 30 it is lost", "holds about as much"),
    ({"end": 0.51, "best": 0.55}, "Next to nothing of the answer is in the last state", "holds about as much"),
    ({"end": 0.6, "start": 0.98}, "part of the answer is in the state", "untrained network holds more of the answer"),
    ({"start": 0.97, "half": -2}, "holds what it is asked for", "next to nothing"),
    ({"half": -1}, "holds what it is asked for", "over all the steps"),
    ({"end": float("nan")}, "not finite", "judged on the other half"),
])  # fmt: skip
def test_what_is_kept(moment, changes: dict[str, Any], headline: str, subline: str) -> None:
    words = caption(moment(), kept(**changes))
    assert headline in words.headline and words.headline.endswith(".")
    assert subline in words.subline and len(words.figures) == 5


def test_inputs_that_are_all_the_same_are_not_spoken_of(moment) -> None:
    words = caption(moment(), kept(half=None))
    assert words.subline.startswith("What the task asks for") and len(words.figures) == 4


def test_untrained_and_pending(moment) -> None:
    start = caption(moment(0, "preview"), kept(end=0.5, best=0.98))
    assert start.headline.startswith("The untrained network takes the answer in at step 2")
    assert "the echo in a random recurrence" in start.subline
    open_ = caption(moment(), None)
    assert "being measured" in open_.headline and [figure.value for figure in open_.figures][:2] == ["…", "…"]


def test_a_broken_run_remembers_nothing(moment) -> None:
    words = caption(moment(loss=np.nan, grad_norm=np.nan), None)
    assert words.headline.strip() == "The loss stopped being a number at training step 7." and len(words.figures) == 3
    states = caption(moment(loss=np.nan, grad_norm=np.nan), kept())
    assert "the answer is in the state" in states.headline  # which are finite


def test_numbers_are_explained_not_found(moment) -> None:
    config = CONFIG.replace(**{"task.name": "adding"})
    words = caption(moment(config=config), kept(end=0.5, chance=0.0))
    assert "a readout explains 50\u00a0% of it" in words.headline
    assert words.figures[0].label == "of the answer, from the last state"
