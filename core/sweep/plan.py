"""Which runs a sweep is made of: a grid or random draws over one to three settings, each point with the same seeds.

Its members are runs like any others, known by their digests: equal digests give equal bits. So a sweep that was broken
off goes on with what is missing, and whatever was trained for another reason counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.comparison import common_scorings
from core.comparison.members import LARGEST_SEED, readings
from core.comparison.words import value_words
from core.config import RunConfig
from core.errors import ConfigError, quoted
from core.sweep.axes import Axis, axes_of

MOST_RUNS, MOST_DRAWS = 240, 120
_DRAW = 7
"""Marks the random numbers that settings are drawn from."""


@dataclass(frozen=True)
class Point:
    """One choice of the varied settings: ``values`` in the order of the axes, None where a point lacks the setting, and
    the ``config`` with the first seed."""

    values: tuple[Any, ...]
    config: RunConfig


@dataclass(frozen=True)
class Sweep:
    """A sweep around ``base``. ``draws``: how many points were drawn at random, 0 for a grid; ``problems``: what was
    left out, a sentence each."""

    base: RunConfig
    axes: tuple[Axis, ...]
    points: tuple[Point, ...]
    seeds: tuple[int, ...]
    draws: int
    problems: tuple[str, ...] = ()

    @cached_property
    def runs(self) -> tuple[tuple[RunConfig, ...], ...]:
        """A row of configs a point, one a seed."""
        return tuple(tuple(point.config.replace(seed=seed) for seed in self.seeds) for point in self.points)

    @property
    def in_turn(self) -> list[RunConfig]:
        """All runs in the order in which they are best trained: the first seed of every point, then every second."""
        return [run for runs in zip(*self.runs, strict=True) for run in runs]

    @cached_property
    def digests(self) -> tuple[tuple[str, ...], ...]:
        """Those of ``runs``."""
        return tuple(tuple(run.digest() for run in runs) for runs in self.runs)

    @cached_property
    def digest(self) -> str:
        """Names the sweep: hash of its runs and of how they are laid out."""
        told = [[f"{axis.key}={axis.text}" for axis in self.axes], self.digests]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """A name for each point: its varied settings in words."""
        return tuple(", ".join(value_words(point.config, axis.key) for axis in self.axes) for point in self.points)

    @cached_property
    def tested(self) -> bool:
        """Whether its points can be held against each other: they learn one task, in as many steps."""
        keys = {axis.key for axis in self.axes}
        return not any(key == "steps" or (key.startswith("task.") and key not in readings()) for key in keys)

    def scored(self, config: RunConfig) -> NDArray[np.int64]:
        """The training steps at which all its runs of as many steps are scored: steps to solve are counted there."""
        return self._scored[config.steps]

    @cached_property
    def _scored(self) -> dict[int, NDArray[np.int64]]:
        configs = [point.config for point in self.points]
        return {steps: common_scorings([each for each in configs if each.steps == steps])
                for steps in {each.steps for each in configs}}  # fmt: skip

    # -- as it is kept ------------------------------------------------------------------------------------------------

    def spec(self) -> str:
        """JSON from which ``stored`` makes it again."""
        return json.dumps({
            "base": self.base.model_dump(), "axes": [f"{axis.key}={axis.text}" for axis in self.axes],
            "seeds": len(self.seeds), "draws": self.draws,
        })  # fmt: skip

    @classmethod
    def stored(cls, spec: str) -> Sweep:
        """What ``spec`` wrote, perhaps by an older version. Raises ConfigError and ValueError."""
        content = json.loads(spec)
        base = RunConfig.stored(content["base"])
        return sweep(base, content["axes"], seeds=content["seeds"], draws=content["draws"])


def sweep(base: RunConfig, axes: Iterable[str], *, seeds: int = 3, draws: int = 0) -> Sweep:
    """The sweep of ``base`` over ``axes`` (texts, see core.sweep.axes), every point with ``seeds`` seeds from its own
    on; with ``draws`` that many points at random, the same ones every time.

    Points that cannot be are left out with a sentence, and of those that are the same run all but the first. Raises
    ConfigError where an axis cannot be used, nothing is left, or there are more than MOST_RUNS runs.
    """
    known = axes_of(base, axes)
    for name, value, least, most in (("seeds", seeds, 1, MOST_RUNS), ("draws", draws, 0, MOST_DRAWS)):
        if not least <= value <= most:
            raise ConfigError([f"`{name}` (={value}) must be a whole number from {least} to {most}."])
    if not draws and (open_ := [axis for axis in known if not axis.values]):
        first = open_[0]
        raise ConfigError([
            f"`{first.key}` (={quoted(first.text)}) says what may be drawn, and this is a grid. Say how many draws, or "
            "name values."
        ])  # fmt: skip
    wanted = _drawn(known, draws) if draws else _grid(known, seeds)
    points, problems = _points(base, known, wanted)
    _check_count(len(points), seeds)
    first = min(base.seed, LARGEST_SEED - seeds + 1)
    points = [Point(point.values, point.config.replace(seed=first)) for point in points]
    return Sweep(base, known, tuple(points), tuple(range(first, first + seeds)), draws, tuple(problems))


def _grid(axes: Sequence[Axis], seeds: int) -> list[tuple[str, ...]]:
    _check_count(int(np.prod([len(axis.values) for axis in axes])), seeds)
    return list(product(*(axis.values for axis in axes)))


def _drawn(axes: Sequence[Axis], draws: int) -> list[tuple[str, ...]]:
    """The first so many of an endless list: more draws have all that fewer have."""
    return [tuple(axis.drawn(np.random.default_rng([_DRAW, draw, place])) for place, axis in enumerate(axes))
            for draw in range(draws)]  # fmt: skip


def _check_count(points: int, seeds: int) -> None:
    if points * seeds > MOST_RUNS:
        raise ConfigError([
            f"{points:,} points with {seeds} {'seed' if seeds == 1 else 'seeds'} each are {points * seeds:,} runs; a "
            f"sweep has {MOST_RUNS} at most. Take fewer values or seeds, or draw points at random."
        ])  # fmt: skip


def _points(base: RunConfig, axes: Sequence[Axis], wanted: Sequence[tuple[str, ...]]) -> tuple[list[Point], list[str]]:
    """Those of ``wanted`` that can be, each run once, and sentences on the others. Raises ConfigError where there are
    none, and where a grid has a value with which no point can be."""
    apart: dict[str, Point] = {}
    refused: dict[tuple[str, ...], list[str]] = {}
    for values in wanted:
        try:
            config = base.replace(**dict(zip((axis.key for axis in axes), values, strict=True)))
        except ConfigError as error:
            refused[values] = error.problems
            continue
        flat = config.to_flat()
        apart.setdefault(config.digest(), Point(tuple(flat[axis.key] for axis in axes), config))
    taken = {(place, value) for values in wanted if values not in refused for place, value in enumerate(values)}
    lost = {pair: sentences for values, sentences in refused.items() for pair in enumerate(values) if pair not in taken}
    if lost and (not apart or all(axis.values for axis in axes)):
        raise ConfigError(list(dict.fromkeys(sentence for sentences in lost.values() for sentence in sentences))[:5])
    sentences = list(dict.fromkeys(sentence for each in refused.values() for sentence in each))
    return list(apart.values()), _left_out(sentences, len(refused), len(wanted) - len(refused) - len(apart))


def _left_out(sentences: Sequence[str], refused: int, same: int) -> list[str]:
    said = []
    if refused:
        count = "One point is" if refused == 1 else f"{refused} points are"
        said.append(f"{count} left out. {sentences[0]}")
    if same:
        count = "One point is the same run as another" if same == 1 else f"{same} points are the same runs as others"
        said.append(f"{count}, and left out: drawn twice, or of a setting that has no effect there.")
    return said
