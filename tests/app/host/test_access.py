"""The access code: what is closed without it, how it is asked, and who guesses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.host import access
from app.host.access import COOKIE, MOST_WRONG, Access, code_of_host
from core.errors import UnrolledError

CODE = "long short"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "SLOW_SECONDS", 0)


def asked(gate: Access, path: str = "/lab", kind: str = "http", method: str = "GET", body: bytes = b"",
          query: bytes = b"", **headers: str) -> list[Any]:  # fmt: skip
    """What is sent back."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": body} if kind == "http" else {"type": "websocket.connect"}

    raw = [(name.encode(), value.encode()) for name, value in ({"host": "a"} | headers).items()]
    scope = {"type": kind, "method": method, "path": path, "query_string": query, "headers": raw, "scheme": "http",
             "server": ("a", 80), "root_path": ""}  # fmt: skip
    asyncio.run(gate(scope, receive, send))
    return sent


def gate(code: str = CODE) -> Access:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "app"})

    return Access(app, code)


def entered(
    one: Access, code: str, path: str = "/teach/lab", query: bytes = b"seed=1&run=x"
) -> tuple[int, dict[str, str]]:
    start, *_ = asked(one, path, method="POST", body=f"code={code.replace(' ', '+')}".encode(), query=query)
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}


def test_without_a_code_everything_is_open_and_with_one_nothing_but_probes() -> None:
    assert asked(gate("")) == [{"type": "app"}]
    closed = gate()
    for path in ("/healthz", "/base/readyz", "/_stcore/health", "/metrics"):
        assert asked(closed, path) == [{"type": "app"}]
    for path in ("/", "/lab", "/runs/abc/board", "/runs/healthz/board", "/_stcore/host-config", "/assets/plotly.js"):
        start, body = asked(closed, path)
        assert start["status"] == 401 and b"asks for an access code" in body["body"]
    start, body = asked(closed, accept="text/html")
    assert start["status"] == 401 and b"<form" in body["body"] and b"no-store" in dict(start["headers"]).values()
    (shut,) = asked(closed, "/healthz", "websocket")
    assert shut["type"] == "websocket.close" and shut["code"] == 1008


def test_the_right_code_leads_to_the_address_that_was_asked_and_stays_in_the_browser() -> None:
    one = gate()
    status, headers = entered(one, CODE)
    assert status == 303 and headers["location"] == "./lab?seed=1&run=x" and "HttpOnly" in headers["set-cookie"]
    assert entered(one, CODE, "/teach/", b"")[1]["location"] == "./"
    kept = headers["set-cookie"].split(";")[0]
    assert kept.startswith(f"{COOKIE}=") and CODE not in kept
    for kind in ("http", "websocket"):
        assert asked(one, kind=kind, cookie=f"other=1; {kept}") == [{"type": "app"}]
        assert asked(gate("another code"), kind=kind, cookie=kept)[0]["type"] != "app", "the host has changed it"
        assert asked(one, kind=kind, cookie=f"{kept}0")[0]["type"] != "app"


def test_who_guesses_is_stopped_and_a_strange_body_is_no_code() -> None:
    one = gate()
    for body in (b"", b"code=", b"\xff\xfe", b"code=" + b"x" * 10_000, b"{}"):
        start, answer = asked(one, method="POST", body=body)
        assert start["status"] == 403 and b"That is not the code" in answer["body"]
    while len(one.wrong) < MOST_WRONG:
        assert entered(one, "short long")[0] == 403
    assert entered(one, CODE)[0] == 429
    one.wrong[0] -= 2 * access.WITHIN_SECONDS
    assert entered(one, CODE)[0] == 303


@pytest.mark.parametrize("set_to", ["abc", "x" * 300])
def test_a_code_that_would_be_guessed_or_cannot_be_typed_is_refused_at_the_start(set_to: str) -> None:
    with pytest.raises(UnrolledError, match=r"`UNROLLED_ACCESS_CODE` \(of \d+ characters\) must have 6 to 200"):
        code_of_host({"UNROLLED_ACCESS_CODE": set_to})
    assert code_of_host({"UNROLLED_ACCESS_CODE": f" {CODE} "}) == CODE and code_of_host({}) == ""
