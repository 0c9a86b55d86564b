"""Asking about a moment: which stored weights a question is about, and its answer as soon as there is one. No torch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from core.config import RunConfig
from core.errors import UnrolledError, quoted
from core.lab.answers import KINDS, Answer, Asked, Kept, split
from core.store import Questions, Run
from core.store.catalog import UNFINISHED
from core.store.folder import RUN_ID
from core.store.questions import TOUCH_SECONDS

AGAIN_SECONDS = 20.0
"""A question that failed is not worked out again before that, however often it is asked."""

PREVIEW = "preview-"
"""What asks about an untrained network begins so; the rest is its config's digest."""


class Asking:
    """The questions of one data folder; ``run_of`` finds the stored run of an id, or None before its first turn."""

    def __init__(self, questions: Questions, run_of: Callable[[str], Run | None]) -> None:
        self._questions, self._run_of, self._kept = questions, run_of, Kept()

    def ask(self, kind: str, source_id: str, step: int | None) -> Answer | None:
        """See ``Lab.ask``."""
        split(kind)
        if step is not None and step < 0:
            raise UnrolledError(f"`step` (={step}) must be at least 0. Ask about a step of the run.")
        asked = self._asked(kind, source_id, step)
        return None if asked is None else self._answer(asked)

    def _asked(self, kind: str, source_id: str, step: int | None) -> Asked | None:
        """The question about the newest stored weights at or before ``step``; None while there are none yet."""
        if source_id.startswith(PREVIEW):
            return Asked(kind, source_id, 0, self._preview_config(source_id.removeprefix(PREVIEW)))
        run = self._run_of(source_id)
        kept = np.zeros(0, np.int64) if run is None else run.weight_steps
        if step is not None:
            kept = kept[kept <= step]
        if not kept.size:
            self._check_begins(source_id)
            return None
        return Asked(kind, source_id, int(kept[-1]) if KINDS[split(kind)[0]] else 0)

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
            return RunConfig.model_validate_json(body)
        except ValueError:
            raise UnrolledError(f"The preview `{preview_id}` is of an older version. Load the page again.") from None

    def _answer(self, asked: Asked) -> Answer | None:
        kept = self._kept.get(asked.key)
        if kept is not None:
            return kept
        question = self._questions.get(asked.key)
        if question is not None and question.answer is not None:
            answer = Answer.unpacked(question.answer)
            self._kept.put(asked.key, answer, len(question.answer))
            return answer
        age = math.inf if question is None else time.time() - question.asked
        status = "new" if question is None else question.status
        if question is not None and status == "failed" and age < AGAIN_SECONDS:
            raise UnrolledError(question.error)
        if status in ("new", "failed", "dropped") or (status == "asked" and age > TOUCH_SECONDS):
            self._questions.ask(asked.key, asked.kind, asked.body)
        return None
