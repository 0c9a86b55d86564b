"""Courses of training with known norms, for pictures that compare runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from app.board import wire
from app.figures.base import View
from core.config import RunConfig
from core.frames import SCALARS

AS_A_PROGRAM_WRITES = re.compile(r"\d[eE][+−-]?\d|:[^{}]*[eg]}")
"""3e-05, and what makes Plotly write so."""
MakeScalars = Callable[..., dict[str, np.ndarray]]


@pytest.fixture(autouse=True)
def every_picture_keeps_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever picture a test draws, however odd its numbers: its table can be made, its columns have names of their
    own, no number in any of its texts is written 3e-05, and every filled outline closes where it began."""
    plain = View.__init__

    def made(view: View, *arguments: Any, **settings: Any) -> None:
        plain(view, *arguments, **settings)
        columns = view.table().columns
        assert columns.is_unique and all(isinstance(name, str) and name for name in columns)
        wrong = [
            text
            for text in _texts(wire.view(view, table=True))
            if AS_A_PROGRAM_WRITES.search(re.sub("<[^>]*>|#[0-9a-f]{6}", "", text))
        ]
        assert not wrong, wrong
        for trace in view.figure.data:
            if trace.type == "scatter" and trace.fill == "toself":
                assert all(outline[0] == outline[-1] for outline in _outlines(trace))

    monkeypatch.setattr(View, "__init__", made)


def _outlines(trace: Any) -> list[np.ndarray]:
    x, y = np.asarray(trace.x), np.asarray(trace.y, float)  # x may be dates
    gaps = np.flatnonzero(np.isnan(y))
    return [x[a:b] for a, b in zip([0, *(gaps + 1)], [*gaps, len(x)]) if b > a]


def _texts(part: Any) -> Iterator[str]:
    """All that a reader may see: of a figure not its arrays, of a knob not its value, which travels in the address."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, (list, tuple, np.ndarray)):
        for each in part:
            yield from _texts(each)
    elif isinstance(part, dict):
        for name, each in part.items():
            if name not in ("packed", "bdata", "color", "fillcolor", "value", "svg", "colorscale", "light"):
                yield from _texts(each)


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
