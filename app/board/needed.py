"""The questions behind a board: asked when a picture needs them, waited for a moment, drawn when they are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

import anyio
import anyio.to_thread

from app.board.known import Answered
from app.board.query import Query
from app.board.shared_answers import Answers
from app.board.source import Snapshot
from app.board.views import Page, questions
from core.config import RunConfig
from core.errors import UnrolledError
from core.lab.answers import Answer
from core.questions import Question

LOOK_SECONDS = 0.015
FIRST_SECONDS, AGAIN_SECONDS = 0.12, 0.4
"""So long a first reply waits for answers, and so long one that has to bring nothing but them. What is on screen of a
moved cursor should not wait for the slowest picture; an answer that is nearly there should not cost a second reply."""


@dataclass(frozen=True)
class Wanted:
    """What is asked about one source."""

    source_id: str
    snapshot: Snapshot
    questions: list[Question]


def needed(page: Page, query: Query, config: RunConfig, *, beside: bool = False) -> list[Question]:
    """The questions that the words and the pictures on screen draw, each once; or those of them that are asked of a run
    ``beside`` too, whose settings are ``config``."""
    left_out = page.left_out(config)
    shown = [page.views[name] for name in query.views if name not in left_out]
    all_needs = [view.needs for view in shown if view.of_all] if beside else [page.needs, *(v.needs for v in shown)]
    return list(dict.fromkeys(question for needs in all_needs for question in questions(needs, query, config)))


def step_shown(snapshot: Snapshot, cursor: int | None) -> int | None:
    """The recorded step on screen; None while nothing is recorded."""
    known = snapshot.steps if cursor is None else snapshot.steps[snapshot.steps <= cursor]
    return int(known[-1]) if known.size else None


async def found(answers: Answers, wanted: Sequence[Wanted], query: Query, *, again: bool) -> list[Answered]:
    """What is answered within a moment, about each source; of moving runs that are followed live, what is answered
    already."""
    live = query.cursor is None and any(each.snapshot.status.moving for each in wanted if each.questions)
    until = monotonic() + (0 if live else AGAIN_SECONDS if again else FIRST_SECONDS)
    while True:
        known = await anyio.to_thread.run_sync(_ask_all, answers, wanted, query)
        if not any(each.pending for each in known) or monotonic() >= until:
            return known
        await anyio.sleep(LOOK_SECONDS)


def _ask_all(answers: Answers, wanted: Sequence[Wanted], query: Query) -> list[Answered]:
    return [_ask(answers, each, query) for each in wanted]


def _ask(answers: Answers, wanted: Wanted, query: Query) -> Answered:
    step = step_shown(wanted.snapshot, query.cursor)
    if step is None:
        return Answered()
    live = query.cursor is None and wanted.snapshot.status.moving
    known: dict[Question, Answer] = {}
    failed: dict[Question, str] = {}
    pending = False
    for question in wanted.questions:
        try:
            answer, more = answers.get(question, wanted.source_id, step, live)
        except UnrolledError as error:
            failed[question] = str(error)
            continue
        pending |= more
        if answer is not None:
            known[question] = answer
    return Answered(known, failed, pending)
