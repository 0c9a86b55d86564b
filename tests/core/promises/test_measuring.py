"""Measures of a run, against what is read from its frames one by one."""

from __future__ import annotations

import math

import pytest

from core import PRESETS, RunConfig, train
from core.promises.measuring import measured, trained
from core.promises.stored import stored

LIVE = {run.preset: run for run in stored() if run.preset in (
    "temporal-order-rnn", "exploding-rnn", "review-lstm", "review-rnn", "two-lag-rnn-wide-frozen",
)}  # fmt: skip
"""Of the cheapest presets one run each."""


def test_they_are_those_of_the_frames() -> None:
    config = RunConfig.preset("review-gru", **{"task.length": 12, "steps": 90, "seed": 4})
    frames = list(train(config))
    own, flow = measured(config, frames), frames[0].flow_last
    steps = [step for frame in frames for step in frame.history["step"]]
    losses = [loss for frame in frames for loss in frame.history["loss"]]
    scored = {frame.score_step: frame.score for frame in frames}
    assert steps == list(range(91)) and (own.first_loss, own.second_loss) == tuple(losses[:2])
    assert own.broke_at == math.inf and all(map(math.isfinite, losses))
    assert own.reached_at == min(step for step, score in scored.items() if score >= config.task.solved)
    assert own.solved_at == (own.reached_at if scored[90] >= config.task.solved else math.inf)
    assert own.score == scored[90] and own.highest_score == max(scored.values())
    assert own.horizon == max(lag for lag in range(13) if flow[12 - lag] >= 0.01 * flow[12])


def test_a_run_that_breaks_scores_nothing_from_then_on() -> None:
    config = RunConfig.preset("exploding-rnn", seed=5)
    frames = list(train(config))
    own = measured(config, frames)
    assert own.broke_at == frames[-1].step < config.steps and not math.isfinite(frames[-1].loss)
    assert own.score == 0 and own.solved_at == math.inf


@pytest.mark.parametrize("name", LIVE)
def test_a_preset_trained_here_measures_what_is_stored(name: str) -> None:
    """To what another processor's rounding may change over hundreds of updates."""
    kept, config = LIVE[name].measures, RunConfig.preset(name, seed=LIVE[name].seed)
    found = trained(config)
    assert found.horizon == kept.horizon
    assert found.first_loss == pytest.approx(kept.first_loss, rel=1e-3)
    assert found.second_loss == pytest.approx(kept.second_loss, rel=0.01)
    assert found.broke_at == pytest.approx(kept.broke_at, abs=2)
    assert found.reached_at == pytest.approx(kept.reached_at, rel=0.2)
    assert (found.score, found.highest_score) == pytest.approx((kept.score, kept.highest_score), abs=0.03)
    for claim in PRESETS[name].claims:
        assert claim.kept(found) == claim.kept(kept), claim
