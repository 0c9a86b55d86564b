"""What the caption of "Inside the cell" says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.text.inside_the_cell.caption import caption, carried_words, looked_at
from app.text.shared.situation import Situation
from core.config import RunConfig
from core.frames import SCALARS
from core.lab.answers import Answer
from core.reading.horizon import horizon_of

CONFIG = RunConfig.from_flat({"task.length": 30, "steps": 50, "cell.hidden_size": 4})
LAG = CONFIG.task.lag


def ways(share: float, flow: float = 1.0) -> Answer:
    t = np.arange(31)
    parts = {"part.carousel": np.full(31, share * flow), "part.f": np.full(31, (1 - share) * flow)}
    meta: dict[str, Any] = {"paths": ["carousel", "f"], "error": 1e-16, "alone": True, "sequences": 8, "of": 32}
    return Answer(10, {"t": t, "flow": np.full(31, flow), **parts}, meta)


def gates(keeps: str = "f", steps: tuple[float, ...] = (90.0, 40.0, 3.0, 1.0), **constant: float) -> Answer:
    arrays = {
        "kept.steps": np.array(steps),
        "kept.quantiles": np.quantile(steps, [[0.1, 0.5, 0.9]], method="nearest"),
        f"{keeps}.mean": np.array([0.93]),
        f"{keeps}.shut": np.array([0.25]),
    }
    return Answer(10, arrays, {"keeps": keeps, "constant": constant})


@pytest.fixture
def say(make_frame):
    def speak(config=CONFIG, step=10, phase="running", ways=None, gates=None, **told):
        frame = make_frame(config, step, **told)
        scalars = {name: np.ones(1) for name in SCALARS} | frame.history
        found = horizon_of(frame.flow_last, cuts=config.cuts)
        return caption(Situation(config, frame, found, found, scalars, phase), ways, gates)

    return speak


@pytest.mark.parametrize(
    "share, words",
    [(0.97, f"97\u00a0% of the gradient that arrives {LAG} steps back came down the carousel."),
     (0.2, f"80\u00a0% of the gradient that arrives {LAG} steps back came through the gates."),
     (3.0, f"the carousel alone brings 3.0 times what arrives {LAG} steps back: the gates take from it."),
     (-0.5, f"the carousel works against the gradient that arrives {LAG} steps back: the gates bring it.")],
)  # fmt: skip
def test_the_way_past_the_gates_in_the_headline(say, share: float, words: str) -> None:
    told = say(ways=ways(share), gates=gates())
    assert told.headline.endswith(words) and told.headline.startswith("Inside the LSTM, ")
    assert "2 of 4 units keep 37\u00a0% or more of what they hold" in told.subline
    assert "the gradient of the loss in 8 of the 32 sequences" in told.subline
    labels = {figure.label: figure.value for figure in told.figures}
    assert labels["mean of the forget gate"] == "0.93" and labels["the median unit's time constant"] == "40 steps"


def test_without_answers_there_are_words_all_the_same(say) -> None:
    told = say(step=0, phase="preview")
    assert told.headline.startswith("Of the gradient inside the untrained LSTM, ") and len(told.figures) >= 3


def test_a_plain_rnn_has_one_way(say) -> None:
    told = say(CONFIG.replace(**{"cell.name": "rnn"}), gates=gates("slope"))
    assert "one way back, through φ and U" in told.headline and told.subline.startswith("It has no gates")
    assert "25\u00a0%" in [figure.value for figure in told.figures]


def test_a_loss_that_is_no_number(say) -> None:
    assert (
        "The loss stopped being a number at training step 10. No gradient"
        in say(loss=np.nan, grad_norm=np.nan).headline
    )


def test_a_gate_that_is_always_open(say) -> None:
    told = say(ways=ways(0.9), gates=gates(steps=(np.inf,) * 4, f=1.0))
    assert told.subline.startswith("Its forget gate is always open") and "∞" in [f.value for f in told.figures]


def test_truncation_leaves_the_last_gradient_to_speak_of() -> None:
    known = ways(0.5)
    known.arrays["flow"][:25] = 0
    assert carried_words(known.arrays, known.meta, CONFIG).startswith("5 steps back 50\u00a0% of it")
    known.arrays["flow"][:] = 0
    assert carried_words(known.arrays, known.meta, CONFIG) == "No gradient travels here."


def test_how_many_sequences() -> None:
    assert looked_at({"sequences": 8, "of": 32}) == "8 of the 32 sequences of this step."
    assert looked_at({"sequences": 8, "of": 8}) == "Mean over the 8 sequences of this step."
    assert looked_at({"sequences": 1, "of": 1}) == "One sequence."
