"""Sweep: one quantity over the settings that are varied, and every point in numbers."""

from __future__ import annotations

from app.board.errors import Inapplicable
from app.board.views.base import Page, Shown, ViewSpec
from app.figures.base import View
from app.figures.sweep.overview import KNOB, overview
from app.figures.sweep.sheet import sheet
from app.text.shared.situation import Caption
from app.text.sweep.caption import caption
from core.sweep import Results

NOTHING = "Nothing is varied yet: choose a setting above."


def _caption(shown: Shown) -> Caption:
    return caption(shown.sweep) if shown.sweep else Caption(NOTHING, "", ())


def _overview(shown: Shown) -> View:
    return overview(_sweep(shown), shown.knob(KNOB, "score"), shown.style)


def _sheet(shown: Shown) -> View:
    return sheet(_sweep(shown), shown.style)


def _sweep(shown: Shown) -> Results:
    if shown.sweep is None:
        raise Inapplicable(NOTHING)
    return shown.sweep


VIEWS: dict[str, ViewSpec] = {
    "overview": ViewSpec(_overview, wide=True, height=300, title="Every setting", knobs=(KNOB,)),
    "table": ViewSpec(_sheet, wide=True, height=300, title="In numbers"),
}

PAGE = Page("sweep", VIEWS, _caption, pace=1000)
