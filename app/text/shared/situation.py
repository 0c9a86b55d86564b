"""What a caption speaks about, and what it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from core.config import RunConfig
from core.forecasts.forecast import Forecast, forecast
from core.frames import NOT_SCORED, Frame
from core.reach import loss_steps
from core.reading.breakage import Breakage, breakage
from core.reading.horizon import BROKEN, LIVE, SATURATED, SILENT, Horizon
from core.reading.outcome import Outcome, outcome_of
from core.reading.spikes import upto

Phase = Literal["preview", "running", "over"]

KEPT = 2.0
"""A gradient that changes less than KEPT-fold over the steps the task needs is called kept."""
ROUNDING = 1e-6
"""What a share may be off by: profiles are kept as float32."""

HELD = "with the statistics of the batch held"
"""What is said of a number that takes sequences apart where a batch is normalised."""

Way = Literal["silent", "broken", "cut", "dead", "gone", "fades", "kept", "grows"]
"""What becomes of the last loss's gradient on its way to where the information enters: it sends none; it overflows or
is no number; truncation cuts it; dead or saturated units stop it; it is below the float32 floor; at most a KEPT-th of
it arrives; about as much as there was; KEPT times or more."""


def keeps(share: float) -> bool:
    """Whether ``share`` of a gradient is about all of it."""
    return (1 + ROUNDING) / KEPT < share < KEPT / (1 + ROUNDING)


@dataclass(frozen=True)
class Figure:
    """One of the key figures under the headline."""

    value: str
    label: str


@dataclass(frozen=True)
class Caption:
    """A headline of one or two short sentences, a line below it and three to five key figures."""

    headline: str
    subline: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Situation:
    """What a caption speaks about.

    frame    the frame on screen
    horizon  what its ``flow_last`` says
    start    what that of the untrained network says
    scalars  {name: (n,)} of every training step known so far, later ones than the frame's included
    phase    preview: never trained; running: queued, training or paused; over: no step will follow
    """

    config: RunConfig
    frame: Frame
    horizon: Horizon
    start: Horizon
    scalars: Mapping[str, np.ndarray]
    phase: Phase

    @property
    def lag(self) -> int:
        """Steps back that the task needs."""
        return self.config.task.lag

    @cached_property
    def forecast(self) -> Forecast:
        """What is known of the end before training begins."""
        return forecast(self.config, self.start)

    @property
    def reaches(self) -> bool:
        """Whether the horizon holds all the steps that the task needs."""
        return self.horizon.reach is not None and self.horizon.reach >= self.lag

    @property
    def arriving(self) -> float:
        """The share of the last step's gradient that arrives where the first information enters."""
        return self.horizon.share(min(self.lag, len(self.horizon.phi) - 1))

    @property
    def cut_short(self) -> bool:
        """Whether truncation cuts the gradient before the steps the task needs."""
        return bool(self.config.cuts) and self.config.truncation_length <= self.lag

    @property
    def way(self) -> Way:
        """What becomes of the gradient on its way; decided by what arrives."""
        kinds = self.horizon.kinds[: self.lag + 1]
        if np.isin(kinds, BROKEN).any():
            return "broken"
        if self.horizon.reach is None:
            return "silent" if self.horizon.source == SILENT else "gone"
        if self.cut_short:
            return "cut"
        if kinds[-1] != LIVE:
            return "dead" if kinds[-1] == SATURATED else "gone"
        return "kept" if keeps(self.arriving) else "grows" if self.arriving > 1 else "fades"

    @property
    def lost_at(self) -> int:
        """The first lag at which the gradient is no ordinary number, of a broken one the first that is none at all; the
        length of the profile where there is none."""
        kinds = self.horizon.kinds
        odd = np.flatnonzero(np.isin(kinds, BROKEN) if self.way == "broken" else kinds)
        return int(odd[0]) if odd.size else len(kinds)

    @property
    def many_losses(self) -> bool:
        """Whether losses are taken at more than one step."""
        return len(loss_steps(self.config.task)) > 1

    @property
    def seen(self) -> dict[str, np.ndarray]:
        """The scalars up to the moment."""
        return upto(self.scalars, self.frame.step)

    @property
    def broke(self) -> Breakage | None:
        """Where it had stopped being numbers by the moment."""
        return breakage(self.seen)

    @property
    def scrubbed(self) -> bool:
        """Whether later training steps are known."""
        return bool(self.scalars["step"][-1] > self.frame.step)

    @property
    def scored_at(self) -> int | None:
        """The training step that the score on screen was taken at; None where there is none."""
        known = self.frame.score_step != NOT_SCORED and np.isfinite(self.frame.score)
        return self.frame.score_step if known else None

    @property
    def untrained(self) -> bool:
        """Whether this is the network as it was drawn."""
        return self.phase == "preview" or self.frame.step == 0

    @cached_property
    def outcome(self) -> Outcome:
        """What the run has come to at the moment."""
        return outcome_of(self.scalars, self.config, self.frame.step)

    @cached_property
    def whole(self) -> Outcome:
        """What it has come to so far, also after the moment."""
        return outcome_of(self.scalars, self.config)
