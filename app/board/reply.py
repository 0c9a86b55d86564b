"""One reply of the board's route: words, transport and the wanted pictures of one source at one moment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from app.board import wire
from app.board.known import Known
from app.board.misplaced import misplaced
from app.board.query import Query
from app.board.source import Snapshot, Source
from app.board.sources import Sources
from app.board.status import transport_line
from app.board.views import PAGES, Page, Shown, questions
from app.figures.base import View
from app.figures.shared.gradient_curve import Pin
from app.figures.theme import CELL_LOOKS, template
from core.errors import UnrolledError
from core.frames import Frame
from core.sweep import GOING

NOTHING, PENDING = "Nothing is recorded for this moment.", "Being worked out …"
UNTRAINED = "Appears with the training."
STATISTICS = {
    "held": "Batch norm: the statistics of the batch are held, so that no sequence depends on another.",
    "running": "Batch norm: with the running statistics of each step, as when the network is scored.",
}
"""What is said of a picture, by the statistics of its questions."""


def reply(known: Known, query: Query, sources: Sources) -> dict[str, Any]:
    """Everything ``query`` wants; without pictures while nothing is recorded."""
    source, snapshot = known.source, known.snapshot
    frame = _frame(source, snapshot, query)
    words = transport_line(
        snapshot,
        source.config,
        None if frame is None else frame.step,
        live=query.cursor is None,
        beside=sum(other.status.moving for run_id, _, other in known.beside if run_id != source.id)
        + (known.sweep.count(*GOING) if known.sweep else 0),
    )
    if known.trouble:
        words |= {"problem": known.trouble}
    body: dict[str, Any] = {
        "seq": known.seq,
        "id": source.id,
        "label": source.config.label,
        "transport": words,
        "pending": known.answered.pending,
        "pace": PAGES[query.page].pace,
        "views": {},
    }
    if frame is None:
        return body
    pins, named = _pins(query, sources)
    shown = Shown(**vars(known), query=query, frame=frame, pins=pins)
    return body | {"pins": named, "template": template(query.style)} | _page(PAGES[query.page], shown)


def _page(page: Page, shown: Shown) -> dict[str, Any]:
    """Words and pictures; for a picture that cannot be drawn a sentence why."""
    drawn: dict[str, Any] = {}
    absent: dict[str, str] = {}
    left_out = page.left_out(shown.config)
    for name in shown.query.views:
        if name in left_out:
            continue
        if page.views[name].trained and shown.snapshot.status.phase == "preview":
            absent[name] = UNTRAINED
            continue
        try:
            view = page.views[name].build(shown)
        except UnrolledError as error:  # what a cell lacks, say
            absent[name] = str(error)
            continue
        if view:
            view = replace(view, hint=f"{view.hint} {_statistics(page, name, shown)}".rstrip())
            drawn[name] = _drawn(view, name, shown.query)
        else:
            absent[name] = _why(page, name, shown)
    return {"caption": _caption(page, shown), "views": drawn, "absent": absent, "left_out": left_out}


def _statistics(page: Page, name: str, shown: Shown) -> str:
    """With which statistics of a batch normalisation the picture was computed; empty where they are as in training."""
    if shown.config.cell.normalisation != "batch":
        return ""
    taken = {question.statistics for question in questions(page.views[name].needs, shown.query, shown.config)}
    return " ".join(words for kind, words in STATISTICS.items() if kind in taken)


def _drawn(view: View, name: str, query: Query) -> dict[str, Any]:
    problems = [*view.problems, *misplaced(view.knobs, query)]
    return wire.view(view, table=name in query.tables) | {"problems": problems}


def _frame(source: Source, snapshot: Snapshot, query: Query) -> Frame | None:
    last = snapshot.last
    if query.cursor is None or last is None or query.cursor >= last.step:
        return last
    return source.frame(query.cursor)


def _caption(page: Page, shown: Shown) -> dict[str, Any]:
    words = page.caption(shown)
    return {
        "headline": words.headline,
        **wire.subline(words.subline),
        "figures": [{"value": figure.value, "label": figure.label} for figure in words.figures],
    }


def _why(page: Page, name: str, shown: Shown) -> str:
    needs = questions(page.views[name].needs, shown.query, shown.config)
    known = shown.answered
    failed = next((known.failed[question] for question in needs if question in known.failed), "")
    return failed or (PENDING if known.pending and not set(needs) <= set(known.answers) else NOTHING)


def _pins(query: Query, sources: Sources) -> tuple[tuple[Pin, ...], list[dict[str, Any]]]:
    """The pinned profiles that can be found, and a name for every pin, found or not."""
    pins: list[Pin] = []
    named: list[dict[str, Any]] = []
    for source_id, step in query.pins:
        name = {"id": f"{source_id}@{step}"}
        try:
            source = sources.get(source_id)
            source.snapshot()
            frame = source.frame(step)
        except UnrolledError:
            frame, source = None, None
        if frame is None or source is None:
            named.append(name | {"label": "no longer on this server", "gone": True})
            continue
        label = f"{source.config.label}, {'untrained' if frame.step == 0 else f'step {frame.step:,}'}"
        look = CELL_LOOKS[source.config.cell.name]
        pins.append(Pin(label, source.config.cell.name, np.asarray(frame.flow)))
        named.append(name | {"label": label, "color": look.color, "dash": look.dash})
    return tuple(pins), named
