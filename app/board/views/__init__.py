"""The boards: which pictures each page shows, in which order, and with which words."""

from app.board.views import (
    clipping_lab,
    compare,
    gradient_flow,
    inside_the_cell,
    language,
    memory,
    microscope,
    series,
    sweep,
    truncation_lab,
    untrained,
)
from app.board.views.base import Page, Shown, ViewSpec, questions, texts_of

PAGES: dict[str, Page] = {
    page.name: page
    for page in (
        gradient_flow.PAGE,
        truncation_lab.PAGE,
        clipping_lab.PAGE,
        compare.PAGE,
        sweep.PAGE,
        untrained.PAGE,
        series.PAGE,
        inside_the_cell.PAGE,
        microscope.PAGE,
        memory.PAGE,
        language.PAGE,
    )
}

KNOBS = frozenset(name for page in PAGES.values() for spec in page.views.values() for name in spec.knobs)
"""Every knob there is: on other pages they keep their places."""

TEXTS = texts_of(PAGES)
"""Those that are typed lines."""

__all__ = ["KNOBS", "PAGES", "TEXTS", "Page", "Shown", "ViewSpec", "questions"]
