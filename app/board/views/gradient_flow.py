"""Gradient flow: the gradient of every time step, now and over training, and what the gates do about it."""

from __future__ import annotations

from app.board.views.base import Page, Shown
from app.board.views.shared import SHARED
from app.text.gradient_flow.caption import caption
from app.text.shared.situation import Caption

VIEWS = {name: SHARED[name] for name in ("strip", "curve", "training", "loss", "score", "clipping", "gates")}


def _caption(shown: Shown) -> Caption:
    return caption(shown.moment)


PAGE = Page("gradient_flow", VIEWS, _caption)
