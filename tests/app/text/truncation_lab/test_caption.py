"""The Truncation lab's caption: the number pair, the words on networks like this one and how this one turned out."""

from __future__ import annotations

import re

import numpy as np
import pytest

from app.figures.base import asked_step
from app.text.shared.situation import Caption, Situation
from app.text.truncation_lab.caption import TruncationEffect, caption
from core.config import RunConfig
from core.frames import SCALARS
from core.reading.horizon import horizon_of

FULL = RunConfig.from_flat({"task.length": 50, "cell.hidden_size": 8, "cell.init": "chrono", "steps": 100})
CUT = FULL.replace(truncation="windows", truncation_length=20)
TWO_LAG = CUT.replace(**{"task.name": "two-lag", "truncation_length": 5})
MODES = ["full", "windows", "sliding", "stream", "reset"]
EFFECT = TruncationEffect(0.84, "the cell's weights", 0.31, 47)


@pytest.fixture
def say(make_frame):
    """``say(config, step, beta, phase, scores)``: the caption of a run with ``scores`` at steps 0, 1, 2, …"""

    def speak(config=CUT, step=0, beta=0.98, phase="preview", scores=(0.25,),
              effect: TruncationEffect | None = EFFECT, flow=None, K=20, **scalars) -> Caption:  # fmt: skip
        frame = make_frame(config, step, beta=beta, flow=flow, score=scores[min(step, len(scores) - 1)], **scalars)
        start = make_frame(config, 0, beta=beta, flow=flow)
        series = {name: np.ones(len(scores)) for name in SCALARS}
        series |= {"step": np.arange(len(scores)), "score": np.array(scores)}
        series["loss"][step:] = frame.loss
        found, first = (
            horizon_of(each.flow_last, asked=asked_step(config), cuts=config.cuts) for each in (frame, start)
        )
        return caption(Situation(config, frame, found, first, series, phase), effect, K, 0.1)

    return speak


def trained(*scores: float) -> tuple[float, ...]:
    """Scores of a run that went through all of its 100 steps."""
    return (*(scores[0],) * (101 - len(scores)), *scores)


def test_untrained_it_says_how_networks_like_it_fared_and_what_is_in_sight(say) -> None:
    words = say()
    assert words.headline == "The task needs the gradient 44 steps back; it reaches 19."
    assert re.match(
        r"Of [\d,]+ networks like this that we trained, ([\d,]+|none) ended with the task solved\. "
        r"No loss sees far enough: 19 of the 44 steps back\. The state is carried on, so echoes",
        words.subline,
    )


def test_the_figures_are_the_pair_and_the_effect(say) -> None:
    assert [figure.value for figure in say().figures] == ["44", "19", "84\u00a0%", "0.31", "47"]
    labels = [figure.label for figure in say(FULL, K=30).figures]
    assert (
        "bias of the gradient of the cell's weights if truncated to K\u00a0=\u00a030" in labels
        and "smallest K with a bias under 10\u00a0%" in labels
    )
    assert [figure.value for figure in say(effect=TruncationEffect(0.9, "everything trained", -0.1, None)).figures][
        2:
    ] == [
        "90\u00a0%",
        "−0.10",
        "none",
    ]


def test_what_is_worked_out_is_no_number_yet(say) -> None:
    assert [figure.value for figure in say(effect=None).figures] == ["44", "19", "…", "…", "…"]


def test_a_run_that_is_over_says_whether_it_did_and_with_what_score(say) -> None:
    words = say(CUT, 100, phase="over", scores=trained(0.25, 0.26))
    assert (
        "ended with the task solved. This one did not. Accuracy on unseen sequences, at training step 100: 26\u00a0%"
        in words.subline
    )
    earlier = say(CUT, 3, phase="over", scores=trained(0.25, 0.26)).subline
    assert (
        "Its last score, at training step 100: 26\u00a0%." in earlier and "at training step 3: 25\u00a0% (" in earlier
    )


def test_a_run_that_solves_it_out_of_sight_says_how(say) -> None:
    words, over = (say(CUT, 4, phase=phase, scores=(0.25, 0.3, 0.6, 0.97, 1.0)) for phase in ("running", "over"))
    assert "The state carried echoes of what no gradient reached" in words.subline
    assert "This one did: it reached the solved line at step 3. The state carried echoes" in over.subline
    assert "echoes of what no gradient" not in say(FULL, 1, scores=(0.25, 1.0)).subline


def test_while_it_trains_nothing_is_said_of_this_one(say) -> None:
    assert "This one" not in say(CUT, 1, phase="running", scores=(0.25, 0.25)).subline


def test_a_run_that_was_stopped_decides_nothing(say) -> None:
    assert "This one ended early, at step 1." in say(CUT, 1, phase="over", scores=(0.25, 0.25)).subline


def test_what_vanishes_by_itself_is_not_blamed_on_truncation(say) -> None:
    words = say(CUT.replace(**{"cell.name": "rnn", "truncation_length": 50}), beta=0.6)
    assert "Untrained, 10⁻¹⁰ of the gradient arrives where it is needed." in words.subline
    grown = say(FULL, beta=1.1).subline
    assert "Untrained, the gradient grows to 66 times its size on the way." in grown
    gone = say(FULL, flow=np.zeros(51, np.float32)).subline
    assert "Untrained, the gradient is zero, since no loss sends any at the last step." in gone


def test_reset_says_that_the_state_knows_nothing(say) -> None:
    words = say(CUT.replace(truncation="reset"))
    assert "beyond it even the state knows nothing" in words.subline
    assert words.subline.startswith("Out of reach of any network: ") and "networks like this" not in words.subline


def test_the_control_is_called_one(say) -> None:
    assert "The readout alone learns: whatever" in say(CUT.replace(trained="readout")).subline


def test_losses_at_many_steps(say) -> None:
    seen = "No loss sees far enough: 4 of the 8 steps back. In sight is “lag 3”."
    assert seen in say(TWO_LAG).subline
    assert "the losses see 1 to 5 steps, 3.1 on average" in say(TWO_LAG).subline
    some = say(TWO_LAG.replace(truncation_length=20))
    assert "of the losses see as far as they need" in some.subline
    assert "place in the window" not in say(TWO_LAG.replace(truncation="sliding")).subline


def test_windows_that_hold_some_of_the_first_symbols(say) -> None:
    words = say(CUT.replace(truncation_length=43))
    assert "in some of the sequences only" in words.subline


def test_full_says_that_nothing_is_cut(say) -> None:
    assert "Nothing is cut here" in say(FULL).subline and "Nothing is cut" not in say().subline


def test_not_a_number(say) -> None:
    words = say(CUT, 1, phase="over", scores=(0.25, 0.25), flow=np.full(51, np.nan, np.float32), loss=np.nan)
    assert "stopped being a number" in words.headline


def test_a_reset_that_spares_some_sequences(say) -> None:
    adding = FULL.replace(**{"task.name": "adding", "truncation": "reset", "truncation_length": 49})
    words = say(adding).subline  # the first number lies in step 1, before the boundary, in one sequence of 25
    assert "in the other sequences it is in sight" in words and "Out of reach" not in words
    assert "Out of reach" in say(adding.replace(truncation_length=10)).subline
