"""Asking about a moment: which stored weights a question is about, and its answer as soon as there is one. No torch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from core.bounded import Bounded
from core.config import RunConfig
from core.errors import UnrolledError, quoted
from core.lab.answers import Answer
from core.lab.request import Request
from core.questions import Question
from core.store import Questions, Run
from core.store.catalog import UNFINISHED
from core.store.folder import RUN_ID
from core.store.questions import TOUCH_SECONDS

KEPT_BYTES = 32_000_000
"""Of answers that are held at hand."""

AGAIN_SECONDS = 20.0
"""A question that failed is not worked out again before that, however often it is asked."""

PREVIEW = "preview-"
"""What asks about an untrained network begins so; the rest is its config's digest."""


class Asking:
    """The questions of one data folder; ``run_of`` finds the stored run of an id, or None before its first turn."""

    def __init__(self, questions: Questions, run_of: Callable[[str], Run | None]) -> None:
        self._questions, self._run_of = questions, run_of
        self._kept: Bounded[str, Answer] = Bounded(KEPT_BYTES)

    def ask(self, question: Question, source_id: str, step: int | None) -> Answer | None:
        """See ``Lab.ask``."""
        if step is not None and step < 0:
            raise UnrolledError(f"`step` (={step}) must be at least 0. Ask about a step of the run.")
        request = self._request(question, source_id, step)
        return None if request is None else self._answer(request)

    def _request(self, question: Question, source_id: str, step: int | None) -> Request | None:
        """The question about the newest stored weights at or before ``step``; None while there are none yet."""
        if source_id.startswith(PREVIEW):
            return Request(question, source_id, 0, self._preview_config(source_id.removeprefix(PREVIEW)))
        run = self._run_of(source_id)
        kept = np.zeros(0, np.int64) if run is None else run.weight_steps
        if step is not None:
            kept = kept[kept <= step]
        if not kept.size:
            self._check_begins(source_id)
            return None
        return Request(question, source_id, int(kept[-1]) if question.changes else 0)

    def _check_begins(self, run_id: str) -> None:
        """Raise UnrolledError where a run without weights will never have any."""
        row = self._questions.catalog.get(run_id) if RUN_ID.fullmatch(run_id) else None
        if row is None:
            raise UnrolledError(f"There is no run `{quoted(run_id)}` on this server. Start one of your own.")
        if row.status not in UNFINISHED:
            raise UnrolledError(f"The run `{run_id}` ended before it recorded anything. Start it again.")

    def _preview_config(self, preview_id: str) -> RunConfig:
        kind, body = self._questions.body(preview_id) or ("", "")
        if kind != "preview":
            raise UnrolledError(f"The preview `{quoted(preview_id)}` is no longer stored. Load the page again.")
        try:
            return RunConfig.stored(body)
        except ValueError:
            raise UnrolledError(f"The preview `{preview_id}` is of an older version. Load the page again.") from None

    def _answer(self, request: Request) -> Answer | None:
        key = request.key
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        row = self._questions.get(key)
        if row is not None and row.answer is not None:
            answer = Answer.unpacked(row.answer)
            self._kept.keep(key, answer, len(row.answer))
            return answer
        age = math.inf if row is None else time.time() - row.asked
        status = "new" if row is None else row.status
        if row is not None and status == "failed" and age < AGAIN_SECONDS:
            raise UnrolledError(row.error)
        if status in ("new", "failed", "dropped") or (status == "asked" and age > TOUCH_SECONDS):
            self._questions.ask(key, request.question.kind, request.body)
        return None
