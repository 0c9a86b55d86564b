"""The Truncation lab's caption: the number pair, the prediction and how it turned out."""

from __future__ import annotations

import numpy as np
import pytest

from app.figures.base import asked_step
from app.text.shared.situation import Caption, Situation
from app.text.truncation_lab.caption import TruncationEffect, caption
from app.text.truncation_lab.prediction import predict
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
        found, first = (
            horizon_of(each.flow_last, asked=asked_step(config), cuts=config.cuts) for each in (frame, start)
        )
        return caption(Situation(config, frame, found, series, phase), first, effect, K, 0.1)

    return speak


def trained(*scores: float) -> tuple[float, ...]:
    """Scores of a run that went through all of its 100 steps."""
    return (*(scores[0],) * (101 - len(scores)), *scores)


def test_before_training_it_predicts_and_says_why(say) -> None:
    words = say()
    assert words.headline == ("The task needs 45 steps; the gradient reaches 20. Prediction: it will not learn this.")
    assert words.subline.startswith("No loss sees far enough: 20 of the 45 steps needed. The state is carried on, but")


def test_the_figures_are_the_pair_and_the_effect(say) -> None:
    assert [figure.value for figure in say().figures] == ["45", "20", "84\u00a0%", "0.31", "47"]
    labels = [figure.label for figure in say(FULL, K=30).figures]
    assert (
        "bias of the gradient of the cell's weights if truncated to K\u00a0=\u00a030" in labels
        and "smallest K with a bias under 10\u00a0%" in labels
    )
    assert [figure.value for figure in say(effect=TruncationEffect(0.9, "everything trained", -0.1, None)).figures][
        2:
    ] == [
        "90\u00a0%",
        "-0.10",
        "none",
    ]


def test_what_is_worked_out_is_no_number_yet(say) -> None:
    assert [figure.value for figure in say(effect=None).figures] == ["45", "20", "…", "…", "…"]


def test_a_failed_run_confirms_it_with_its_numbers(say) -> None:
    words = say(CUT, 100, phase="over", scores=trained(0.25, 0.26))
    assert words.headline.endswith("Predicted not to learn this: confirmed.")
    assert "Accuracy at training step 100: 26\u00a0% (guessing gets 25\u00a0%)." in words.subline


def test_a_solved_run_refutes_it_and_says_how(say) -> None:
    words = say(CUT, 4, phase="running", scores=(0.25, 0.3, 0.6, 0.97, 1.0))
    assert words.headline.endswith("Predicted not to learn this: refuted.")
    assert "Solved at training step 3. The state carried echoes" in words.subline


def test_while_it_trains_the_prediction_stands(say) -> None:
    assert say(CUT, 1, phase="running", scores=(0.25, 0.25)).headline.endswith("Prediction: it will not learn this.")


def test_a_run_that_was_stopped_decides_nothing(say) -> None:
    words = say(CUT, 1, phase="over", scores=(0.25, 0.25))
    assert words.headline.endswith("Prediction: it will not learn this.") and "ended early" in words.subline


def test_enough_in_sight_is_predicted_to_learn(say) -> None:
    headline = say(FULL, beta=0.98).headline
    assert headline == "The task needs 45 steps, and the gradient reaches 50. Prediction: it will learn this."
    assert "Predicted to learn this: confirmed." in say(FULL, 1, scores=(0.25, 1.0)).headline
    words = say(FULL, 100, phase="over", scores=trained(0.25, 0.3))
    assert words.headline.endswith("Predicted to learn this: refuted.")


def test_what_vanishes_by_itself_is_not_blamed_on_truncation(say) -> None:
    words = say(CUT.replace(**{"cell.name": "rnn", "truncation_length": 50}), beta=0.6)
    assert "will not learn" in words.headline and "vanishes by itself, whatever truncation does" in words.subline
    assert "a GRU often finds its way" in say(FULL.replace(**{"cell.name": "gru"}), beta=0.6).subline


