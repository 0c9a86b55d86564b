"""Memory: what the state still knows of what it saw."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

from app.board.query import Query
from app.board.views.base import Page, Shown, ViewSpec
from app.board.views.shared import SHARED, probe_names
from app.figures.base import Knob, View
from app.figures.memory import leak as leaks
from app.figures.memory.answer import answer
from app.figures.memory.capacity import capacity
from app.figures.memory.evidence import LONGEST, SEQUENCE, TEXT, evidence, sentences, text_knob
from app.figures.memory.fading import ALL, INPUT, MOST_OPTIONS, fading, half_lag
from app.figures.memory.lines import STATE, has_more
from app.text.memory.caption import caption
from app.text.memory.remembered import Remembered
from app.text.shared.situation import Caption
from core.config import RunConfig
from core.data import probes
from core.questions import Evidence, FadingMemory, MemoryCapacity


def _part(query: Query, config: RunConfig) -> Literal["h", "state"]:
    return "state" if has_more(config) and query.knob(STATE, "h") == "state" else "h"


def _fading_needs(query: Query, config: RunConfig) -> tuple[FadingMemory]:
    return (FadingMemory(part=_part(query, config)),)


def _fading(shown: Shown) -> View | None:
    told: Any = shown.answer(*_fading_needs(shown.query, shown.config))
    part, channel = _part(shown.query, shown.config), shown.knob(INPUT, ALL)
    if not (channel.isdecimal() and int(channel) < min(shown.config.task.input_size, MOST_OPTIONS)):
        channel = ALL
    return told and fading(told.arrays, told.meta, shown.config, shown.style, part=part, channel=channel)


def _answer(shown: Shown) -> View | None:
    told: Any = shown.answer(*_fading_needs(shown.query, shown.config))
    part = _part(shown.query, shown.config)
    return told and answer(told.arrays, told.meta, shown.config, shown.style, part=part)


def _capacity_needs(query: Query, config: RunConfig) -> tuple[MemoryCapacity]:
    return (MemoryCapacity(part=_part(query, config)),)


def _capacity(shown: Shown) -> View | None:
    told: Any = shown.answer(*_capacity_needs(shown.query, shown.config))
    return told and capacity(told.arrays, told.meta, shown.config, shown.style)


def _evidence_needs(query: Query, config: RunConfig) -> tuple[Evidence]:
    """Typed words where they are known ones, else one of the held-out sequences."""
    if config.task.typed:
        places = config.task.read(query.knob(TEXT, "")).places
        return (Evidence(words=places) if places else Evidence(probe=0),)
    return (Evidence(probe=_probe(query, config)),)


def _probe(query: Query, config: Any) -> int:
    wanted = query.knob(SEQUENCE, "0")
    return int(wanted) if wanted.isdecimal() and int(wanted) < _drawn(config)[0] else 0


@lru_cache(maxsize=16)
def _drawn(config: Any) -> tuple[int, tuple[tuple[str, str], ...], tuple[str, ...]]:
    """How many held-out sequences there are, a name for each, and how each would be typed, where that is possible."""
    batch = probes(config)
    count = batch.x.shape[1]
    texts = tuple(" ".join(config.task.symbols(batch.x[:, k])) for k in range(count)) if config.task.typed else ()
    return count, probe_names(batch, config), texts


def _evidence(shown: Shown) -> View | None:
    told: Any = shown.answer(*_evidence_needs(shown.query, shown.config))
    if told is None:
        return None
    config: Any = shown.config  # frozen, so it can be hashed, which pydantic does not tell a type checker
    _, names, texts = _drawn(config)
    problems: list[str] = []
    if typed := config.task.typed:
        text = shown.knob(TEXT, "")
        problems = sentences(text, config.task, typed)
        knob = text_knob(text, [drawn for drawn in texts if len(drawn) <= LONGEST], typed)
    else:
        knob = Knob(SEQUENCE, "sequence", str(_probe(shown.query, config)), options=names)
    return evidence(told.arrays, config, shown.style, knob=knob, problems=problems)


def _leak(shown: Shown) -> View:
    a = min(max(round(shown.number(leaks.LEAK, leaks.DEFAULT), 4), 0.0), leaks.MOST)
    return leaks.leak(shown.style, a=a)


def _kept(shown: Shown) -> Remembered | None:
    told: Any = shown.answer(*_fading_needs(shown.query, shown.config))
    if told is None:
        return None
    lags = (half_lag(told.arrays, told.meta, who) for who in ("now", "start"))
    return Remembered.of(told.arrays, told.meta, *lags)


def _caption(shown: Shown) -> Caption:
    return caption(shown.moment, _kept(shown))


VIEWS: dict[str, ViewSpec] = {
    "evidence": ViewSpec(
        _evidence, wide=True, height=340, needs=_evidence_needs, knobs=(SEQUENCE, TEXT), texts=(TEXT,),
        title="If it were asked now",
    ),
    "answer": ViewSpec(
        _answer, wide=True, height=290, needs=_fading_needs, knobs=(STATE,), title="Is the answer in the state?"
    ),
    "fading": ViewSpec(
        _fading, wide=True, height=280, needs=_fading_needs, knobs=(STATE, INPUT), title="How fast inputs fade"
    ),
    "capacity": ViewSpec(
        _capacity, wide=False, height=250, needs=_capacity_needs, title="Memory capacity"
    ),
    "leak": ViewSpec(_leak, wide=False, height=250, knobs=(leaks.LEAK,), title="One leaky unit: h = a h + u"),
    "score": SHARED["score"],
}  # fmt: skip

PAGE = Page("memory", VIEWS, _caption, needs=_fading_needs)
