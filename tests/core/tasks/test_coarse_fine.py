"""Coarse and fine: what each layout can know, against least squares on data of the task."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest

from app.figures.input_layout import layout, words
from core.config import RunConfig
from core.errors import ConfigError
from core.tasks import CoarseFine

MANY = 30_000


@pytest.mark.parametrize("settings", [
    {}, {"layout": "calendar"}, {"layout": "raw"}, {"width": 1}, {"width": 7, "far": 20, "length": 12, "recent": 4},
    {"layout": "raw", "length": 30, "far": 12, "width": 9}, {"far": 3, "width": 5, "length": 10, "recent": 4},
], ids=str)  # fmt: skip
def test_the_floor_is_what_the_best_linear_answer_leaves(settings: dict[str, Any]) -> None:
    """Everything is normal, so no answer beats the linear one; fitted on half of the data, judged on the other."""
    task = CoarseFine.model_validate(settings)
    batch = task.sample(np.random.default_rng(1), 2 * MANY, "training")
    x, y = batch.x[:, :, 0].T, batch.target[-1]
    weights = np.linalg.lstsq(x[:MANY], y[:MANY], rcond=None)[0]
    error = float(np.mean((x[MANY:] @ weights - y[MANY:]) ** 2))
    assert error == pytest.approx(task.floor, rel=0.03, abs=1e-6)
    assert np.var(y) == pytest.approx(1, rel=0.03) and x.std(axis=0) == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("first", [1, 3, 12, 31])
def test_the_best_answer_to_part_of_the_inputs(first: int) -> None:
    task = CoarseFine()
    batch = task.sample(np.random.default_rng(2), MANY, "training")
    x, y = batch.x[first - 1 :, :, 0].T, batch.target[-1]
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    assert 1 - np.mean(left**2) == pytest.approx(task.best(np.full(33, first)).score, abs=0.02)


def test_blocks_follow_each_other_and_reach_the_stretch() -> None:
    for task in (CoarseFine(), CoarseFine(layout="calendar"), CoarseFine(layout="raw", length=264)):
        blocks = task.blocks
        assert len(blocks) == task.length and blocks[-1].newest == 0 and blocks[0].oldest >= task.far + task.width - 1
        assert all(one.newest == other.oldest + 1 for one, other in pairwise(blocks))
    sizes = CoarseFine().sizes
    assert set(sizes.tolist()) == {1, 2, 4, 8, 16, 32} and (np.diff(sizes) <= 0).all()
    assert set(CoarseFine(layout="calendar").sizes.tolist()) == {1, 7, 30}


def test_a_brief_event_drowns_in_the_average_of_its_block() -> None:
    """One step in a block of 32 tells a 32nd of itself."""
    brief, long = CoarseFine(width=1), CoarseFine()
    assert float(brief.told.sum()) == pytest.approx(1 / 32) and 0.75 < float(long.told.sum()) < 0.85
    assert CoarseFine(layout="raw").floor == 0.5 and CoarseFine(layout="raw", length=300).floor == 0


def test_more_raw_steps_than_inputs_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"`task.recent` \(=32\) must be less than `task.length` \(=32\)"):
        RunConfig.from_flat({"task.name": "coarse-fine", "task.recent": 32})


def test_the_strip_says_what_the_inputs_tell() -> None:
    text = words(CoarseFine())
    assert text.startswith("32 inputs reach 286 steps back: 8 single, 24 averaged") and "Strong: 3 inputs" in text
    assert text.endswith(f"The best score there is: {100 - 100 * CoarseFine().floor:.0f}\u00a0%.")
    assert "The far stretch lies before them." in words(CoarseFine(layout="raw"))
    assert unquote(layout(CoarseFine())).count("<rect") == 32 and words(CoarseFine()) in layout(CoarseFine())
