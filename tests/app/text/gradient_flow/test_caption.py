"""What the caption says in every case it knows."""

from __future__ import annotations

import re

import numpy as np
import pytest

from app.text.gradient_flow.caption import caption
from app.text.shared.situation import Caption, Situation
from core.config import RunConfig
from core.frames import SCALARS
from core.reading.horizon import horizon_of

LSTM = RunConfig.from_flat({"task.length": 50, "cell.hidden_size": 8})
CHRONO = LSTM.replace(**{"cell.init": "chrono"})
GRU = LSTM.replace(**{"cell.name": "gru"})
RNN = LSTM.replace(**{"cell.name": "rnn"})


@pytest.fixture
def say(make_frame):
    """``say(config, step, beta, phase, scores)``: the caption of a run with ``scores`` at steps 0, 1, 2, …"""

    def speak(config=CHRONO, step=0, beta=0.9, phase="running", scores=(0.25,), flow=None, **scalars) -> Caption:
        now = scores[min(step, len(scores) - 1)]
        frame = make_frame(config, step, beta=beta, flow=flow, score=now, **scalars)
        series = {name: np.ones(len(scores)) for name in SCALARS}
        series |= {"step": np.arange(len(scores)), "score": np.array(scores)}
        series["grad_norm"] = 2 * np.ones(len(scores))
        found = horizon_of(frame.flow_last, cuts=config.cuts)
        return caption(Situation(config, frame, found, found, series, phase))

    return speak


def test_vanishing_in_training(say) -> None:
    words = say(RNN, 1, 0.8, scores=(0.25, 0.25))
    assert words.headline == "The RNN's gradient halves every 3.1 steps. The task needs 44 steps; it reaches 20."
    assert words.subline == "Accuracy on unseen sequences, at training step 1: 25\u00a0% (guessing gets 25\u00a0%)."
    assert words.figures[0].value == "× 0.80" and words.figures[1].value == "20 of 44"


def test_kept(say) -> None:
    words = say(CHRONO, 1, 0.998, scores=(0.25, 0.25))
    assert "is kept: × 0.998 per step" in words.headline
    assert "where the task needs it, 44 steps back" in words.headline


def test_exploding(say) -> None:
    words = say(RNN, 1, 1.12, scores=(0.25, 0.25))
    assert words.headline == (
        "The RNN's gradient grows by 12\u00a0% with every step back. 44 steps back it is 150 times as large."
    )


def test_untrained_it_says_what_is_left_and_how_networks_like_it_fared(say) -> None:
    words = say(RNN, 0, 0.6, "preview")
    assert "The untrained RNN's gradient" in words.headline
    assert re.fullmatch(
        r"Nothing is trained yet\. At the “first symbol enters” mark, 10⁻¹⁰ of the gradient is left\. "
        r"Of [\d,]+ networks like this that we trained, ([\d,]+|none) ended with the task solved\.",
        words.subline,
    )


def test_default_lstm_is_told_why(say) -> None:
    assert "does not open the forget gate" in say(LSTM, 0, 0.6, "preview").subline
    assert "forget gate" not in say(CHRONO, 0, 0.6, "preview").subline
    assert "forget gate" not in say(LSTM.replace(**{"cell.forget_bias": 1}), 0, 0.6, "preview").subline


def test_truncated_short_of_the_lag(say) -> None:
    cut = CHRONO.replace(truncation="windows", truncation_length=10)
    words = say(cut, 1, 0.95, scores=(0.25, 0.25))
    assert words.headline == "Truncation lets the gradient 9 steps back. The task needs 44."
    assert "exactly zero" in words.subline and words.figures[2].value == "0, cut"


def test_a_reset_state_has_no_echoes(say) -> None:
    cut = CHRONO.replace(truncation="reset", truncation_length=10)
    words = say(cut, 1, 0.95, scores=(0.25, 0.25))
    assert "knows nothing of earlier inputs" in words.subline and "echoes" not in words.subline


def test_a_window_as_long_as_the_lag_is_one_step_too_short(say) -> None:
    words = say(CHRONO.replace(truncation="windows", truncation_length=44), 1, 0.95, scores=(0.25, 0.25))
    assert words.headline == "Truncation lets the gradient 43 steps back. The task needs 44."


def test_the_score_of_a_stream_is_the_share_of_the_learnable_nats(say) -> None:
    config = RunConfig.from_flat({"task.name": "two-lag", "truncation": "windows", "truncation_length": 5})
    words = say(config, 1, 0.8, scores=(0.0, 0.25))
    assert words.headline == "Truncation lets the gradient 4 steps back. The task needs 8."
    assert (
        "Share of the learnable nats gained on unseen sequences, at training step 1: 25\u00a0% (guessing gets 0\u00a0%)"
        in words.subline
    )
    assert words.figures[-2].label.startswith("share of the learnable nats gained")


