"""What the losses of a config see under each kind of truncation: facts of the settings alone. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.config import RunConfig
from core.tasks import Task
from core.truncation import Mode, Truncation, windows

Steps = NDArray[np.int64]
MODES: tuple[Mode, ...] = ("full", "windows", "sliding", "stream", "reset")
_SAMPLED, _NUMBERS = 512, 200_000
"""Sequences, fewer of long ones, in which it is looked where losses are taken: some steps have one in few of them."""


@dataclass(frozen=True)
class Reach:
    """How far back each loss's gradient goes under one kind of truncation. A step is the index of a state, 1 … T.

    losses      (S,) steps at which a loss is taken, ascending
    first       (S,) the first step that the gradient of each of these losses reaches
    boundaries  states b, ascending, such that the carry from b + 1 to b is zero for every loss; none where the losses
                have a reach of their own (sliding, overlapping streams)
    updates     steps after which the weights change within one sequence: its end, or with stream several
    """

    mode: Mode
    losses: Steps
    first: Steps
    boundaries: tuple[int, ...]
    updates: tuple[int, ...]

    @property
    def seen(self) -> Steps:
        """(S,) how many inputs each loss sees, the one of its own step included."""
        return self.losses - self.first + 1


def reach_of(config: RunConfig, mode: Mode | None = None, K: int | None = None) -> Reach:
    """What ``config``'s losses see; under another ``mode`` or with another ``K`` where these are given."""
    T, K = config.task.length, K or config.truncation_length
    K = min(K, T)
    task: Any = config.task  # frozen, so it can be hashed, which pydantic does not tell a type checker
    return _sight(Truncation(mode or config.truncation, T, K, min(config.truncation_stride or K, K)), task)


@lru_cache(maxsize=256)
def _sight(truncation: Truncation, task: Task) -> Reach:
    losses = loss_steps(task)
    first = np.ones(len(losses), np.int64)
    passes = truncation.passes(losses.tolist())
    for each in passes:
        starts = np.array([each.first, *(cut for cut in each.cuts if cut > each.first)]) + 1
        own = np.searchsorted(losses, each.losses)
        first[own] = starts[np.searchsorted(starts, each.losses, side="right") - 1]
    shared = truncation.mode in ("windows", "reset") or (
        truncation.mode == "stream" and truncation.stride == truncation.K
    )
    updates = [each.stop for each in passes] if truncation.mode == "stream" else [truncation.T]
    return Reach(truncation.mode, losses, first, tuple(windows(truncation.T, truncation.K) if shared else ()),
                 tuple(updates))  # fmt: skip


def loss_steps(task: Task) -> Steps:
    """Steps at which a loss is taken, in at least one of some sequences (where it is taken may depend on them)."""
    known: Any = task
    return _questions(known)[0]


def questions(task: Task) -> tuple[Steps, Steps, Steps]:
    """Steps of the losses that need memory, and the first step that each of them needs: at worst, and at best.

    A task that scores several steps asks each with the task's own lag (copy, two-lag). One that scores the last
    alone asks about fixed places, from the step on at which all of them may have been shown.
    """
    known: Any = task
    return _questions(known)[1:]


@lru_cache(maxsize=64)
def _questions(task: Task) -> tuple[Steps, Steps, Steps, Steps]:
    some = min(_SAMPLED, max(16, _NUMBERS // task.length))
    batch = task.sample(np.random.default_rng(0), some, "training")
    losses, scored = (np.flatnonzero(flags.any(axis=1)) + 1 for flags in (batch.asked, batch.scored))
    if task.endless:  # where it is scored depends on the text
        return losses, losses, losses - task.lag, losses - task.lag
    if len(scored) > 1:
        return losses, scored, scored - task.lag, scored - task.lag
    if not task.needs_lag:  # at best is as little known as at worst
        return (
            losses,
            losses,
            np.full(len(losses), task.length - task.lag),
            np.full(len(losses), task.length - task.lag),
        )
    late = losses[losses >= max(mark.first for mark in task.marks() if mark.kind == "enters")]
    return losses, late, np.full(len(late), task.length - task.lag), np.full(len(late), task.entry.last)


def shares_in_sight(config: RunConfig, mode: Mode | None = None, K: int | None = None) -> tuple[float, float]:
    """The share of the losses that need memory whose gradient gets as far as they need: at worst, and at best."""
    late, worst, best = questions(config.task)
    known = reach_of(config, mode, K)
    first = known.first[np.searchsorted(known.losses, late)]
    return float(np.mean(first <= worst)), float(np.mean(first <= best))
