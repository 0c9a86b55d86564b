"""Questions to the analysis process and their answers, in the catalog: one row per question, whoever asks it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from core.store import tables
from core.store.catalog import Catalog

UNANSWERED_SECONDS = 60.0
"""A question nobody can still be waiting for."""

WANTED_SECONDS = 3.0
"""Whoever waits for an answer about a moment asks again and again; a question nobody has asked for that long belongs
to a cursor that has moved on."""

TOUCH_SECONDS = 0.5
"""Asking again is noted at most this often: it is a write."""

KEPT_SECONDS = 30 * 86400.0
"""How long a question's text is remembered, by which a pinned curve is found again."""

ANSWER_BYTES = 64_000_000
"""Bound of all stored answers; the oldest go first and are worked out again when asked for."""

_questions = tables.questions
_columns = tables.questions.c


@dataclass(frozen=True)
class QuestionRow:
    """``status``: asked, taken, answered, failed (``error`` is a sentence) or dropped (no longer stored).

    ``key`` begins with what the question is about, up to the first slash. ``asked``: when it was last asked.
    """

    key: str
    kind: str
    body: str
    status: str
    error: str
    asked: float
    answer: bytes | None


class Questions:
    """The questions of a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def ask(self, key: str, kind: str, body: str) -> None:
        """Put a question, unless it is already there and asked, taken or answered; one that waits stays wanted."""
        now = time.time()
        with self.catalog.write() as connection:
            found = connection.execute(select(_columns.status).where(_columns.key == key)).scalar()
            if found is None:
                row = {"key": key, "kind": kind, "body": body, "status": "asked", "asked": now, "size": 0}
                connection.execute(insert(_questions).values(**row, error=""))
            elif found in ("failed", "dropped"):
                again = {"status": "asked", "error": "", "asked": now}
                connection.execute(update(_questions).where(_columns.key == key).values(**again))
            elif found == "asked" and kind != "preview":  # previews keep their place in the row
                connection.execute(update(_questions).where(_columns.key == key).values(asked=now))

    def get(self, key: str) -> QuestionRow | None:
        """The question and, when there is one, its answer."""
        with self.catalog.read() as connection:
            return _question(connection.execute(select(_questions).where(_columns.key == key)).first())

    def status(self, key: str) -> str | None:
        """Its state alone, without the answer: what a waiting process looks at."""
        with self.catalog.read() as connection:
            return connection.execute(select(_columns.status).where(_columns.key == key)).scalar()

    def body(self, key: str) -> tuple[str, str] | None:
        """(kind, text) of a question, without its answer; None where it was never asked, or long ago."""
        with self.catalog.read() as connection:
            row = connection.execute(select(_columns.kind, _columns.body).where(_columns.key == key)).first()
        return None if row is None else (row.kind, row.body)

    def take(
        self, served: Mapping[str, float] | None = None, patient: Collection[str] = frozenset()
    ) -> QuestionRow | None:
        """The next question, now taken; ``served`` says when each subject had its last turn. See ``turn``."""
        waiting = select(_columns.key, _columns.kind, _columns.asked).where(_columns.status == "asked")
        with self.catalog.read() as connection:  # looking takes no lock that would hold up a writer
            rows = [(row.key, row.kind, row.asked) for row in connection.execute(waiting)]
        key = turn(rows, served or {}, time.time(), patient)
        if key is None:
            return None
        with self.catalog.write() as connection:
            mine = update(_questions).where(_columns.key == key, _columns.status == "asked").values(status="taken")
            if not connection.execute(mine).rowcount:
                return None
        return self.get(key)

    def answer(self, key: str, answer: bytes) -> None:
        """Store the answer."""
        self._set(key, status="answered", answer=answer, size=len(answer))

    def fail(self, key: str, error: str) -> None:
        """Say why there is no answer."""
        self._set(key, status="failed", error=error)

    def forget(self, about: str) -> None:
        """Remove every question about a run, with its answers."""
        with self.catalog.write() as connection:
            connection.execute(delete(_questions).where(_columns.key.startswith(f"{about}/", autoescape=True)))

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


def turn(
    waiting: Iterable[tuple[str, str, float]], served: Mapping[str, float], now: float, patient: Collection[str]
) -> str | None:
    """The key of the next question of those ``waiting``: (key, kind, when it was last asked).

    Previews first, the one that has waited longest: a page stands empty without it. Then, of the run that had its last
    turn longest ago, the question asked last: that is where its cursor stands now; those of ``patient`` kinds, which
    concern no moment, after the others. What nobody asks for any more gets no turn.
    """
    rows = list(waiting)
    previews = [(asked, key) for key, kind, asked in rows if kind == "preview"]
    if previews:
        return min(previews)[1]
    wanted = [
        (served.get(subject(key), 0.0), kind in patient, -asked, key)
        for key, kind, asked in rows
        if asked > now - WANTED_SECONDS
    ]
    return min(wanted)[-1] if wanted else None


def subject(key: str) -> str:
    """What a question is about: the run or the preview that its key begins with."""
    return key.partition("/")[0]


def _question(row: Row[*tuple[Any, ...]] | None) -> QuestionRow | None:
    if row is None:
        return None
    return QuestionRow(row.key, row.kind, row.body, row.status, row.error, row.asked, row.answer)
