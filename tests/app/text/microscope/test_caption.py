"""What the Microscope's caption says."""

from __future__ import annotations

import numpy as np
import pytest

from app.text.microscope.caption import caption
from app.text.shared.situation import Situation
from core.config import RunConfig
from core.frames import SCALARS
from core.reading.horizon import horizon_of

CONFIG = RunConfig.from_flat({"task.length": 30, "steps": 50, "cell.hidden_size": 4})


@pytest.fixture
def say(make_frame):
    def speak(config=CONFIG, step=10, phase="running", **told):
        frame = make_frame(config, step, **told)
        scalars = {name: np.ones(1) for name in SCALARS} | frame.history
        found = horizon_of(frame.flow_last)
        return caption(Situation(config, frame, found, found, scalars, phase))

    return speak


def test_loss_gradient_and_update_in_one_sentence(say) -> None:
    words = say(loss=1.5, grad_norm=0.25, grad_norm_clipped=0.25, update_size=0.05, param_norm=10.0)
    assert words.headline == (
        "Training step 10: a loss of 1.5 becomes a gradient of 0.25, and the update moves the weights by 0.050."
    )
    labels = {figure.label: figure.value for figure in words.figures}
    assert labels["loss of the batch"] == "1.5" and labels["of the weights' norm moved"] == "0.5\u00a0%"
    assert "can be checked below" in words.subline


def test_the_untrained_network_and_the_last_step(say) -> None:
    assert say(step=0, phase="preview", update_size=np.nan).headline.startswith("The untrained network's loss of")
    assert "moves the weights" not in say(update_size=np.nan).headline


def test_a_loss_that_is_no_number(say) -> None:
    words = say(loss=np.nan, grad_norm=np.nan, update_size=np.nan)
    assert words.headline == "The loss stopped being a number at training step 10."


def test_clipping_is_a_figure_where_there_is_any(say) -> None:
    clipped = say(CONFIG.replace(clip="norm"), grad_norm=2.0, grad_norm_clipped=1.0)
    assert "50\u00a0%" in [figure.value for figure in clipped.figures]
    free = say(CONFIG.replace(clip="none"), grad_norm=2.0, grad_norm_clipped=2.0)
    assert len(free.figures) == len(clipped.figures) - 1
