"""One of several runs in a picture: what is known of its course, how it stands, and where it broke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.figures.base.marks import PATTERNS, hatch_color
from app.figures.base.records import Key, Layout
from app.figures.theme import Style
from core.config import RunConfig
from core.numbers import exact, percent
from core.reading.breakage import Breakage, breakage
from core.reading.horizon import KIND_NAMES, NOT_A_NUMBER, OVERFLOW

State = Literal["missing", "waiting", "running", "paused", "over"]


@dataclass(frozen=True)
class Course:
    """A run as it stands now.

    state    missing: nobody trains it; waiting: its turn comes; running; paused; over: no step will follow
    scalars  {name: (n,)} of every training step so far; empty arrays before the first
    main     whether it is the run on screen
    """

    config: RunConfig
    state: State
    scalars: Mapping[str, np.ndarray]
    main: bool = False

    @property
    def breakage(self) -> Breakage | None:
        """Where and how it stopped being numbers; None where it did not."""
        return breakage(self.scalars)

    @property
    def broke(self) -> int | None:
        """That training step."""
        return None if self.breakage is None else self.breakage.step

    @property
    def step(self) -> int:
        """The last training step so far, -1 before the first."""
        return int(self.scalars["step"][-1]) if len(self.scalars["step"]) else -1

    @property
    def complete(self) -> bool:
        """Whether it has gone through all its planned steps."""
        return self.step >= self.config.steps

    @property
    def score(self) -> float:
        """The last measured score; NaN where none is."""
        known = self.scalars["score"][np.isfinite(self.scalars["score"])]
        return float(known[-1]) if known.size else float("nan")

    @property
    def clipping(self) -> str:
        """How it clips, in a word or two: 'no clipping', 'θ = 0.1'."""
        return "no clipping" if self.config.clip == "none" else f"θ = {exact(self.config.clip_threshold)}"

    def outcome(self, short: bool = False) -> str:
        """How it went or stands: 'overflowed at step 41', 'accuracy 98 %', 'step 120 of 300'."""
        if self.state == "missing":
            return "not trained yet"
        broke = self.breakage
        if broke is not None:
            return f"broke at step {broke.step:,}" if short else f"{KIND_NAMES[kind_of(broke)]} at step {broke.step:,}"
        if self.state == "waiting" and self.step < 0:
            return "waiting for its turn"
        if self.state == "over":
            return self._result()
        return f"{'paused at ' if self.state == 'paused' else ''}step {max(self.step, 0):,} of {self.config.steps:,}"

    def _result(self) -> str:
        if not np.isfinite(self.score):
            return f"ended at step {max(self.step, 0):,}"
        name = "accuracy" if self.config.task.kind == "classes" else "score"
        short = "" if self.complete else f" at step {self.step:,}"
        return f"{name} {percent(self.score)}{short}"


def span(scalars: Mapping[str, np.ndarray], total: int) -> int:
    """Where an axis of training steps ends: at the ``total`` planned ones, or a little after the step at which a run
    broke, whose few steps would else be a line at the left edge."""
    broke = breakage(scalars)
    return total if broke is None else min(total, max(10, int(1.4 * broke.step)))


def kind_of(broke: Breakage) -> int:
    """The kind of value that came first."""
    return OVERFLOW if broke.overflow else NOT_A_NUMBER


def broken_ground(
    broke: Breakage | None, style: Style, low: float, high: float, last: float, **trace: str
) -> list[Layout]:
    """Hatching over the training steps from where a run ``broke`` to ``last``."""
    if broke is None:
        return []
    kind = kind_of(broke)
    color, name = hatch_color(kind, style), KIND_NAMES[kind]
    pattern = {"shape": PATTERNS[kind], "fgcolor": color, "bgcolor": "rgba(0,0,0,0)", "size": 7,
               "solidity": 0.18, "fillmode": "overlay"}  # fmt: skip
    edge = max(last, broke.step + 0.5)
    return [
        {"type": "scatter", "mode": "lines", "line": {"width": 0}, "fill": "toself", "fillpattern": pattern,
         "x": [broke.step, edge, edge, broke.step, broke.step], "y": [low, low, high, high, low], "hoverinfo": "skip",
         "opacity": 0.6, "name": name, **trace},
        {"type": "scatter", "mode": "lines", "line": {"width": 1.5, "color": color}, "x": [broke.step] * 2,
         "y": [low, high], "name": name, **trace,
         "hovertemplate": f"{name} at training step {broke.step:,}<extra></extra>"},
    ]  # fmt: skip


def broken_keys(broke: Breakage | None, style: Style) -> tuple[Key, ...]:
    """The legend entry of that hatching."""
    if broke is None:
        return ()
    kind = kind_of(broke)
    return (Key(KIND_NAMES[kind], hatch_color(kind, style), "pattern", pattern=PATTERNS[kind]),)


def limits(series: list[np.ndarray], *extra: float, decades: float = 8) -> tuple[float, float]:
    """A common range of a log axis: all finite values above zero, but at most ``decades`` above the middle of them.

    So that one run's explosion, of twenty decades say, leaves the others more than a flat line.
    """
    known = [values[np.isfinite(values) & (values > 0)] for values in series]
    joined = np.concatenate([*known, np.array([value for value in extra if np.isfinite(value) and value > 0])])
    if not joined.size:
        return 0.5, 2.0
    low, high = float(joined.min()), float(joined.max())
    middle = float(np.median(joined))
    high = min(high, max(middle * 10.0**decades, *(value for value in (*extra, low) if np.isfinite(value))))
    low = max(low, high * 1e-12)
    return low / 1.5, high * 1.5


def words_of_clip(config: RunConfig) -> str:
    """How ``config`` clips, as prose has it: 'by norm at 1'."""
    kinds = {"norm": "by norm", "value": "by value", "backprop": "inside backpropagation"}
    return "no clipping" if config.clip == "none" else f"{kinds[config.clip]} at {exact(config.clip_threshold)}"
