"""What each start of each cell lets through, read off the answer "starts"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.figures.base import asked_step, log_ratio, reference
from core.config import RunConfig
from core.reading.horizon import SHARE, horizon_of

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Begun:
    """One cell with one initialisation, untrained, over a few seeds.

    ratios   (asked + 1,) log10 of gradient ÷ gradient at the asked step, by lag; the median over seeds
    arrives  the share that arrives at the lag that the task needs; the median over seeds, 0 where nothing does
    factor   per step, the median over seeds; None unless one describes every seed
    """

    config: RunConfig
    ratios: np.ndarray
    arrives: float
    factor: float | None

    @property
    def reaches(self) -> bool:
        """Whether at least the share that counts as reached arrives where the task needs it."""
        return self.arrives >= SHARE


def begun(arrays: Arrays, meta: Mapping[str, Any], config: RunConfig) -> list[Begun]:
    """Every start in the answer's order: by cell, then by initialisation."""
    return [
        _one(config.replace(**told), flows, asked_step(config))
        for told, flows in zip(meta["starts"], arrays["flow"], strict=True)
    ]


def _one(config: RunConfig, flows: Sequence[np.ndarray], asked: int) -> Begun:
    horizons = [horizon_of(flow, asked=asked) for flow in flows]
    lag = min(config.task.lag, asked)
    shares = np.nan_to_num([each.share(lag) for each in horizons], nan=0.0, posinf=np.inf)
    factors = [each.factor for each in horizons if each.factor is not None]
    rows = np.stack([log_ratio(flow, reference(flow, asked))[asked::-1] for flow in flows])
    known = np.isfinite(rows).any(axis=0)  # where no seed has a number there is no median
    ratios = np.full(rows.shape[1], np.nan)
    ratios[known] = np.nanmedian(rows[:, known], axis=0)
    whole = len(factors) == len(horizons)
    return Begun(config, ratios, float(np.median(shares)), float(np.median(factors)) if whole else None)
