"""The bound behind "out of reach": the best answers that somebody without the forgotten inputs could give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.config import RunConfig
from core.data import HELD_OUT, held_out
from core.forecasts.distribution import drawn
from core.forecasts.optimum import best_within, out_of_reach
from core.reading.horizon import horizon_of
from core.tasks import TASKS, Batch, Task
from core.theory.two_lag import chance


def reset(K: int, **task: Any) -> RunConfig:
    flat = {f"task.{key}": value for key, value in task.items()}
    return RunConfig.from_flat(flat | {"truncation": "reset", "truncation_length": K})


def first_known(config: RunConfig) -> np.ndarray:
    """(T+1,) the first step whose input is known at each step, by walking through the sequence."""
    first, start = np.ones(config.task.length + 1, int), 1
    for step in range(1, config.task.length + 1):
        start = step if step - 1 in config.resets else start
        first[step] = start
    return first


def oracle(config: RunConfig, batch: Batch) -> float:
    """The score on ``batch`` of a rule that gives the best answer at every scored step from the known inputs alone."""
    task, x, first = config.task, batch.x, first_known(config)
    T, N = x.shape[:2]
    if task.name == "temporal-order":
        known = x[first[T] - 1 :, :, :2].sum(axis=(0, 2))  # symbols in sight; the others are guessed
        places = task.output_size.bit_length() - 1
        return float(np.mean(0.5 ** (places - known)))
    if task.name == "review":
        return 1.0 if first[T] <= 2 else 0.5
    if task.name == "adding":
        seen = x[first[T] - 1 :]
        marked = seen[:, :, 1] > 0.5
        answer = (seen[:, :, 0] * marked).sum(axis=0) + 0.5 * (2 - marked.sum(axis=0))
        return 1 - float(np.mean((answer - batch.target[T - 1]) ** 2)) / task.variance
    scored = np.flatnonzero(batch.scored.any(axis=1)) + 1
    if task.name == "copy":
        return float(np.mean([1.0 if first[s] <= s - task.lag else task.chance for s in scored]))
    flat, coin = task.model_dump(), x.argmax(axis=2)
    short, long = flat["short"], flat["long"]
    losses = []
    for s in scored:
        tossed = [coin[s - 1 - lag] if first[s] <= s - lag else None for lag in (short, long)]
        sides = [[np.zeros(N), np.ones(N)] if toss is None else [toss] for toss in tossed]
        p = np.mean([chance(a, b) for a in sides[0] for b in sides[1]], axis=0)
        y = batch.target[s - 1]
        losses.append(-np.log(np.where(y == 1, p, 1 - p)).mean())
    return task.score_of(float(np.mean(losses)), None, None)[0]


def cut_short(count: int) -> list[RunConfig]:
    """Drawn configs with another K, so that some of what is asked lies behind a reset."""
    rng = np.random.default_rng(0)
    found = [drawn(index).replace(truncation="reset", truncation_stride=None) for index in range(count)]
    return [config.replace(truncation_length=int(rng.integers(1, config.task.length + 1))) for config in found]


@pytest.mark.parametrize("config", cut_short(40), ids=lambda config: f"{config.task.name}-K{config.truncation_length}")
def test_the_best_answers_on_the_held_out_set_score_what_the_bound_says(config: RunConfig) -> None:
    """Guesses count with their chance here, so what is left is the luck of the draw of the sequences."""
    best = best_within(config)
    assert oracle(config, held_out(config)) == pytest.approx(best.score, abs=1e-9 + 4 * best.spread / np.sqrt(HELD_OUT))


@pytest.mark.parametrize("name", TASKS)
def test_whoever_knows_everything_scores_one(name: str) -> None:
    config = RunConfig.from_flat({"task.name": name})
    everything = config.task.best(np.ones(config.task.length + 1, int)).score
    assert best_within(config).score == everything and not out_of_reach(config)
    assert everything == 1 or config.task.blocks, "only what inputs leave out is never known"
    assert (
        best_within(config.replace(truncation="windows", truncation_length=1)).score == everything
    )  # the state is carried
    whole = config.replace(truncation="reset", truncation_length=config.task.length)
    assert best_within(whole).score == everything


def test_bounds_by_hand() -> None:
    assert best_within(reset(20, name="temporal-order", length=50)).score == 0.5 * 0.5
    assert best_within(reset(25, name="temporal-order", length=50)).score == 0.5
    assert best_within(reset(42, name="temporal-order", length=50)).score == pytest.approx((1 + 2 / 5) / 2)
    assert best_within(reset(38, name="review", length=40)).score == 0.5
    assert best_within(reset(39, name="review", length=40)).score == 1
    assert best_within(reset(50, name="adding", length=100)).score == pytest.approx(0.5)
    assert best_within(reset(5, name="copy", length=20, symbols_to_copy=3, alphabet=4)).score == 0.25


def test_close_to_the_line_luck_has_room() -> None:
    near = reset(97, name="adding", length=100)  # three first numbers in a hundred are gone
    assert best_within(near).score == pytest.approx(0.97) and not out_of_reach(near)
    assert out_of_reach(reset(80, name="adding", length=100))


def test_a_task_that_does_not_say_bounds_nothing() -> None:
    assert Task.best(RunConfig().task, np.ones(51, int)).score == 1


def test_a_bound_does_not_ask_for_the_gradient() -> None:
    config = reset(20, name="temporal-order", length=50)
    assert out_of_reach(config) and horizon_of(np.zeros(51)).reach is None
