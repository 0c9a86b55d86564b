"""Questions to the analysis process and their answers, in the catalog: one row per question, whoever asks it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from core.store import tables
from core.store.catalog import Catalog

UNANSWERED_SECONDS = 60.0
"""A question nobody can still be waiting for."""

KEPT_SECONDS = 30 * 86400.0
"""How long a question's text is remembered, by which a pinned curve is found again."""

ANSWER_BYTES = 64_000_000
"""Bound of all stored answers; the oldest go first and are worked out again when asked for."""

_questions = tables.questions
_columns = tables.questions.c


@dataclass(frozen=True)
class Question:
    """``status``: asked, taken, answered, failed (``error`` is a sentence) or dropped (no longer stored)."""

    key: str
    kind: str
    body: str
    status: str
    error: str
    answer: bytes | None


class Questions:
    """The questions of a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def ask(self, key: str, kind: str, body: str) -> None:
        """Put a question, unless it is already there and asked, taken or answered."""
        with self.catalog.write() as connection:
            found = connection.execute(select(_columns.status).where(_columns.key == key)).scalar()
            if found is None:
                row = {"key": key, "kind": kind, "body": body, "status": "asked", "asked": time.time(), "size": 0}
                connection.execute(insert(_questions).values(**row, error=""))
            elif found in ("failed", "dropped"):
                again = {"status": "asked", "error": "", "asked": time.time()}
                connection.execute(update(_questions).where(_columns.key == key).values(**again))

    def get(self, key: str) -> Question | None:
        """The question and, when there is one, its answer."""
        with self.catalog.read() as connection:
            return _question(connection.execute(select(_questions).where(_columns.key == key)).first())

    def status(self, key: str) -> str | None:
        """Its state alone, without the answer: what a waiting process looks at."""
        with self.catalog.read() as connection:
            return connection.execute(select(_columns.status).where(_columns.key == key)).scalar()

    def take(self) -> Question | None:
        """The question that has waited longest, now taken."""
        with self.catalog.read() as connection:  # looking takes no lock that would hold up a writer
            if connection.execute(select(_columns.key).where(_columns.status == "asked").limit(1)).first() is None:
                return None
        with self.catalog.write() as connection:
            oldest = select(_questions).where(_columns.status == "asked").order_by(_columns.asked).limit(1)
            question = _question(connection.execute(oldest).first())
            if question is not None:
                connection.execute(update(_questions).where(_columns.key == question.key).values(status="taken"))
        return question

    def answer(self, key: str, answer: bytes) -> None:
        """Store the answer."""
        self._set(key, status="answered", answer=answer, size=len(answer))

    def fail(self, key: str, error: str) -> None:
        """Say why there is no answer."""
        self._set(key, status="failed", error=error)

    def give_back(self) -> None:
        """Questions that a former worker took and never answered are asked again."""
        with self.catalog.write() as connection:
            connection.execute(update(_questions).where(_columns.status == "taken").values(status="asked"))

    def prune(self) -> None:
        """Forget stale questions and, beyond their bound, the oldest answers."""
        now = time.time()
        waiting = _columns.status.in_(("asked", "taken"))
        newer = func.sum(_columns.size).over(order_by=_columns.asked.desc())
        with self.catalog.write() as connection:
            connection.execute(delete(_questions).where(_columns.asked < now - KEPT_SECONDS))
            connection.execute(delete(_questions).where(waiting, _columns.asked < now - UNANSWERED_SECONDS))
            kept = select(_columns.key, newer.label("total")).where(_columns.status == "answered").subquery()
            excess = select(kept.c.key).where(kept.c.total > ANSWER_BYTES)
            dropped = {"status": "dropped", "answer": None, "size": 0}
            connection.execute(update(_questions).where(_columns.key.in_(excess)).values(**dropped))

    def _set(self, key: str, **values: Any) -> None:
        with self.catalog.write() as connection:
            connection.execute(update(_questions).where(_columns.key == key).values(**values))


def _question(row: Row[*tuple[Any, ...]] | None) -> Question | None:
    if row is None:
        return None
    return Question(row.key, row.kind, row.body, row.status, row.error, row.answer)
