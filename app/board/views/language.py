"""Language: what the network writes, which earlier symbols made a prediction, and how well unseen text is predicted."""

from __future__ import annotations

from typing import Any

from app.board.errors import Inapplicable, Untrained
from app.board.query import Query
from app.board.views.base import Page, Shown, ViewSpec
from app.board.views.shared import SHARED
from app.figures.base import View
from app.figures.language.origin import AT, OF, UNSEEN, WRITTEN, prediction_origin
from app.figures.language.perplexity import BITS, MEASURE, PERPLEXITY, perplexity, perplexity_by
from app.figures.language.side_by_side import TITLE as BESIDE_TITLE
from app.figures.language.side_by_side import Writer, side_by_side
from app.figures.language.writing import (
    COLOUR,
    OF_UNIT,
    PROMPT,
    SURPRISE,
    TEMPERATURE,
    TITLE,
    TOP_K,
    UNIT,
    knobs_of,
    writing,
    written_text,
)  # fmt: skip
from app.figures.memory.evidence import sentences
from app.text.language.caption import caption, no_text
from app.text.shared.situation import Caption
from core.comparison import labels
from core.config import RunConfig
from core.questions import PredictionOrigin, Writing
from core.questions.prediction_origin import passage_length
from core.questions.texts import NoText, text_task
from core.questions.writing import LENGTH
from core.tasks.endless import Endless
from core.tasks.typed import Typing

WARMTH = 0.7
"""The temperature where the visitor has not said."""
BESIDE = 160
"""Characters of each text that stands beside others."""


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


def _writing_needs(query: Query, config: RunConfig, characters: int = LENGTH) -> tuple[Writing, ...]:
    if not config.task.endless:
        return ()
    units = config.cell.hidden_size
    return (
        Writing(
            given=config.task.read(query.knob(PROMPT, "")).places,
            temperature=round(_number(query, TEMPERATURE, WARMTH, 0.1, 2.0), 2),
            top_k=round(_number(query, TOP_K, 0, 0, 20)),
            unit=round(_number(query, UNIT, 1, 1, units)),
            characters=characters,
        ),
    )


def _of(query: Query) -> str:
    """Whether the asked symbol is one of unseen text or of what the network writes."""
    return WRITTEN if query.knob(OF, UNSEEN) == WRITTEN else UNSEEN


def _writing(shown: Shown) -> View | None:
    task, config = _task(shown.config), shown.config
    question = _writing_needs(shown.query, config)[0]
    told: Any = shown.answer(question)
    if told is None:
        return None
    prompt = shown.knob(PROMPT, "")
    colour = OF_UNIT if shown.knob(COLOUR, SURPRISE) == OF_UNIT else SURPRISE
    knobs = knobs_of(task, prompt, question.temperature, question.top_k, colour, question.unit, config.cell.hidden_size)
    framed = _origin_needs(shown.query, config)[0].at if _of(shown.query) == WRITTEN else None
    return writing(told.arrays, told.meta, task, shown.style, colour=colour, unit=question.unit, knobs=knobs,
                   problems=sentences(prompt, task, Typing("text", "", task.noun)), framed=framed)  # fmt: skip


def _origin_needs(query: Query, config: RunConfig) -> tuple[PredictionOrigin, ...]:
    if not config.task.endless:
        return ()
    written = _writing_needs(query, config)[0] if _of(query) == WRITTEN else None
    length = passage_length(config) if written is None else written.length(config)
    return (PredictionOrigin(at=round(_number(query, AT, length * 2 // 3, 2, length)), written=written),)


def _origin(shown: Shown) -> View | None:
    task = _task(shown.config)
    told: Any = shown.answer(*_origin_needs(shown.query, shown.config))
    return told and prediction_origin(told.arrays, told.meta, task, shown.style, of=_of(shown.query))


def _beside_needs(query: Query, config: RunConfig) -> tuple[Writing, ...]:
    """Nothing where one network is alone."""
    return _writing_needs(query, config, BESIDE) if query.beside else ()


def _side_by_side(shown: Shown) -> View | None:
    """One run of each network on screen, on the task of the one in front."""
    task, front = _task(shown.config), (shown.source.id, shown.config, shown.snapshot)
    there = [front, *(other for other in shown.beside if other[0] != front[0] and other[1].task == task)]
    runs = list({config.replace(seed=0).digest(): (run_id, config, snapshot)
                 for run_id, config, snapshot in reversed(there)}.values())[::-1]  # fmt: skip
    if len(runs) == 1 or not shown.query.beside:
        raise Untrained("One network is on screen. Choose “all cells” beside the buttons, and press Train.")
    writers = []
    for label, (run_id, config, snapshot) in zip(labels([config for _, config, _ in runs]), runs):
        told: Any = shown.answer_of(run_id, _beside_needs(shown.query, config)[0])
        if told is not None:
            scored = perplexity_by(snapshot.scalars, told.step, task)
            writers.append(Writer(label, config, told.arrays, told.meta["given"], told.step, scored))
    return side_by_side(writers, task, shown.style) if writers else None


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
        remark = task.remark(written_text(told.arrays, task))
    return caption(shown.moment, task, remark)


VIEWS: dict[str, ViewSpec] = {
    "writing": ViewSpec(
        _writing, wide=True, height=190, needs=_writing_needs, knobs=(PROMPT, TEMPERATURE, TOP_K, COLOUR, UNIT),
        texts=(PROMPT,), title=TITLE,
    ),
    "origin": ViewSpec(
        _origin, wide=True, height=130, needs=_origin_needs, knobs=(OF, AT),
        title="Which earlier symbols this answer came from",
    ),
    "side_by_side": ViewSpec(
        _side_by_side, wide=True, height=300, needs=_beside_needs, title=BESIDE_TITLE, of_all=True
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
