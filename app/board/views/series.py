"""Series: one step ahead and many, against what needs no network."""

from __future__ import annotations

from typing import Any

from app.board.errors import Inapplicable
from app.board.query import Query
from app.board.views.base import Page, Shown, ViewSpec
from app.board.views.shared import SHARED
from app.figures.base import View
from app.figures.series.ahead import ahead
from app.figures.series.forecast import START, STEPS, forecast
from app.figures.series.one_step import one_step
from app.text.series.caption import caption, no_series
from app.text.series.forecasts import Forecasts
from app.text.shared.situation import Caption
from core.config import RunConfig
from core.questions import Forecast
from core.tasks.series import Series


def _whole(query: Query, name: str, least: int, most: int, default: int) -> int:
    text = query.knob(name, "")
    return min(max(int(text), least), most) if text.isdecimal() else default


def _needs(query: Query, config: RunConfig) -> tuple[Forecast, ...]:
    """Nothing where the task is no series."""
    if not isinstance(config.task, Series):
        return ()
    return (Forecast(start=_whole(query, START, 0, 100, 50), steps=_whole(query, STEPS, 5, 100, 60)),)


def _answer(shown: Shown) -> tuple[Any, Series, Forecast]:
    """What is known, None while it is worked out; raises where there is nothing to forecast."""
    task: Any = shown.config.task
    if not isinstance(task, Series):
        raise Inapplicable(f"{task.title} asks for no next number. Choose a series as the task, or a CSV of yours.")
    (question,) = _needs(shown.query, shown.config)
    return shown.answer(question), task, question


def _forecast(shown: Shown) -> View | None:
    told, task, asked = _answer(shown)
    return told and forecast(
        told.arrays, told.meta, shown.config, task, shown.style, start=asked.start, steps=asked.steps
    )


def _one_step(shown: Shown) -> View | None:
    told, task, _ = _answer(shown)
    return told and one_step(told.arrays, told.meta, shown.config, task, shown.style)


def _ahead(shown: Shown) -> View | None:
    told, _, _ = _answer(shown)
    return told and ahead(told.arrays, told.meta, shown.config, shown.style)


def _caption(shown: Shown) -> Caption:
    if not isinstance(shown.config.task, Series):
        return no_series(shown.moment)
    told, _, _ = _answer(shown)
    return caption(shown.moment, None if told is None else Forecasts.of(told.arrays, told.meta))


VIEWS: dict[str, ViewSpec] = {
    "forecast": ViewSpec(
        _forecast, wide=True, height=330, needs=_needs, knobs=(START, STEPS), title="The series goes on"
    ),
    "one_step": ViewSpec(_one_step, wide=True, height=260, needs=_needs, title="One step ahead"),
    "ahead": ViewSpec(_ahead, wide=False, height=260, needs=_needs, title="Errors by steps ahead"),
    "loss": SHARED["loss"],
    "score": SHARED["score"],
}

PAGE = Page("series", VIEWS, _caption, needs=_needs)
