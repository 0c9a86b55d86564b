"""A class as its followers' browsers see it, event by event, and as a stranger finds it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.classroom import hub as module
from app.classroom import polls
from app.classroom.hub import Hub
from app.classroom.routes import class_routes
from core.errors import UnrolledError
from core.lab.client import hashed
from core.store import Catalog
from core.store.classes import Classes

TEACHER, STUDENT = "t" * 32, "s" * 32
VIEW = {"page": "memory", "query": {"seed": ["3"]}}
MOMENT = {"page": "memory", "source": "run-one", "cursor": 5, "knobs": {"unit": "3"}, "pins": [], "beside": []}


@pytest.fixture
def hub() -> Hub:
    return Hub(Classes(Catalog()))


@pytest.fixture
def code(hub) -> str:
    return hub.classes.create(hashed(TEACHER))[0]


class Browser:
    """One that reads a class' stream."""

    def __init__(self, hub: Hub, code: str, *, steers: bool = False) -> None:
        self._stream: AsyncIterator[str] = hub.stream(code, steers=steers)
        self._left: list[str] = []

    async def next(self) -> tuple[str, Any]:
        """The next event: its kind and what it says."""
        while not self._left:
            async with asyncio.timeout(60):
                text = await anext(self._stream)
            self._left = [event for event in text.split("\n\n") if event.startswith("event")]
        kind, data = self._left.pop(0).split("\n")
        return kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))

    async def until(self, kind: str) -> Any:
        while True:
            found, said = await self.next()
            if found == kind:
                return said


def test_a_follower_sees_what_is_so_and_then_what_changes(hub, code) -> None:
    async def lesson() -> None:
        hub.show(code, VIEW)
        hub.move(code, {"board": MOMENT})
        student, teacher = Browser(hub, code), Browser(hub, code, steers=True)
        assert await student.next() == ("view", VIEW | {"seq": 1})
        assert await student.next() == ("live", {"board": MOMENT})
        assert await student.next() == ("poll", {})
        assert await teacher.until("poll") == {} and hub.following(code) == 1
        hub.show(code, VIEW)  # the same: nobody is told
        hub.show(code, VIEW | {"page": "compare"})
        assert (await student.until("view"))["seq"] == 2 and hub.room(code).live == {}
        hub.ask(code, polls.question("choice", "Which?", ["a", "b"]))
        assert (await student.until("poll")).get("answers") is None
        hub.answer(code, 1, "one", 1)
        while (await teacher.until("poll")).get("answers") != 1:
            pass
        hub.reveal(code, 0)
        revealed = await student.until("poll")
        assert revealed["counts"] == [0, 1] and revealed["truth"] == 0 and revealed["state"] == "revealed"
        hub.put_away(code)
        assert await student.until("poll") == {}
        hub.end(code)
        assert await student.until("end") == {}
        with pytest.raises(StopAsyncIteration):
            await student._stream.__anext__()

    asyncio.run(lesson())
    with pytest.raises(UnrolledError, match="is no class of this server"):
        hub.room(code)


def test_a_class_goes_on_after_the_server_began_anew(hub, code) -> None:
    hub.show(code, VIEW)
    hub.ask(code, polls.question("number", "How much?"))
    hub.answer(code, 1, "one", 2)
    again = Hub(Classes(Catalog()))

    async def late() -> tuple[Any, Any]:
        browser = Browser(again, code.lower(), steers=True)
        return await browser.next(), await browser.until("poll")

    view, poll = asyncio.run(late())
    assert view == ("view", VIEW | {"seq": 1}) and poll["words"] == "How much?" and poll["answers"] == 1


def test_who_has_gone_is_no_longer_counted(hub, code) -> None:
    async def lesson() -> list[int]:
        browsers = [Browser(hub, code) for _ in range(3)]
        for browser in browsers:
            await browser.until("poll")
        before = hub.following(code)
        await browsers[0]._stream.aclose()
        return [before, hub.following(code)]

    assert asyncio.run(lesson()) == [3, 2]


def test_a_crowd_is_told_less_often_and_ever_the_newest(hub, code, monkeypatch) -> None:
    monkeypatch.setattr(module, "A_SECOND", 1e-6)

    async def lesson() -> Any:
        browser = Browser(hub, code)
        await browser.until("poll")
        for step in range(50):
            hub.move(code, {"board": MOMENT | {"cursor": step}})
        hub.room(code).told = float("-inf")
        hub.move(code, {"board": MOMENT | {"cursor": 99}})
        return await browser.until("live")

    assert asyncio.run(lesson())["board"]["cursor"] == 99


def test_only_who_steers_moves_the_class_and_nobody_sends_it_anything_else(hub, code, ask) -> None:
    def post(path: str, body: Any, visitor: str = TEACHER) -> Any:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"cookie": f"unrolled_visitor={visitor}"}
        (answer,) = ask(class_routes(hub, "teach"), f"/teach/classes/{path}", method="POST", body=sent, **headers)
        return answer

    assert post(f"{code}/live", {"board": MOMENT}).status == 204 and hub.room(code).live == {"board": MOMENT}
    assert post(f"{code}/live", {"board": MOMENT}, STUDENT).status == 403
    assert post(f"{code}/live", {"board": MOMENT}, "short").status == 403
    pointer = {"view": "curve", "plot": 0, "x": 0.5, "y": 0.25}
    assert post(f"{code}/live", {"pointer": pointer}).status == 204 and hub.room(code).live == {"pointer": pointer}
    bad = [b"", b"[]", b"\xff", {"board": 3}, {"board": MOMENT | {"cursor": -1}}, {"board": MOMENT | {"html": "<b>"}},
           {"pointer": pointer | {"x": 9}}, {"board": MOMENT | {"source": "x" * 99}}, b" " * 5000]  # fmt: skip
    for body in bad:
        answer = post(f"{code}/live", body)
        assert answer.status == 400 and len(answer.json["error"]) < 300, body
    assert hub.room(code).live == {"pointer": pointer}
    hub.ask(code, polls.question("choice", "Which?", ["a", "b"]))
    assert post(f"{code}/answer", {"number": 1, "value": 1}, STUDENT).status == 200
    for body in ({"number": 1, "value": 2}, {"number": 2, "value": 0}, {"number": None}, {"value": 1}):
        assert post(f"{code}/answer", body, STUDENT).status == 400
    assert hub.classes.answers(code, 1) == [1] and STUDENT.encode() not in hub.classes._catalog.path.read_bytes()
    (missing,) = ask(class_routes(hub), "/classes/XXXXX/events")
    assert missing.status == 404 and "no class of this server" in missing.json["error"]
