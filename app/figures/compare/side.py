"""One member of a comparison as pictures and words see it: its look, and each of its runs at one training step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.figures.base import asked_step, log_ratio, reference
from app.figures.base.course import State
from app.figures.theme import CELL_LOOKS, Look, Style
from core.config import RunConfig
from core.reading.horizon import Horizon
from core.reading.outcome import Outcome

FURTHER = (
    Look("#D55E00", "dash", "diamond"),
    Look("#0072B2", "dot", "triangle-up"),
    Look("", "dashdot", "triangle-down"),
    Look("#8A63B8", "dash", "circle"),
    Look("#A08200", "dot", "square"),
)
"""For a cell that is there already: hues that no cell has; without one it is the page's ink."""


@dataclass(frozen=True)
class Entry:
    """One run of a member.

    state    missing: nobody trains it; waiting, running, paused, over
    scalars  {name: (n,)} of every training step so far, later ones than the moment's included
    step     the training step that ``flow`` and ``horizon`` are of; -1 where it has not reached the moment
    flow     (T+1,) Frame.flow; None likewise
    horizon  what the flow of the last step's loss says; None likewise
    outcome  what it has come to at the moment; None likewise, and while it is not trained
    whole    what it has come to so far; None while it is not trained
    seconds  processor time of a training step; NaN where it is not known
    """

    seed: int
    state: State
    scalars: Mapping[str, np.ndarray]
    step: int
    flow: np.ndarray | None
    horizon: Horizon | None
    outcome: Outcome | None
    whole: Outcome | None
    seconds: float

    @property
    def last(self) -> int:
        """The last training step so far, -1 before the first."""
        return int(self.scalars["step"][-1]) if len(self.scalars["step"]) else -1

    def through(self, steps: int) -> bool:
        """Whether it is over with all its planned ``steps``, or broke before them."""
        return self.state == "over" and (self.last >= steps or not np.isfinite(self.scalars["loss"][-1:]).all())


@dataclass(frozen=True)
class Side:
    """A member: its name among the others, its look, its runs by seed; ``trained`` counts its parameters."""

    label: str
    config: RunConfig
    look: Look
    reference: bool
    runs: tuple[Entry, ...]
    trained: int

    @cached_property
    def there(self) -> tuple[Entry, ...]:
        """The runs that have reached the moment."""
        return tuple(run for run in self.runs if run.flow is not None)

    @cached_property
    def begun(self) -> tuple[Entry, ...]:
        """The runs that have been trained, or are being trained."""
        return tuple(run for run in self.runs if run.last >= 0)

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What its trained runs have come to at the moment, where they have reached it."""
        return tuple(run.outcome for run in self.runs if run.outcome is not None)

    @property
    def untrained(self) -> bool:
        """Whether what is known of it is the network as it was drawn, since nobody trains it."""
        return all(run.state == "missing" for run in self.runs)

    @cached_property
    def ratios(self) -> np.ndarray:
        """(runs there, T+1) log10 of flow ÷ flow at the asked step; NaN where that is no number."""
        asked = asked_step(self.config)
        rows = [log_ratio(run.flow, reference(run.flow, asked)) for run in self.there if run.flow is not None]
        return np.stack(rows) if rows else np.zeros((0, self.config.task.length + 1), np.float32)

    def numbers(self, of: Callable[[Entry], float | None]) -> list[float]:
        """What ``of`` says of its runs, where that is a number."""
        return [value for run in self.there if (value := of(run)) is not None and np.isfinite(value)]


def looks(configs: Sequence[RunConfig], style: Style) -> list[Look]:
    """The cell's own look where it comes first, one of FURTHER where it comes again."""
    taken: set[str] = set()
    others = iter(FURTHER)
    drawn: list[Look] = []
    for config in configs:
        look = CELL_LOOKS[config.cell.name] if config.cell.name not in taken else next(others)
        taken.add(config.cell.name)
        drawn.append(look if look.color else Look(style.theme.ink, look.dash, look.marker))
    return drawn


def moment_words(sides: Sequence[Side]) -> str:
    """'untrained', 'at training step 120', or from which to which the runs stand."""
    steps = [run.step for side in sides for run in side.there]
    first, last = min(steps, default=0), max(steps, default=0)
    if last == 0:
        return "untrained"
    return f"at training step {last:,}" if first == last else f"at training steps {first:,} to {last:,}"


def moment_start(sides: Sequence[Side]) -> str:
    """The same as a sentence begins with it."""
    words = moment_words(sides)
    return words[0].upper() + words[1:]


def count_words(counts: Iterable[int]) -> str:
    """How many seeds members have of which not all may be as far: 'one seed each', '3 seeds', '1 to 3 seeds'."""
    known = [count for count in counts if count]
    few, most = min(known, default=1), max(known, default=1)
    if most == 1:
        return "one seed each"
    return f"{most} seeds" if few == most else f"{few} to {most} seeds"


def seed_words(counts: Iterable[int]) -> str:
    """What line and band are, with so many seeds of each member: 'Line: median of 3 seeds; band: lowest to highest.'"""
    words = count_words(counts)
    return "One seed each." if words == "one seed each" else f"Line: median of {words}; band: lowest to highest."
