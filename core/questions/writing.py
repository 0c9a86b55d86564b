"""What does the network write by itself?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from core.errors import UnrolledError
from core.questions.base import Facts, Question, Statistics
from core.questions.texts import text_of
from core.tasks.typed import MOST_READ

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.moment import Moment
    from core.questions.over_training import Earlier

LENGTH = 500
"""Characters of a text, about, what was given included."""
LEAST_WRITTEN = 20
"""Symbols that it adds at least."""

Place = Annotated[int, Field(ge=0)]


class Writing(Question, frozen=True):
    """A text that the network writes, going on from what it is given. The tosses are the same at every moment."""

    statistics: ClassVar[Statistics] = "running"
    kind: Literal["writing"] = "writing"
    given: tuple[Place, ...] = Field(
        default=(), max_length=MOST_READ, title="Given", description="Places in the vocabulary to go on from."
    )
    temperature: float = Field(default=1.0, ge=0.05, le=5, title="Temperature", description="Divides the logits.")
    top_k: int = Field(default=0, ge=0, title="Top k", description="Draw among so many likeliest; 0: among all.")
    unit: int = Field(default=1, ge=1, title="Unit", description="Whose values are told, from 1 on.")
    characters: int = Field(
        default=LENGTH, ge=LEAST_WRITTEN, le=2000, title="Length", description="About so many, what was given included."
    )

    def length(self, config: RunConfig) -> int:
        """How many symbols the text has."""
        return max(text_of(config).excerpt(self.characters), len(self.given) + LEAST_WRITTEN)

    def answer(self, moment: Moment, earlier: Earlier) -> Facts:
        """Arrays: places (L,), surprise (L,) in nats, unit (L,) value of h. Facts: given, how many came first."""
        from core.diagnostics.writing import written

        text, symbols = text_of(moment.config), len(moment.config.task.vocabulary)
        self.must_fit(unit=moment.config.cell.hidden_size)
        if max(self.given, default=0) >= symbols:
            raise UnrolledError(f"`given` (={max(self.given)}) must be less than {symbols}: places in the vocabulary.")
        found = written(
            moment.network, text.opening_places, self.given, self.length(moment.config) - len(self.given),
            temperature=self.temperature, most_likely=self.top_k, unit=self.unit - 1,
        )  # fmt: skip
        return vars(found), {"given": len(self.given)}
