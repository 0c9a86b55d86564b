"""Members of a comparison are scored at the same training steps, whatever each of them costs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core import RunConfig
from core.anatomy import ANATOMIES
from core.comparison import common_scorings
from core.reading.outcome import outcome_of
from core.schedule import Schedule

sizes = st.sampled_from([1, 8, 64, 512])


@given(steps=st.integers(1, 20_000), T=st.sampled_from([20, 100, 1000]), H=sizes, batch=sizes)
@settings(max_examples=60, deadline=None)
def test_the_dearest_member_is_scored_where_all_are(steps: int, T: int, H: int, batch: int) -> None:
    shared = {"task.name": "adding", "task.length": T, "steps": steps, "batch_size": batch}
    configs = [
        RunConfig.from_flat({**shared, "cell.name": cell, "cell.hidden_size": size, "truncation": kind})
        for cell, size, kind in zip(ANATOMIES, (1, H, 512, 8), ("full", "sliding", "windows", "stream"), strict=True)
    ]
    strides = sorted(Schedule.of(config).evaluation for config in configs)
    assert all(coarse % fine == 0 for fine, coarse in pairwise(strides))
    rarest = max(map(Schedule.of, configs), key=lambda schedule: (schedule.evaluation, not schedule.scores_first))
    shared_steps = common_scorings(configs)
    assert shared_steps.tolist() == rarest.scorings and shared_steps[-1] == steps


def test_two_that_learn_alike_take_as_many_steps_whatever_they_cost() -> None:
    """The same scores at every step, of a cell that is scored every 25 steps and of one scored every 50."""
    cheap, dear = RunConfig.preset("adding-rnn"), RunConfig.preset("adding-lstm")
    scored = common_scorings([cheap, dear])
    assert Schedule.of(cheap).evaluation < Schedule.of(dear).evaluation
    found, steps = [], np.arange(dear.steps + 1)
    for config in (cheap, dear):
        seen = Schedule.of(config).evaluation * (steps // Schedule.of(config).evaluation)  # the last scoring's
        scalars = {"step": steps, "loss": np.ones(len(steps)), "score": np.where(seen >= 710, 1.0, 0.3)}
        found.append((outcome_of(scalars, config).solved, outcome_of(scalars, config, scored=scored).solved))
    assert found[0][0] != found[1][0] and found[0][1] == found[1][1] == found[1][0]
