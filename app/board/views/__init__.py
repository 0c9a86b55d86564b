"""The boards: which pictures each page shows, in which order, and with which words."""

from app.board.views import clipping_lab, gradient_flow, microscope, truncation_lab
from app.board.views.base import Beside, Page, Shown, ViewSpec, questions

PAGES: dict[str, Page] = {
    page.name: page for page in (gradient_flow.PAGE, truncation_lab.PAGE, clipping_lab.PAGE, microscope.PAGE)
}

KNOBS = frozenset(name for page in PAGES.values() for spec in page.views.values() for name in spec.knobs)
"""Every knob there is: on other pages they keep their places."""

__all__ = ["KNOBS", "PAGES", "Beside", "Page", "Shown", "ViewSpec", "questions"]
