"""Courses of training with known norms, for pictures that compare runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from app.figures.base import View
from core.config import RunConfig
from core.frames import SCALARS

MakeScalars = Callable[..., dict[str, np.ndarray]]


@pytest.fixture(autouse=True)
def every_table_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every picture that a test draws, however odd its numbers; columns have names of their own."""
    plain = View.__init__

    def made(view: View, *arguments: Any, **settings: Any) -> None:
        plain(view, *arguments, **settings)
        columns = view.table().columns
        assert columns.is_unique and all(isinstance(name, str) and name for name in columns)

    monkeypatch.setattr(View, "__init__", made)


@pytest.fixture
def make_scalars() -> MakeScalars:
    """``make_scalars(n, config, broke=None, **series)``: norm 2 at every step, 20 at the middle one, clipped as
    ``config`` has it; loss 1, score rising to 1; not a number from ``broke`` on, where the run ends."""

    def make(n: int, config: RunConfig, broke: int | None = None, **series: Any) -> dict[str, np.ndarray]:
        n = n if broke is None else broke + 1
        taken = {name: np.ones(n) for name in (*SCALARS, "clip_angle")} | {"step": np.arange(n)}
        norm = np.full(n, 2.0)
        norm[n // 2 : n // 2 + 1] = 20
        taken["score"] = np.where(np.arange(n) % 10 == 0, np.arange(n) / max(1, config.steps), np.nan)
        taken |= {"grad_norm": norm, "clip_angle": np.zeros(n), **{k: np.asarray(v, float) for k, v in series.items()}}
        limit = config.clip_threshold if config.clip != "none" else np.inf
        taken["grad_norm_clipped"] = np.minimum(taken["grad_norm"], limit)
        if broke is not None:
            for name in ("loss", "grad_norm", "grad_norm_clipped", "clip_angle"):
                taken[name][broke] = np.nan
        return taken

    return make
