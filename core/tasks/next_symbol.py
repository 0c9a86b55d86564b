"""What all language models have in common: what they are asked, how they are scored, and beside whom."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from core.tasks.base import Kind
from core.tasks.endless import Endless
from core.tasks.tokens import Tokens


class NextSymbol(Endless):
    """The characters or the words of a text, one after the other; after each the network is asked for the next.

    Scored by the share that it saves of what a symbol costs somebody who knows how frequent each of them is.
    """

    kind: ClassVar[Kind] = "chances"
    first_seen: ClassVar[str] = "Elman 1990; Mikolov et al. 2010"

    length: int = Field(
        default=50,
        ge=2,
        le=2_000,
        title="Window T",
        description="Symbols per update; the state is carried on from one window to the next, the gradient is not.",
        json_schema_extra={"unit": "symbols"},
    )
    tokens: Tokens = Field(
        default="characters",
        title="Symbols",
        description="What is predicted: characters; or words and punctuation marks, of which those that stand at least "
        "twice in what is learnt from are known by name, 499 at most, and all others are one unknown word.",
        json_schema_extra={
            "before": "characters",
            "labels": {"characters": "characters", "words": "words"},
            "legend": {"unnamed": True},
        },
    )

    @property
    def solved(self) -> float:  # type: ignore[override]  # pyright: ignore
        """What a model of the last two symbols scores; where the least loss is known, what lies within 2 % of it."""
        line = 1.02 * self.least_loss if self.least_loss else self.text_read.grams[2]
        return 1 - line / self.baseline_loss

    @property
    def baseline_loss(self) -> float:
        """Of somebody who knows how frequent each symbol is."""
        return self.text_read.grams[0]

    @property
    def chance(self) -> float:
        return 0.0

    @property
    def score_name(self) -> str:
        return "share of guessing's loss saved"

    def score_of(self, loss: float, accuracy: float | None, mse: float | None) -> tuple[float, float]:
        error = loss / self.baseline_loss
        return (min(max(1 - error, 0.0), 1.0) if np.isfinite(error) else 0.0), error

    def floors(self) -> list[tuple[float, str]]:
        names = ("frequencies (unigrams)", f"the last {self.noun} (bigrams)", "the last two (trigrams)")
        known = [*zip(self.text_read.grams, names, strict=True)]
        return known + ([(self.least_loss, "the grammar itself")] if self.least_loss else [])

    @property
    def needs_lag(self) -> bool:
        return False
