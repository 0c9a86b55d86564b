"""Gradient flow: the gradient of every time step, now and over training, and what the gates do about it."""

from __future__ import annotations

from typing import Any

from app.board.query import Query
from app.board.views.base import Page, Shown, ViewSpec
from app.board.views.shared import SHARED
from app.figures.base import View
from app.figures.gradient_flow.layers import Ways, layers
from app.text.gradient_flow.caption import caption
from app.text.shared.situation import Caption
from core.config import RunConfig
from core.questions import Question, WaysThroughLayers


def _several(config: RunConfig) -> bool:
    return config.cell.layers > 1


def _ways_needs(query: Query, config: RunConfig) -> tuple[Question, ...]:
    return (_WAYS,) if _several(config) else ()


def _layers(shown: Shown) -> View | None:
    answer: Any = shown.answer(_WAYS)
    known = None if answer is None else Ways(answer.arrays["flow"], answer.arrays["down"], answer.meta, answer.step)
    return layers(shown.frame, known, shown.config, shown.style)


_WAYS = WaysThroughLayers()
VIEWS: dict[str, ViewSpec] = {name: SHARED[name] for name in ("strip", "curve")}
VIEWS["layers"] = ViewSpec(
    _layers, wide=True, height=330, needs=_ways_needs, title="Layers × time", belongs=_several
)  # fmt: skip
VIEWS |= {name: SHARED[name] for name in ("training", "loss", "score", "clipping", "gates")}


def _caption(shown: Shown) -> Caption:
    return caption(shown.moment)


PAGE = Page("gradient_flow", VIEWS, _caption)
