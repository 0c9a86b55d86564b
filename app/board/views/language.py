"""Language: what the network writes, which earlier symbols made a prediction, and how well unseen text is predicted."""

from __future__ import annotations

from typing import Any

from app.board.errors import Inapplicable
from app.board.query import Query
from app.board.views.base import Page, Shown, ViewSpec
from app.board.views.shared import SHARED
from app.figures.base import View
from app.figures.language.origin import AT, prediction_origin
from app.figures.language.page_of_text import readable
from app.figures.language.perplexity import BITS, MEASURE, PERPLEXITY, perplexity
from app.figures.language.writing import (
    COLOUR,
    OF_UNIT,
    PROMPT,
    SURPRISE,
    TEMPERATURE,
    TOP_K,
    UNIT,
    knobs_of,
    writing,
)  # fmt: skip
from app.figures.memory.evidence import sentences
from app.text.language.caption import caption, no_text
from app.text.shared.situation import Caption
from core.config import RunConfig
from core.questions import PredictionOrigin, Writing
from core.questions.prediction_origin import LENGTH
from core.questions.texts import NoText, text_task
from core.tasks.endless import Endless
from core.tasks.typed import Typing

WARMTH = 0.7
"""The temperature where the visitor has not said."""
ASKED = 200
TYPED = Typing("text", "", "character")


def _task(config: RunConfig) -> Endless:
    try:
        return text_task(config)
    except NoText as error:
        raise Inapplicable(str(error)) from None


def _number(query: Query, name: str, default: float, low: float, high: float) -> float:
    try:
        value = float(query.knob(name, ""))
    except ValueError:
        return default
    return min(max(value, low), high) if value == value else default


def _writing_needs(query: Query, config: RunConfig) -> tuple[Writing, ...]:
    if not config.task.endless:
        return ()
    units = config.cell.hidden_size
    return (
        Writing(
            given=config.task.read(query.knob(PROMPT, "")).places,
            temperature=round(_number(query, TEMPERATURE, WARMTH, 0.1, 2.0), 2),
            top_k=round(_number(query, TOP_K, 0, 0, 20)),
            unit=round(_number(query, UNIT, 1, 1, units)),
        ),
    )


def _writing(shown: Shown) -> View | None:
    task, config = _task(shown.config), shown.config
    question = _writing_needs(shown.query, config)[0]
    told: Any = shown.answer(question)
    if told is None:
        return None
    prompt = shown.knob(PROMPT, "")
    colour = OF_UNIT if shown.knob(COLOUR, SURPRISE) == OF_UNIT else SURPRISE
    knobs = knobs_of(task, prompt, question.temperature, question.top_k, colour, question.unit, config.cell.hidden_size)
    return writing(told.arrays, told.meta, task, shown.style, colour=colour, unit=question.unit, knobs=knobs,
                    problems=sentences(prompt, task, TYPED))  # fmt: skip


def _origin_needs(query: Query, config: RunConfig) -> tuple[PredictionOrigin, ...]:
    if not config.task.endless:
        return ()
    passage = text_task(config).text_read.held_out[:LENGTH]
    return (PredictionOrigin(at=round(_number(query, AT, min(ASKED, len(passage)), 2, len(passage)))),)


def _origin(shown: Shown) -> View | None:
    task = _task(shown.config)
    told: Any = shown.answer(*_origin_needs(shown.query, shown.config))
    return told and prediction_origin(told.arrays, told.meta, task, shown.style)


def _perplexity(shown: Shown) -> View:
    task = _task(shown.config)
    measure = BITS if shown.knob(MEASURE, PERPLEXITY) == BITS else PERPLEXITY
    return perplexity(shown.snapshot.scalars, shown.frame.step, shown.config, task, shown.style, measure)


def _caption(shown: Shown) -> Caption:
    if not shown.config.task.endless:
        return no_text(shown.moment)
    task = text_task(shown.config)
    told: Any = shown.answer(*_writing_needs(shown.query, shown.config))
    remark = ""
    if told is not None:
        symbols = [task.vocabulary[place] for place in told.arrays["places"]]
        remark = task.remark(readable([*task.text_read.opening, *symbols]))
    return caption(shown.moment, task, remark)


VIEWS: dict[str, ViewSpec] = {
    "writing": ViewSpec(
        _writing, wide=True, height=190, needs=_writing_needs, knobs=(PROMPT, TEMPERATURE, TOP_K, COLOUR, UNIT),
        texts=(PROMPT,), title="What it writes by itself",
    ),
    "origin": ViewSpec(
        _origin, wide=True, height=130, needs=_origin_needs, knobs=(AT,),
        title="Which earlier symbols this answer came from",
    ),
    "perplexity": ViewSpec(
        _perplexity, wide=True, height=240, knobs=(MEASURE,), title="Perplexity of unseen text", trained=True
    ),
    "strip": SHARED["strip"],
    "loss": SHARED["loss"],
    "clipping": SHARED["clipping"],
    "score": SHARED["score"],
}  # fmt: skip

PAGE = Page("language", VIEWS, _caption, needs=_writing_needs)
