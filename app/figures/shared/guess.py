"""A guess before curves are drawn: a straight line in decades for each of them, and then the curves beside it. The
curves come at the visitor's word alone: whoever has seen them can no longer guess."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.figures.base import Knob

GUESS, MEASURED = "guess", "measured"
FURTHEST = -40
"""Decades that a guess may fall to."""


@dataclass(frozen=True)
class Guess:
    """What was guessed of each curve, in decades below its start at ``at``; None where its line was not moved.

    shown   whether what was measured is drawn
    """

    at: float
    decades: Mapping[str, float | None]
    shown: bool

    @property
    def made(self) -> dict[str, float]:
        """Those that were moved."""
        return {name: value for name, value in self.decades.items() if value is not None}

    def line(self, name: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """One factor per step, from 1 at 0 to the guess at ``at``."""
        return 10.0 ** ((self.decades[name] or 0.0) * np.asarray(x, float) / self.at)


def knob_names(prefix: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Of the choice when to show and of a slider for each curve."""
    return (f"{prefix}_shown", *(f"{prefix}_{name}" for name in names))


def guess_of(prefix: str, names: tuple[str, ...], at: float, knob: Callable[[str, str], str]) -> Guess:
    """As the knobs stand; ``knob`` gives the text of one by its name and default."""
    return Guess(at, {name: _decades(knob(f"{prefix}_{name}", "")) for name in names},
                 knob(f"{prefix}_shown", GUESS) == MEASURED)  # fmt: skip


def _decades(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return min(0.0, max(float(FURTHEST), value)) if np.isfinite(value) else None


def knobs(prefix: str, guess: Guess, labels: Mapping[str, str]) -> tuple[Knob, ...]:
    """The choice, and while nothing is drawn a slider for each curve."""
    options = ((GUESS, "a guess first"), (MEASURED, "what was measured"))
    choice = Knob(f"{prefix}_shown", "shown", MEASURED if guess.shown else GUESS, options=options)
    return (choice, *(
        Knob(f"{prefix}_{name}", f"{label}, decades at T = {guess.at:g}", f"{guess.decades[name] or 0:g}", FURTHEST, 0,
             0.5, hidden=guess.shown)
        for name, label in labels.items()
    ))  # fmt: skip
