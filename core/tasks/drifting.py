"""A drifting series: a sine whose level rises, learnt from its first part and judged on its last."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core.tasks.series import SERIES, Series


class Drifting(Series):
    """x[t] = rise · t ÷ n + sin(2πt/period) + noise over n steps. With a rise of 0 it is stationary: the control."""

    title: ClassVar[str] = "Drifting series"
    question: ClassVar[str] = (
        "A sine whose level rises: what comes later lies where nothing was learnt. The next value?"
    )
    first_seen: ClassVar[str] = "textbooks, on what stationarity means"

    name: Literal["drifting"] = "drifting"
    rise: float = Field(
        default=6.0, ge=-50, le=50, title="Rise", description="How far the level has risen at the end of the series."
    )
    period: float = Field(
        default=20.0,
        ge=2.5,
        le=500,
        title="Period",
        description="Steps in which the sine repeats.",
        json_schema_extra={"unit": "steps"},
    )
    noise: float = Field(
        default=0.1, ge=0, le=10, title="Noise σ", description="Standard deviation of what is added to every value."
    )

    def raw(self) -> NDArray[np.float64]:
        t = np.arange(self.steps)
        clean = self.rise * t / len(t) + np.sin(2 * np.pi * t / self.period)
        return (clean + np.random.default_rng([SERIES]).normal(0, self.noise, len(t)))[:, None]
