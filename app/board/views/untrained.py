"""Untrained: what each start, each length and each cell brings along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.board.views.base import Page, Shown, ViewSpec
from app.figures.base import View
from app.figures.shared.guess import guess_of, knob_names
from app.figures.untrained.begun import Begun, begun
from app.figures.untrained.by_length import AT, NAMES, PREFIX, by_length
from app.figures.untrained.costs import costs
from app.figures.untrained.starts import starts
from app.text.shared.situation import Caption
from app.text.untrained.caption import caption
from core.questions import CellCosts, GradientByLength, InitialGradients

_STARTS, _BY_LENGTH, _COSTS = InitialGradients(), GradientByLength(), CellCosts()


def _rows(shown: Shown) -> Sequence[Begun] | None:
    """Read off the answer once a reply."""
    answer: Any = shown.answer(_STARTS)
    if answer is not None and "begun" not in shown.kept:
        shown.kept["begun"] = begun(answer.arrays, answer.meta, shown.config)
    return shown.kept.get("begun")


def _starts(shown: Shown) -> View | None:
    rows, answer = _rows(shown), shown.answer(_STARTS)
    if rows is None or answer is None:
        return None
    return starts(rows, shown.config, shown.style, seeds=len(answer.meta["seeds"]))


def _by_length(shown: Shown) -> View | None:
    answer = shown.answer(_BY_LENGTH)
    guess = guess_of(PREFIX, NAMES, AT, shown.knob)
    return answer and by_length(answer.arrays, answer.meta, shown.config, answer.step, shown.style, guess)


def _costs(shown: Shown) -> View | None:
    answer = shown.answer(_COSTS)
    return answer and costs(answer.arrays, answer.meta, shown.config, shown.style)


def _caption(shown: Shown) -> Caption:
    return caption(shown.moment, _rows(shown))


VIEWS: dict[str, ViewSpec] = {
    "starts": ViewSpec(_starts, wide=True, height=700, needs=(_STARTS,), title="Every start of every cell"),
    "by_length": ViewSpec(
        _by_length,
        wide=True,
        height=320,
        needs=(_BY_LENGTH,),
        knobs=knob_names(PREFIX, NAMES),
        title="The longer the sequence",
    ),
    "costs": ViewSpec(_costs, wide=True, height=300, needs=(_COSTS,), title="What a cell costs"),
}

PAGE = Page("untrained", VIEWS, _caption, needs=(_STARTS,))
