"""What all language models over characters have in common: how they are scored, and beside whom."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from core.tasks.base import Kind
from core.tasks.endless import Endless


class NextCharacter(Endless):
    """The characters of a text, one after the other; after each the network is asked for the next.

    Scored by the share that it saves of what a character costs somebody who knows how frequent each character is.
    """

    kind: ClassVar[Kind] = "chances"
    first_seen: ClassVar[str] = "Elman 1990; Mikolov et al. 2010"

    @property
    def solved(self) -> float:  # type: ignore[override]  # pyright: ignore
        """What a model of the last two characters scores; where the least loss is known, what lies within 2 % of it."""
        line = 1.02 * self.least_loss if self.least_loss else self.text_read.grams[2]
        return 1 - line / self.baseline_loss

    @property
    def baseline_loss(self) -> float:
        """Of somebody who knows how frequent each character is."""
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
        names = ("frequencies (unigrams)", "the last character (bigrams)", "the last two (trigrams)")
        known = [*zip(self.text_read.grams, names, strict=True)]
        return known + ([(self.least_loss, "the grammar itself")] if self.least_loss else [])

    @property
    def needs_lag(self) -> bool:
        return False
