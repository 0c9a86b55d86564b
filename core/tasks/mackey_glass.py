"""Mackey-Glass: the chaotic series of a delay equation (Mackey & Glass 1977)."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core.tasks.series import Series

RATE, DECAY, POWER = 0.2, 0.1, 10
STRIDE = 0.25
"""Of the integration, in units of time."""
SETTLED = 500
"""Units of time that are left out at the beginning."""


class MackeyGlass(Series):
    """dx/dt = .2 x(t−τ) ÷ (1 + x(t−τ)¹⁰) − .1 x(t), from x = 1.2; chaotic from τ = 17 on."""

    title: ClassVar[str] = "Mackey-Glass"
    question: ClassVar[str] = "A series that never repeats, though nothing in it is left to chance. The next value?"
    first_seen: ClassVar[str] = "Mackey & Glass 1977; a benchmark of forecasting since 1987"

    name: Literal["mackey-glass"] = "mackey-glass"
    delay: int = Field(
        default=17,
        ge=6,  # below 4.5 the series comes to rest, and nothing is left to forecast
        le=50,
        title="Delay τ",
        description="How far back the equation looks; a wave at 6, chaos from 17 on.",
        json_schema_extra={"unit": "units of time"},
    )
    spacing: int = Field(
        default=6,
        ge=1,
        le=10,
        title="Spacing",
        description="Time between two steps of the series.",
        json_schema_extra={"unit": "units of time"},
    )

    def raw(self) -> NDArray[np.float64]:
        every = round(self.spacing / STRIDE)
        course = solution(self.delay, round(SETTLED / STRIDE) + self.steps * every)
        return course[-self.steps * every :: every, None].copy()


@lru_cache(maxsize=8)
def solution(delay: int, count: int) -> NDArray[np.float64]:
    """(count,) x at multiples of STRIDE, by the Runge-Kutta method of fourth order.

    Between two values of the past their mean is taken.
    """
    lag = round(delay / STRIDE)
    x = [1.2] * (lag + 1)

    def slope(now: float, past: float) -> float:
        return RATE * past / (1 + past**POWER) - DECAY * now

    for t in range(lag, lag + count):
        now, past, next_past = x[t], x[t - lag], x[t - lag + 1]
        middle = (past + next_past) / 2
        a = slope(now, past)
        b = slope(now + STRIDE / 2 * a, middle)
        c = slope(now + STRIDE / 2 * b, middle)
        d = slope(now + STRIDE * c, next_past)
        x.append(now + STRIDE / 6 * (a + 2 * b + 2 * c + d))
    return np.array(x[lag + 1 :])
