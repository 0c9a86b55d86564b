"""Claims: what a preset's promise says, as bounds on what is measured of a run. Data; ``core.promises`` measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import inf
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from core.numbers import exact


@dataclass(frozen=True)
class Measures:
    """What is measured of one run trained to its end.

    horizon        of the untrained network: the most steps back from the last question at which 1 % of its loss's
                   gradient still arrives; NaN where there is no gradient
    first_loss     of the first batch
    second_loss    of the second batch, after one update
    broke_at       the training step at which it stopped being numbers; inf where it did not
    reached_at     the first training step scored at the task's solved line or above; inf where there is none
    solved_at      the same where the last scoring is there too, else inf: it was lost again
    score          of the last scoring, 0 … 1; 0 where the run broke
    highest_score  of all scorings
    """

    horizon: float
    first_loss: float
    second_loss: float
    broke_at: float
    reached_at: float
    solved_at: float
    score: float
    highest_score: float


MEASURES = tuple(each.name for each in fields(Measures))


class Bounds(BaseModel):
    """From ``at_least`` to ``at_most``, both included; one of them may be left out."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    at_least: float = -inf
    at_most: float = inf

    @model_validator(mode="after")
    def _leave_something(self) -> Self:
        if (self.at_least, self.at_most) == (-inf, inf) or self.at_least > self.at_most:
            raise ValueError(
                f"`at_least` (={self.at_least:g}) and `at_most` (={self.at_most:g}) leave out nothing, or everything. "
                "Give one of them, or the lower one first."
            )
        return self

    def hold(self, value: float) -> bool:
        """Whether ``value`` lies between them; what is NaN never does."""
        return self.at_least <= value <= self.at_most

    def around(self, what: str) -> str:
        """``what`` between its bounds, as a formula."""
        low = "" if self.at_least == -inf else f"{exact(self.at_least)} ≤ "
        return f"{low}{what}" + ("" if self.at_most == inf else f" ≤ {exact(self.at_most)}")


class Claim(Bounds):
    """``at_least`` ≤ ``measure`` ≤ ``at_most`` with ``seeds`` of the seeds; most are more than half of them."""

    measure: str
    seeds: Literal["all", "most"] = "all"

    @model_validator(mode="after")
    def _is_measured(self) -> Claim:
        if self.measure not in MEASURES:
            raise ValueError(f"`measure` (={self.measure}) is not known. Choose one of: {', '.join(MEASURES)}.")
        return self

    def value(self, measures: Measures) -> float:
        """The number it speaks of."""
        return getattr(measures, self.measure)

    def kept(self, measures: Measures) -> bool:
        """Whether one run is as claimed."""
        return self.hold(self.value(measures))

    def holds(self, runs: Sequence[Measures]) -> bool:
        """Whether enough of ``runs``, one a seed, are as claimed. Of no runs nothing holds."""
        kept = sum(map(self.kept, runs))
        return kept > 0 and (kept == len(runs) if self.seeds == "all" else 2 * kept > len(runs))

    def __str__(self) -> str:
        return self.around(self.measure)
