"""Classes: what a teacher shows, to whoever has the code; what was asked, and the answers, which have no names.

Everything stands in the catalog, so a class outlives the server, and the teacher's browser: the control token leads
back. Only a hash of it is stored.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.errors import UnrolledError, quoted
from core.store import tables
from core.store.catalog import Catalog

LETTERS, LONG = "BCDFGHJKLMNPQRSTVWXZ", 5
"""A code is read out and typed: no vowels, which could make a word, and none that looks like a digit."""

FORGOTTEN_SECONDS = 14 * 24 * 3600.0
"""A class that nobody has used for so long is removed."""

MOST_CLASSES, MOST_BALLOTS = 2000, 2000
State = Literal["open", "closed", "revealed"]

_classes, _steerers, _polls, _ballots = tables.classes, tables.steerers, tables.polls, tables.ballots


@dataclass(frozen=True)
class ClassRow:
    """A class. ``view``: the page and the query of what is shown; ``seq`` grows with every change of it."""

    code: str
    view: dict[str, Any]
    seq: int


@dataclass(frozen=True)
class Poll:
    """A question to the class: its words and choices (``body``), and what is true once that is revealed."""

    number: int
    body: dict[str, Any]
    state: State
    truth: Any


class Classes:
    """The classes of one data folder."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def create(self, owner: str) -> tuple[str, str]:
        """A new class that ``owner`` (a hash) steers: its code, and the token by which others may steer."""
        self._forget()
        token = secrets.token_urlsafe(18)
        with self._catalog.write() as connection:
            if (connection.execute(select(func.count()).select_from(_classes)).scalar() or 0) >= MOST_CLASSES:
                raise UnrolledError(f"This server has {MOST_CLASSES} classes already. Try again tomorrow.")
        while True:
            code = "".join(secrets.choice(LETTERS) for _ in range(LONG))
            row = {"code": code, "control": _hashed(token), "view": "{}", "seq": 0, "used": time.time()}
            try:
                with self._catalog.write() as connection:
                    connection.execute(insert(_classes), row)
                    connection.execute(insert(_steerers), {"code": code, "owner": owner})
            except IntegrityError:  # somebody has that code
                continue
            return code, token

    def get(self, code: str) -> ClassRow | None:
        """The class, by a code as people type it."""
        with self._catalog.read() as connection:
            row = connection.execute(select(_classes).where(_classes.c.code == spelled(code))).first()
        return None if row is None else ClassRow(row.code, json.loads(row.view), row.seq)

    def steers(self, code: str, owner: str) -> bool:
        """Whether ``owner`` steers it."""
        with self._catalog.read() as connection:
            query = select(_steerers.c.owner).where(_steerers.c.code == code, _steerers.c.owner == owner)
            return connection.execute(query).first() is not None

    def take_control(self, code: str, token: str, owner: str) -> bool:
        """From now on ``owner`` steers it too, if ``token`` is that of the class; whether it is."""
        with self._catalog.write() as connection:
            found = connection.execute(select(_classes.c.control).where(_classes.c.code == code)).scalar()
            if found is None or not secrets.compare_digest(found, _hashed(token)):
                return False
            known = select(_steerers.c.owner).where(_steerers.c.code == code, _steerers.c.owner == owner)
            if connection.execute(known).first() is None:
                connection.execute(insert(_steerers), {"code": code, "owner": owner})
        return True

    def new_control(self, code: str) -> str:
        """Another token for the class; the one before leads nowhere from now on."""
        token = secrets.token_urlsafe(18)
        with self._catalog.write() as connection:
            connection.execute(update(_classes).where(_classes.c.code == code).values(control=_hashed(token)))
        return token

    def show(self, code: str, view: dict[str, Any]) -> int:
        """Show ``view``; the class' new ``seq``, -1 where it is gone."""
        with self._catalog.write() as connection:
            values = {"view": json.dumps(view), "seq": _classes.c.seq + 1, "used": time.time()}
            connection.execute(update(_classes).where(_classes.c.code == code).values(**values))
            seq = connection.execute(select(_classes.c.seq).where(_classes.c.code == code)).scalar()
        return -1 if seq is None else seq

    def end(self, code: str) -> None:
        """Remove it with all that was asked and answered."""
        with self._catalog.write() as connection:
            for table in (_classes, _steerers, _polls, _ballots):
                connection.execute(delete(table).where(table.c.code == code))

    # -- what the class is asked --------------------------------------------------------------------------------------

    def ask(self, code: str, body: dict[str, Any]) -> Poll:
        """Put a question; one that was open before is closed."""
        with self._catalog.write() as connection:
            self._close(connection, code)
            last = connection.execute(select(func.max(_polls.c.number)).where(_polls.c.code == code)).scalar()
            number = (last or 0) + 1
            row = {"code": code, "number": number, "body": json.dumps(body), "state": "open", "truth": "null"}
            connection.execute(insert(_polls), row)
        return Poll(number, body, "open", None)

    def poll(self, code: str) -> Poll | None:
        """The newest question."""
        with self._catalog.read() as connection:
            query = select(_polls).where(_polls.c.code == code).order_by(_polls.c.number.desc()).limit(1)
            row = connection.execute(query).first()
        return None if row is None else Poll(row.number, json.loads(row.body), row.state, json.loads(row.truth))

    def set_poll(self, code: str, number: int, state: State, truth: Any = None) -> None:
        """Close a question, or reveal what is true."""
        where = (_polls.c.code == code, _polls.c.number == number)
        with self._catalog.write() as connection:
            connection.execute(update(_polls).where(*where).values(state=state, truth=json.dumps(truth)))

    def drop_poll(self, code: str) -> None:
        """Put the newest question away, with its answers."""
        poll = self.poll(code)
        if poll is None:
            return
        with self._catalog.write() as connection:
            for table in (_polls, _ballots):
                connection.execute(delete(table).where(table.c.code == code, table.c.number == poll.number))

    def answer(self, code: str, number: int, who: str, value: Any) -> None:
        """Note an answer in place of the same person's former one. Raises UnrolledError where none is taken."""
        mine = (_ballots.c.code == code, _ballots.c.number == number, _ballots.c.who == who)
        with self._catalog.write() as connection:
            query = select(_polls.c.state).where(_polls.c.code == code, _polls.c.number == number)
            if connection.execute(query).scalar() != "open":
                raise UnrolledError("This question takes no more answers.")
            if _count(connection, code, number) >= MOST_BALLOTS:
                raise UnrolledError(f"This question has {MOST_BALLOTS:,} answers already, as many as one may have.")
            connection.execute(delete(_ballots).where(*mine))
            row = {"code": code, "number": number, "who": who, "value": json.dumps(value)}
            connection.execute(insert(_ballots), row)

    def answers(self, code: str, number: int) -> list[Any]:
        """All answers, in no order that says whose they are."""
        with self._catalog.read() as connection:
            query = select(_ballots.c.value).where(_ballots.c.code == code, _ballots.c.number == number)
            return sorted((json.loads(value) for value in connection.execute(query).scalars()), key=repr)

    def answered(self, code: str, number: int) -> int:
        """How many there are."""
        with self._catalog.read() as connection:
            return _count(connection, code, number)

    # -- inside -------------------------------------------------------------------------------------------------------

    @staticmethod
    def _close(connection: Any, code: str) -> None:
        where = (_polls.c.code == code, _polls.c.state == "open")
        connection.execute(update(_polls).where(*where).values(state="closed"))

    def _forget(self) -> None:
        with self._catalog.read() as connection:
            query = select(_classes.c.code).where(_classes.c.used < time.time() - FORGOTTEN_SECONDS)
            forgotten = list(connection.execute(query).scalars())
        for code in forgotten:
            self.end(code)


def _count(connection: Any, code: str, number: int) -> int:
    where = (_ballots.c.code == code, _ballots.c.number == number)
    return connection.execute(select(func.count()).select_from(_ballots).where(*where)).scalar() or 0


def spelled(code: str) -> str:
    """A code as it is stored, from what somebody has typed."""
    return "".join(letter for letter in code.upper() if letter.isalnum())


def unknown(code: str) -> str:
    """A sentence on a code that leads nowhere."""
    return f"`class` (={quoted(code)}) is no class of this server: it has ended, or the code is misspelled."


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