@pytest.mark.parametrize(
    "beta, verdict", [(0.6, "it will not learn this"), (0.88, "open"), (0.98, "it will learn this"), (1.1, "open")]
)
def test_the_prediction_follows_what_arrives_untrained(say, beta: float, verdict: str) -> None:
    assert say(FULL, beta=beta).headline.endswith(f"Prediction: {verdict}.")


def test_reset_says_that_the_state_knows_nothing(say) -> None:
    words = say(CUT.replace(truncation="reset"))
    assert "beyond it even the state knows nothing" in words.subline and "will not learn" in words.headline


def test_a_wide_net_may_decode_echoes(say) -> None:
    wide = CUT.replace(**{"cell.hidden_size": 64})
    assert "echoes" not in say().subline
    words = say(wide)
    assert "A state of 64 units may still carry echoes" in words.subline and words.headline.endswith("open.")
    reset = say(wide.replace(truncation="reset"))
    assert "echoes" not in reset.subline and "will not learn" in reset.headline


def test_the_control_is_called_one(say) -> None:
    words = say(CUT.replace(**{"trained": "readout", "cell.hidden_size": 64}))
    assert "Only the readout learns" in words.subline and words.headline.endswith("Prediction: open.")


def test_losses_at_many_steps(say) -> None:
    seen = "No loss sees far enough: 5 of the 9 steps needed. It can learn the part in sight, “lag 3”."
    assert seen in say(TWO_LAG).subline
    assert "the losses see 1 to 5 steps, 3.1 on average" in say(TWO_LAG).subline
    some = say(TWO_LAG.replace(truncation_length=20))
    assert "of the losses see as far as they need" in some.subline and some.headline.endswith("Prediction: open.")
    assert "place in the window" not in say(TWO_LAG.replace(truncation="sliding")).subline


def test_windows_that_hold_some_of_the_first_symbols(say) -> None:
    words = say(CUT.replace(truncation_length=43))
    assert "in some of the sequences only" in words.subline and words.headline.endswith("Prediction: open.")


def test_full_says_that_nothing_is_cut(say) -> None:
    assert "Nothing is cut here" in say(FULL).subline and "Nothing is cut" not in say().subline


def test_not_a_number(say) -> None:
    words = say(CUT, 1, phase="over", scores=(0.25, 0.25), flow=np.full(51, np.nan, np.float32), loss=np.nan)
    assert "stopped being a number" in words.headline


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("task", ["temporal-order", "adding", "copy", "review", "two-lag"])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "peephole", "gru"])
@pytest.mark.parametrize("beta", [0.3, 0.98, 1.2])
def test_every_config_has_a_short_caption(say, mode: str, task: str, cell: str, beta: float) -> None:
    config = FULL.replace(**{"task.name": task, "cell.name": cell, "truncation": mode, "truncation_length": 7})
    for words in (say(config, beta=beta), say(config, 100, beta, "over", trained(0.2, 0.3))):
        assert len(words.headline) <= 140 and len(words.figures) == 5
        assert words.subline and "  " not in words.subline and "nan" not in words.subline


def test_a_prediction_reads_settings_and_the_first_frame_alone(make_frame) -> None:
    start = horizon_of(make_frame(CUT).flow_last, cuts=CUT.cuts)
    assert predict(CUT, start).verdict == "fails"
    assert predict(CUT.replace(truncation_length=45), horizon_of(0.99 ** np.arange(50, -1, -1.0))).verdict == "learns"


def test_a_reset_that_spares_some_sequences_is_open(make_frame) -> None:
    def predicted(config: RunConfig):
        frame = make_frame(config, 0, beta=0.98)
        return predict(config, horizon_of(frame.flow_last, asked=asked_step(config), cuts=config.cuts))

    adding = FULL.replace(**{"task.name": "adding", "truncation": "reset", "truncation_length": 49})
    found = predicted(adding)  # the first number lies in step 1, before the boundary, in one sequence of 25
    assert found.verdict == "open" and "can only be guessed" in found.why and "no width" not in found.why
    assert predicted(adding.replace(truncation_length=10)).verdict == "fails"
