"""What a caption speaks about, and what it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.config import RunConfig
from core.frames import Frame
from core.reading.horizon import Horizon

Phase = Literal["preview", "running", "over"]

KEPT = 2.0
"""A gradient that changes less than KEPT-fold over the steps the task needs is called kept."""


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
    found    what its ``flow_last`` says
    start    what that of the untrained network says
    scalars  {name: (n,)} of every training step known so far, later ones than the frame's included
    phase    preview: never trained; running: queued, training or paused; over: no step will follow
    """

    config: RunConfig
    frame: Frame
    found: Horizon
    start: Horizon
    scalars: Mapping[str, np.ndarray]
    phase: Phase

    @property
    def lag(self) -> int:
        """Steps back that the task needs."""
        return self.config.task.lag

    @property
    def reaches(self) -> bool:
        """Whether the horizon holds all the steps that the task needs."""
        return self.found.reach is not None and self.found.reach >= self.lag

    @property
    def arriving(self) -> float:
        """The share of the last step's gradient that arrives where the first information enters."""
        return self.found.share(min(self.lag, len(self.found.phi) - 1))

    @property
    def cut_short(self) -> bool:
        """Whether truncation cuts the gradient before the steps the task needs."""
        return bool(self.config.cuts) and self.config.truncation_length <= self.lag

    @property
    def untrained(self) -> bool:
        """Whether this is the network as it was drawn."""
        return self.phase == "preview" or self.frame.step == 0

    @property
    def solved_at(self) -> int | None:
        """The first measured training step with a score that counts as solved, also one after the moment."""
        reached = np.flatnonzero(self.scalars["score"] >= self.config.task.solved)
        return int(self.scalars["step"][reached[0]]) if reached.size else None

    @property
    def solved_now(self) -> bool:
        """Whether the score on screen counts as solved."""
        return bool(self.frame.score >= self.config.task.solved)
