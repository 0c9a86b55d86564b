"""Answers to a board's questions, for all who look at it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from core.bounded import Bounded
from core.lab.answers import Answer
from core.questions import Question

KEPT = 256
AWAY_SECONDS = 2.0
"""Longer than that nobody looked: what was asked meanwhile is of a moment long past."""

REST = 1.0
"""After an answer a run that is followed live is left alone for that much of the time the answer took, so that its
questions never keep a core busy."""


class Asks(Protocol):
    """The part of core.lab.client.Lab that is needed here."""

    def ask(self, question: Question, source_id: str, step: int | None = None) -> Answer | None:
        """The answer, or None while it is worked out; raises UnrolledError."""
        ...


@dataclass
class _Followed:
    """A question about a moving run: the newest answer, the step that is asked about, and when."""

    shown: Answer | None = None
    asked: int | None = None
    began: float = 0.0
    looked: float = 0.0
    rests_until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Answers:
    """The answers to show, found by asking again and again; never blocks for longer than a look at the catalog."""

    def __init__(self, lab: Asks) -> None:
        self._lab = lab
        self._followed: Bounded[tuple[Question, str], _Followed] = Bounded(KEPT)

    def get(self, question: Question, source_id: str, step_shown: int, live: bool) -> tuple[Answer | None, bool]:
        """(the answer to show or None, whether another one is being worked out). Raises UnrolledError.

        A scrubbed moment has its own answer or none. Of a run that is followed ``live`` it is the newest answer there
        is; the next question, about what is then the newest step, is put when the last one is answered.
        """
        followed = self._followed.keep((question, source_id), _Followed())
        if not live:
            answer = self._lab.ask(question, source_id, step_shown)
            return answer, answer is None
        with followed.lock:
            return self._follow(followed, question, source_id, step_shown)

    def _follow(self, state: _Followed, question: Question, source_id: str, newest: int) -> tuple[Answer | None, bool]:
        now = monotonic()
        if now - state.looked > AWAY_SECONDS:
            state.asked = None
        state.looked = now
        if state.asked is None and now >= state.rests_until:
            state.asked, state.began = newest, now
        if state.asked is not None:
            asked, state.asked = state.asked, None  # an error lets go of the question
            answer = self._lab.ask(question, source_id, asked)
            if answer is None:
                state.asked = asked
            else:
                state.shown, state.rests_until = answer, now + REST * (now - state.began)
        return state.shown, state.asked is not None
