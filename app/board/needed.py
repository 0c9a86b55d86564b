"""The questions behind a board: asked when a picture needs them, waited for a moment, drawn when they are there."""

from __future__ import annotations

from collections.abc import Iterable
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


def needed(page: Page, query: Query, config: RunConfig) -> list[Question]:
    """The questions that the words and the pictures on screen draw, each once."""
    left_out = page.left_out(config)
    all_needs = [page.needs, *(page.views[name].needs for name in query.views if name not in left_out)]
    return list(dict.fromkeys(question for needs in all_needs for question in questions(needs, query, config)))


def step_shown(snapshot: Snapshot, cursor: int | None) -> int | None:
    """The recorded step on screen; None while nothing is recorded."""
    known = snapshot.steps if cursor is None else snapshot.steps[snapshot.steps <= cursor]
    return int(known[-1]) if known.size else None


async def found(
    answers: Answers, wanted: Iterable[Question], source_id: str, snapshot: Snapshot, query: Query, *, again: bool
) -> Answered:
    """What is answered within a moment; of a moving run that is followed live, what is answered already."""
    step, wanted = step_shown(snapshot, query.cursor), list(wanted)
    if step is None or not wanted:
        return Answered()
    live = query.cursor is None and snapshot.status.moving
    until = monotonic() + (0 if live else AGAIN_SECONDS if again else FIRST_SECONDS)
    while True:
        known = await anyio.to_thread.run_sync(_ask, answers, wanted, source_id, step, live)
        if not known.pending or monotonic() >= until:
            return known
        await anyio.sleep(LOOK_SECONDS)


def _ask(answers: Answers, wanted: list[Question], source_id: str, step: int, live: bool) -> Answered:
    known: dict[Question, Answer] = {}
    failed: dict[Question, str] = {}
    pending = False
    for question in wanted:
        try:
            answer, more = answers.get(question, source_id, step, live)
        except UnrolledError as error:
            failed[question] = str(error)
            continue
        pending |= more
        if answer is not None:
            known[question] = answer
    return Answered(known, failed, pending)
