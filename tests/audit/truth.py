"""What is true at a moment, computed from its frame, settings and scalars without any of the app's own readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from core.config import RunConfig
from core.frames import Frame
from core.lab.answers import Answer
from core.tasks import Batch

TINY = 1.1754944e-38
"""The smallest normal float32."""


@dataclass(frozen=True)
class Truth:
    """A moment as it was recorded.

    scalars  of every training step that is known, later ones than the frame's included
    over     whether no step will follow; ``preview``: whether it was never trained
    answers  {kind: the answer} of the questions about it
    more     what a page's own controls say
    """

    config: RunConfig
    frame: Frame
    start: Frame
    scalars: Mapping[str, np.ndarray]
    over: bool
    preview: bool
    answers: Mapping[str, Answer] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lag(self) -> int:
        return self.config.task.lag

    @cached_property
    def sample(self) -> Batch:
        """Some sequences of the task."""
        return self.config.task.sample(np.random.default_rng(0), 512, "training")

    @cached_property
    def loss_steps(self) -> list[int]:
        return (np.flatnonzero(self.sample.asked.any(axis=1)) + 1).tolist()

    @property
    def many(self) -> bool:
        return len(self.loss_steps) > 1

    # -- the last loss's gradient by lag ------------------------------------------------------------------------------

    @cached_property
    def phi(self) -> np.ndarray:
        return np.asarray(self.frame.flow_last, float)[::-1]

    @property
    def cut(self) -> int | None:
        """The first lag that truncation keeps from the last loss; None where it keeps nothing from it."""
        K = self.config.truncation_length
        return K if self.config.truncation != "full" and self.config.task.length > K else None

    def kind(self, lag: int, phi: np.ndarray | None = None) -> str:
        """live, cut, inf, nan, small, zero (a step after it has gradient) or silent (none has)."""
        phi = self.phi if phi is None else phi
        value = phi[lag]
        if np.isnan(value):
            return "nan"
        if np.isinf(value):
            return "inf"
        if value == 0 and self.cut is not None and lag >= self.cut:
            return "cut"
        if value >= TINY:
            return "live"
        if value > 0:
            return "small"
        later = phi[:lag][phi[:lag] != 0]  # of smaller lags
        if not later.size:
            return "silent"
        return "zero" if later[-1] > 1e-12 else "small"

    def share(self, lag: int) -> float:
        with np.errstate(all="ignore"):
            return float(self.phi[lag] / self.phi[0])

    @property
    def arriving(self) -> float:
        return self.share(self.lag)

    @property
    def odd(self) -> int | None:
        """The first lag whose gradient is no ordinary number."""
        return next((lag for lag in range(len(self.phi)) if self.kind(lag) != "live"), None)

    @cached_property
    def way(self) -> str:
        kinds = [self.kind(lag) for lag in range(self.lag + 1)]
        if "nan" in kinds or "inf" in kinds:
            return "broken"
        if kinds[0] != "live":
            return kinds[0]
        if kinds[-1] != "live":
            return kinds[-1]
        return "grows" if self.arriving >= 1.999998 else "fades" if self.arriving <= 0.500001 else "kept"

    @property
    def reach(self) -> int | None:
        if self.kind(0) != "live":
            return None
        live = [lag for lag in range(len(self.phi)) if self.kind(lag) == "live"]
        return max(lag for lag in live if self.phi[lag] >= 0.01 * self.phi[0])

    @property
    def reaches(self) -> bool:
        return self.reach is not None and self.reach >= self.lag

    @cached_property
    def fit(self) -> tuple[int, int, float, float, float] | None:
        """(first lag, last lag, factor, R², residual) of ln φ, by the normal equations; None where there are too few."""
        return fitted(self.phi, [self.kind(lag) == "live" for lag in range(len(self.phi))], self.config.task.length)

    @property
    def factor(self) -> float | None:
        """Where one factor describes it."""
        if self.fit is None:
            return None
        _, _, factor, r2, residual = self.fit
        return factor if r2 >= 0.9 or residual <= 0.1 else None

    # -- the training -------------------------------------------------------------------------------------------------

    @property
    def step(self) -> int:
        return self.frame.step

    @property
    def untrained(self) -> bool:
        return self.preview or self.step == 0

    @property
    def seen(self) -> np.ndarray:
        """Which scalars are of steps up to the moment."""
        return self.scalars["step"] <= self.step

    @property
    def last(self) -> int:
        return int(self.scalars["step"].max())

    @property
    def scrubbed(self) -> bool:
        return self.last > self.step

    def broken(self, upto: np.ndarray) -> int | None:
        """The first of these steps that holds anything not finite, where the last of them does."""
        parts = [self.scalars[name][upto] for name in ("loss", "grad_norm", "param_norm")]
        odd = np.asarray(~np.isfinite(parts).all(axis=0))
        return int(self.scalars["step"][upto][odd][0]) if odd.size and odd.tolist()[-1] else None

    @property
    def broke(self) -> int | None:
        return self.broken(self.seen)

    def at(self, step: int, name: str) -> float:
        return float(self.scalars[name][self.scalars["step"] == step][0])

    def reached(self, upto: float = np.inf) -> int | None:
        """The first of the steps up to then whose score is on the solved line."""
        known = (self.scalars["score"] >= self.config.task.solved) & (self.scalars["step"] <= upto)
        return int(self.scalars["step"][known].min()) if known.any() else None

    def holds(self, upto: float = np.inf) -> bool:
        """Whether the last score up to then is there, and the training not broken."""
        seen = self.scalars["step"] <= upto
        scores = self.scalars["score"][seen & np.isfinite(self.scalars["score"])]
        return bool(scores.size and scores[-1] >= self.config.task.solved) and self.broken(seen) is None

    @property
    def clipped(self) -> np.ndarray:
        """Which of the seen steps clipping changed."""
        before, after, angle = (
            self.scalars[name][self.seen] for name in ("grad_norm", "grad_norm_clipped", "clip_angle")
        )
        with np.errstate(invalid="ignore"):
            return (np.abs(before - after) > 1e-6 * before) | (angle > 1e-3)

    @property
    def norms(self) -> np.ndarray:
        """Finite gradient norms up to the moment."""
        norms = self.scalars["grad_norm"][self.seen]
        return norms[np.isfinite(norms)]


def fitted(phi: np.ndarray, live: list[bool], T: int) -> tuple[int, int, float, float, float] | None:
    """(first lag, last lag, factor, R², root mean square residual) of a line through ln φ over lags T/10 … 6T/10."""
    lags = [lag for lag in range(max(1, round(T / 10)), min(round(6 * T / 10), len(phi) - 1) + 1) if live[lag]]
    if len(lags) < 4:
        return None
    x, y = np.array(lags, float), np.log(phi[lags])
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    rest = y - y.mean() - slope * (x - x.mean())
    spread = float(((y - y.mean()) ** 2).sum())
    r2 = 1.0 if spread <= len(lags) * 1e-12 else 1 - float((rest**2).sum()) / spread
    return lags[0], lags[-1], float(np.exp(slope)), r2, float(np.sqrt((rest**2).mean()))
