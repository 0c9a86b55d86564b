"""A spectrogram made up: two tones glide up and down through bands, and the next loudness of one band is asked."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from core.tasks.series import SERIES, Series

GLIDES = ((37.0, 1.0, 0.0), (91.0, 0.7, 2.0))
"""Of each tone: the steps in which it goes up and down once, its loudness, its phase."""


class Spectrogram(Series):
    """Loudness of each band: Σ over two tones of a · exp(−(band − its place)² ÷ 2) + noise."""

    title: ClassVar[str] = "Spectrogram"
    question: ClassVar[str] = "Two tones glide through the bands of a spectrogram. How loud is one band a step later?"
    first_seen: ClassVar[str] = "textbooks, on series of many channels"

    name: Literal["spectrogram"] = "spectrogram"
    bands: int = Field(default=12, ge=2, le=64, title="Bands", description="Channels of an input.")
    band: int = Field(default=6, ge=1, le=64, title="Asked band", description="Whose next loudness is asked for.")
    noise: float = Field(
        default=0.02, ge=0, le=10, title="Noise σ", description="Standard deviation of what is added to every value."
    )

    @model_validator(mode="after")
    def _the_band_is_one_of_them(self) -> Spectrogram:
        if self.band > self.bands:
            raise ValueError(
                f"`task.band` (={self.band}) must be at most `task.bands` (={self.bands}). Lower `task.band` or raise "
                "`task.bands`."
            )
        return self

    def raw(self) -> NDArray[np.float64]:
        t, bands = np.arange(self.steps)[:, None], np.arange(self.bands)
        loudness = np.zeros((self.steps, self.bands))
        for period, size, phase in GLIDES:
            place = (self.bands - 1) * (1 + np.sin(2 * np.pi * t / period + phase)) / 2
            loudness += size * np.exp(-((bands - place) ** 2) / 2)
        return loudness + np.random.default_rng([SERIES]).normal(0, self.noise, loudness.shape)

    @property
    def target(self) -> int:
        return self.band - 1

    @property
    def unit(self) -> str:
        return "loudness"

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(f"band {k + 1}" for k in range(self.bands))
