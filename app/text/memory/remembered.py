"""What of the answer is in the states, read off the answer "fading", and the words for it that the page shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

NEVER, NOTHING = -1, -2

ALL, PART, BRIEF = 0.9, 0.1, 0.3
"""Shares of what can be gained over chance: from ALL on the answer is held, up to PART next to none is, from BRIEF on
it has been there at some step."""

Held = Literal["unknown", "all", "part", "lost", "none"]
Against = Literal["more", "same", "less"]


@dataclass(frozen=True)
class Remembered:
    """How well the answer can be read from the states.

    end, start, chance   from the last state: now, untrained, and without looking
    best, best_step      where it can be read best now
    half, half_start     lag at which half of the newest input is lost; NEVER, NOTHING (there was none to lose), or None
                         where the newest inputs are the same in all sequences
    """

    end: float
    start: float
    chance: float
    best: float
    best_step: int
    half: int | None = None
    half_start: int | None = None

    @classmethod
    def of(
        cls,
        arrays: Mapping[str, np.ndarray],
        meta: Mapping[str, Any],
        half: int | None = None,
        half_start: int | None = None,
    ) -> Remembered:
        """From the arrays ``now.answer``, ``start.answer`` and ``step`` (S,) of "fading"."""
        now = arrays["now.answer"]
        best = int(np.nanargmax(now)) if np.isfinite(now).any() else 0
        end, start, chance = float(now[-1]), float(arrays["start.answer"][-1]), float(meta["chance"])
        return cls(end, start, chance, float(now[best]), int(arrays["step"][best]), half, half_start)

    @property
    def room(self) -> float:
        """What can be gained over chance."""
        return max(1 - self.chance, 1e-9)

    @property
    def held(self) -> Held:
        """Whether the last state holds the answer; unknown where the states are not finite."""
        if not np.isfinite(self.end):
            return "unknown"
        gain = (self.end - self.chance) / self.room
        if gain > PART:
            return "all" if gain >= ALL else "part"
        return "lost" if (self.best - self.chance) / self.room >= BRIEF else "none"

    @property
    def against(self) -> Against:
        """How much of the answer the last state holds, against the untrained network's."""
        apart = (self.end - self.start) / self.room
        return "more" if apart > PART else "less" if apart < -PART else "same"