def test_solved(say) -> None:
    words = say(CHRONO, 3, 0.97, "over", scores=(0.25, 0.5, 0.96, 1.0))
    assert words.headline.startswith("Solved at training step 2.")
    assert words.subline.endswith(" This one did: it reached the solved line at step 2.")


def test_solved_with_a_vanishing_gradient_is_still_solved(say) -> None:
    words = say(GRU, 3, 0.6, "over", scores=(0.25, 0.5, 0.96, 1.0))
    assert words.headline == "Solved at training step 2. The GRU's gradient loses 40\u00a0% with every step back."


def test_scrubbed_before_the_solution(say) -> None:
    assert "This one did: it reached the solved line at step 2." in say(GRU, 1, 0.6, "over", (0.25, 0.25, 1.0)).subline
    going = say(GRU, 1, 0.6, "running", (0.25, 0.25, 1.0)).subline
    assert going.endswith("It goes on to solve the task at training step 2.")
    passing = say(GRU, 1, 0.6, "running", (0.25, 0.25, 1.0, 0.3)).subline
    assert passing.endswith("It goes on to reach the solved line, for a while, at training step 2.")


def test_fallen_back_below_the_line(say) -> None:
    for phase in ("running", "over"):
        words = say(GRU, 3, 0.6, phase, (0.25, 0.25, 1.0, 0.4))
        assert "It had reached the solved line at training step 2; here it is below." in words.subline
        assert ("reached at step 2, was lost again" in words.subline) == (phase == "over")


def test_finished_unsolved_is_an_outcome(say) -> None:
    words = say(RNN.replace(steps=2), 2, 0.6, "over", scores=(0.25, 0.25, 0.26))
    assert words.subline.startswith(
        "Accuracy on unseen sequences, at training step 2: 26\u00a0% (guessing gets 25\u00a0%). Of "
    )
    assert words.subline.endswith(" This one did not.")


def test_no_single_factor(say) -> None:
    lags = np.arange(50, -1, -1)
    flow = np.where(lags < 18, 0.7**lags, 0.7**18 * 1.4 ** (lags - 18.0)).astype(np.float32)
    words = say(CHRONO, 1, flow=flow)
    assert "grows unevenly." in words.headline
    assert words.figures[0].value == "uneven" and "R²" in words.figures[0].label


def test_loss_at_every_step_is_mentioned(make_frame) -> None:
    config, series = CHRONO.replace(**{"task.asked": "every"}), {name: np.ones(2) for name in SCALARS}
    frame = make_frame(config, 1)
    found = horizon_of(frame.flow_last)
    words = caption(Situation(config, frame, found, found, series | {"step": np.arange(2)}, "running"))
    assert "this is of the last one alone" in words.subline


def test_not_a_number(make_frame) -> None:
    config = CHRONO.replace(clip="none")
    frame = make_frame(config, 37, flow=np.full(51, np.nan, np.float32), loss=np.nan)
    series = {name: np.ones(38) for name in SCALARS} | {"step": np.arange(38)}
    series["grad_norm"][36], series["loss"][37] = 3e12, np.nan
    found = horizon_of(frame.flow_last)
    words = caption(Situation(config, frame, found, found, series, "over"))
    assert words.headline == "The loss stopped being a number at training step 37."
    assert words.subline == (
        "The weights of that step are finite. In the step before, the gradient had a norm of 3.0\u00a0×\u00a010¹². Try "
        "clipping by norm, or a smaller learning rate."
    )


def test_what_arrives_decides_and_a_first_drop_is_named(say) -> None:
    flow = 0.98 ** np.arange(50, -1, -1.0)
    assert (
        "drops to 10\u00a0% in one step, then halves every 34 steps."
        in say(CHRONO, 1, flow=np.where(np.arange(51) < 50, 0.1 * flow / 0.98, 1)).headline
    )
    for arriving, word in ((0.5, "halves"), (0.51, "is kept"), (1.99, "is kept"), (2.0, "grows by")):
        assert word in say(CHRONO, 1, arriving ** (1 / 44)).headline


def test_every_kind_of_nothing_has_its_name(say) -> None:
    flow = np.ones(51)
    for value, words in ((np.inf, "overflows 41 steps back"), (np.nan, "is not a number 41 steps back"),
                         (1e-40, "is below the float32 floor 41 steps back"),
                         (0.0, "is stopped 41 steps back, by dead or saturated units")):  # fmt: skip
        assert words in say(RNN, 1, flow=np.where(np.arange(51) < 10, value, flow)).headline
    assert "its loss sends none" in say(RNN, 1, flow=np.zeros(51)).headline
