"""What a card's sentences and claims may ask of a run that was trained with several seeds: each public name."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from statistics import median

from core.config import RunConfig
from core.errors import UnrolledError, quoted
from core.lessons.measured import Facts
from core.presets.claims import MEASURES, Measures


class OverSeeds(Facts):
    """The measures of one config with every seed, by the names that presets' claims have for them."""

    def __init__(self, config: RunConfig, runs: Sequence[Measures]) -> None:
        super().__init__(config)
        self._runs = runs

    def seeds(self) -> float:
        """With how many seeds it was trained."""
        return len(self._runs)

    def solved(self) -> float:
        """With how many seeds it ended at the task's solved line or above."""
        return sum(map(isfinite, self._values("solved_at")))

    def broke(self) -> float:
        """With how many seeds it stopped being numbers."""
        return sum(map(isfinite, self._values("broke_at")))

    def least(self, measure: str) -> float:
        """The least of all seeds."""
        return min(self._values(measure))

    def middle(self, measure: str) -> float:
        """The median over the seeds."""
        return float(median(self._values(measure)))

    def most(self, measure: str) -> float:
        """The most of all seeds."""
        return max(self._values(measure))

    def within(self, measure: str, low: float, high: float) -> float:
        """With how many seeds it lies from ``low`` to ``high``."""
        return sum(low <= value <= high for value in self._values(measure))

    def sequences(self) -> float:
        """How many training sequences the median seed had seen when it reached the solved line."""
        return self.middle("reached_at") * self._config.batch_size

    def _values(self, measure: str) -> list[float]:
        if measure not in MEASURES:
            known = ", ".join(MEASURES)
            raise UnrolledError(f"`measure` (={quoted(str(measure))}) is not known. Choose one of: {known}.")
        if not self._runs:
            raise UnrolledError(f"`{self._config.label}` is not measured with this engine. `make gallery` does it.")
        return [getattr(run, measure) for run in self._runs]
