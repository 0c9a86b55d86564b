"""Sines: the next value of a sum of sines of several periods, under a little noise."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core.tasks.series import SERIES, Series

APART = 2.3
"""Each period over the one before: no number of steps is a whole number of all of them."""


class Sines(Series):
    """x[t] = Σ sin(2πt/p_k + k) + noise, p_k = period · 2.3ᵏ."""

    title: ClassVar[str] = "Sines"
    question: ClassVar[str] = "A sum of sines, each 2.3 times slower than the one before. What is the next value?"
    first_seen: ClassVar[str] = "textbooks: x[t+1] = f(x[1 … t])"

    name: Literal["sines"] = "sines"
    sines: int = Field(default=3, ge=1, le=6, title="Sines", description="How many are added up.")
    period: float = Field(
        default=8.0,
        ge=2.5,
        le=500,
        title="Shortest period",
        description="Steps in which the fastest of them repeats.",
        json_schema_extra={"unit": "steps"},
    )
    noise: float = Field(
        default=0.1, ge=0, le=10, title="Noise σ", description="Standard deviation of what is added to every value."
    )

    def raw(self) -> NDArray[np.float64]:
        t, k = np.arange(self.steps)[:, None], np.arange(self.sines)
        clean = np.sin(2 * np.pi * t / (self.period * APART**k) + k).sum(axis=1)
        return (clean + np.random.default_rng([SERIES]).normal(0, self.noise, len(clean)))[:, None]
