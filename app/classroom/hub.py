"""The classes of this server as they go on: who follows, and what is sent to them the moment it changes.

A class' *view* (page, run, settings) is stored, and leads back into the class after anything. Its *live* part (where
the cursor and the pointer are just now) is only passed on.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import anyio.to_thread

from app.classroom import polls
from core.bounded import Bounded
from core.errors import UnrolledError
from core.store.classes import Classes, Poll, spelled, unknown

ALIVE_SECONDS = 15.0
"""A comment is written into a stream so often: who has gone is noticed, and proxies keep the connection."""

A_SECOND = 3000
"""So many events a second are written at most, to all followers of a class together."""

MOST_ROOMS = 4000


@dataclass(eq=False)
class Follower:
    """A stream to one browser: the newest event of each kind that is still to be sent."""

    loop: asyncio.AbstractEventLoop
    steers: bool
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: dict[str, str] = field(default_factory=dict)

    def send(self, kind: str, event: str) -> None:
        """From any thread; a newer event of a kind takes the place of the older one."""
        self.waiting[kind] = event
        with suppress(RuntimeError):  # the loop is closed: the server ends
            self.loop.call_soon_threadsafe(self.woken.set)


@dataclass(eq=False)
class Room:
    """A class on this server. ``live`` is its cursor, knobs and pointer now."""

    code: str
    followers: set[Follower] = field(default_factory=set)
    live: dict[str, Any] = field(default_factory=dict)
    told: float = 0.0
    counted: int = -1


class Hub:
    """All rooms."""

    def __init__(self, classes: Classes) -> None:
        self.classes = classes
        self._rooms: Bounded[str, Room] = Bounded(MOST_ROOMS)
        self._lock = threading.Lock()

    def room(self, code: str) -> Room:
        """The room of a class that there is. Raises UnrolledError."""
        code = spelled(code)
        room = self._rooms.get(code)
        if room is None:
            if self.classes.get(code) is None:
                raise UnrolledError(unknown(code))
            room = self._rooms.keep(code, Room(code))
        return room

    # -- what is shown ------------------------------------------------------------------------------------------------

    def show(self, code: str, view: dict[str, Any]) -> None:
        """The teacher looks at ``view`` now: all followers do."""
        room = self.room(code)
        if view == (self.shown(code) or {}):
            return
        seq = self.classes.show(room.code, view)
        room.live = {}
        self._tell(room, "view", view | {"seq": seq})

    def shown(self, code: str) -> dict[str, Any] | None:
        """What the teacher looks at: ``page`` and ``query``; None where the class is gone, empty before the first."""
        row = self.classes.get(code)
        return None if row is None else row.view

    def move(self, code: str, live: dict[str, Any]) -> None:
        """The teacher's cursor, knobs or pointer moved."""
        room = self.room(code)
        room.live = live
        now = time.monotonic()
        if now < room.told + len(room.followers) / A_SECOND:
            return  # the next movement is sent: followers see ever the newest, if not every one
        room.told = now
        self._tell(room, "live", live)

    # -- what is asked ------------------------------------------------------------------------------------------------

    def ask(self, code: str, body: dict[str, Any]) -> None:
        """Put a question to the class (app.classroom.polls)."""
        room = self.room(code)
        self.classes.ask(room.code, body)
        self._tell_poll(room)

    def answer(self, code: str, number: int, who: str, value: Any) -> None:
        """Take an answer of somebody. Raises UnrolledError where it is none, or none is taken."""
        room = self.room(code)
        poll = self.classes.poll(room.code)
        if poll is None or poll.number != number:
            raise UnrolledError("This question takes no more answers.")
        self.classes.answer(room.code, number, who, polls.checked(poll.body, value))
        self._tell_poll(room, steerers_only=True)

    def reveal(self, code: str, truth: Any = None) -> None:
        """Show the class all answers, with what is true where that is known."""
        room = self.room(code)
        poll = self.classes.poll(room.code)
        if poll is not None:
            self.classes.set_poll(room.code, poll.number, "revealed", truth)
            self._tell_poll(room)

    def put_away(self, code: str) -> None:
        """Take the newest question off the screens."""
        room = self.room(code)
        self.classes.drop_poll(room.code)
        self._tell_poll(room)

    def end(self, code: str) -> None:
        """End the class; its followers are told and stay where they are."""
        room = self.room(code)
        self.classes.end(room.code)
        self._tell(room, "end", {})
        self._rooms.forget(room.code)

    # -- streams ------------------------------------------------------------------------------------------------------

    async def stream(self, code: str, *, steers: bool) -> AsyncIterator[str]:
        """The events for one browser, as text/event-stream: all that is so now, then whatever changes.

        Kinds: view, live, poll, count (how many follow; to those who steer), end."""
        room = self.room(code)
        follower = Follower(asyncio.get_running_loop(), steers)
        with self._lock:
            room.followers.add(follower)
        try:
            row = await anyio.to_thread.run_sync(self.classes.get, room.code)
            if row is None:
                return
            yield _event("view", row.view | {"seq": row.seq})
            if room.live:
                yield _event("live", room.live)
            yield await anyio.to_thread.run_sync(self._poll_event, room, steers)
            self._count(room)
            if steers:
                yield _event("count", {"following": room.counted})
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(ALIVE_SECONDS):
                        await follower.woken.wait()
                follower.woken.clear()
                events, follower.waiting = follower.waiting, {}
                yield "".join(events.values()) or ": here\n\n"
                if "end" in events:
                    return
        finally:
            with self._lock:
                room.followers.discard(follower)
            self._count(room)

    def following(self, code: str) -> int:
        """How many browsers follow the class, without those that steer it."""
        room = self._rooms.get(spelled(code))
        if room is None:
            return 0
        with self._lock:
            return sum(not follower.steers for follower in room.followers)

    @property
    def followed(self) -> int:
        """How many classes somebody follows now."""
        return sum(self.following(code) > 0 for code in self._rooms)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _count(self, room: Room) -> None:
        count = self.following(room.code)
        if count != room.counted:
            room.counted = count
            self._tell(room, "count", {"following": count}, steerers_only=True)

    def _tell(self, room: Room, kind: str, content: dict[str, Any], *, steerers_only: bool = False) -> None:
        event = _event(kind, content)
        with self._lock:
            followers = list(room.followers)
        for follower in followers:
            if follower.steers or not steerers_only:
                follower.send(kind, event)

    def _tell_poll(self, room: Room, *, steerers_only: bool = False) -> None:
        with self._lock:
            kinds = {follower.steers for follower in room.followers if follower.steers or not steerers_only}
        events = {steers: self._poll_event(room, steers) for steers in kinds}
        with self._lock:
            followers = list(room.followers)
        for follower in followers:
            if follower.steers in events:
                follower.send("poll", events[follower.steers])

    def _poll_event(self, room: Room, steers: bool) -> str:
        return _event("poll", _seen(self.classes, room.code, self.classes.poll(room.code), steers=steers))


def _seen(classes: Classes, code: str, poll: Poll | None, *, steers: bool) -> dict[str, Any]:
    """A question as browsers see it: before it is revealed nobody sees answers, and those who steer their number."""
    if poll is None:
        return {}
    seen = {"number": poll.number, "state": poll.state} | poll.body
    if poll.state != "revealed":
        return seen | ({"answers": classes.answered(code, poll.number)} if steers else {})
    answers = classes.answers(code, poll.number)
    return seen | {"answers": len(answers), "truth": poll.truth} | polls.tally(poll.body, answers)


def _event(kind: str, content: dict[str, Any]) -> str:
    return f"event: {kind}\ndata: {json.dumps(content, allow_nan=False, separators=(',', ':'))}\n\n"
