"""The door: which names are answered, what is refused, and the headers of every answer."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any

import pytest

from app.entry import inline_scripts, page, page_routes
from app.headers import MOST_UPLOADED, Door, Rules, Uploads
from core.errors import UnrolledError

LOCAL = Rules.of_host({}, local=True)
OPEN = Rules.of_host({}, local=False)
NAMED = Rules.of_host({"UNROLLED_HOSTS": "rnn.example.org *.lab.example.org"}, local=False)


def passed(
    rules: Rules, path: str = "/", kind: str = "http", method: str = "GET", **headers: str
) -> tuple[bool, list[Any]]:
    """Whether a request reaches the app, and what is sent back."""
    sent: list[Any] = []
    reached: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope)
        if kind == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    given = {"host": "localhost:8501"} | headers
    raw = [(name.encode(), value.encode("latin-1")) for name, value in given.items()]
    asyncio.run(Door(app, rules)({"type": kind, "method": method, "path": path, "headers": raw}, receive, send))
    return bool(reached), sent


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8501", "LOCALHOST:1", "127.0.0.1:8501", "[::1]:8501", "192.168.1.5", "a.localhost"]
)
def test_this_machine_s_own_names_are_always_answered(host: str) -> None:
    assert all(rules.answers(host) for rules in (LOCAL, OPEN, NAMED))


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost"])
def test_a_stranger_s_name_is_answered_only_by_a_server_that_is_open(host: str) -> None:
    assert (LOCAL.answers(host), OPEN.answers(host), NAMED.answers(host)) == (False, True, False)
    reached, (start, body) = passed(LOCAL, host=host)
    assert not reached and start["status"] == 421 and b"UNROLLED_HOSTS" in body["body"]
    reached, (closed,) = passed(LOCAL, "/_stcore/stream", "websocket", host=host)
    assert not reached and closed["type"] == "websocket.close"


@pytest.mark.parametrize(
    "host, answered",
    [("rnn.example.org", True), ("RNN.example.org.:443", True), ("x.rnn.example.org", False), ("example.org", False),
     ("a.lab.example.org", True), ("b.a.lab.example.org", True), ("lab.example.org", False)],
)  # fmt: skip
def test_names_that_the_host_has_set(host: str, answered: bool) -> None:
    assert NAMED.answers(host) == answered


@pytest.mark.parametrize("host", ["", "a b", "[", "[::1", "a:99999999", "a:b", "\xff", "a/b", "a@b", "é.org"])
def test_what_is_no_name_is_answered_by_none(host: str) -> None:
    assert not any(rules.answers(host) for rules in (LOCAL, OPEN, NAMED))
    assert not passed(OPEN, host=host)[0]


def test_an_origin_that_is_no_address_is_refused() -> None:
    assert not passed(LOCAL, origin="http://[bad")[0] and passed(LOCAL, origin="http://localhost:8501")[0]


def test_a_session_uploads_only_so_much() -> None:
    """Each has a share of its own, wherever the app is served, and what has no length is refused."""
    uploads, size = Uploads(), str(MOST_UPLOADED // 2)

    def put(session: str, prefix: str = "", method: str = "PUT", **headers: str) -> int:
        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        path = f"{prefix}/_stcore/upload_file/{session}/x"
        return uploads.refusal({"type": "http", "method": method, "path": path, "headers": raw})[0]

    assert [put("a", content_length=size) for _ in range(3)] == [0, 0, 429]
    assert put("b", "/teach/unrolled", content_length=size) == 0 and put("b", content_length=size + "0") == 429
    assert put("c") == put("c", content_length="-1") == 411
    assert put("a", method="DELETE") == put("a", method="OPTIONS") == 0


def test_what_is_too_much_is_refused_at_the_door() -> None:
    headers = {"content-length": str(MOST_UPLOADED + 1)}
    reached, (start, body) = passed(LOCAL, "/_stcore/upload_file/a/b", method="PUT", **headers)
    assert not reached and start["status"] == 429 and b"Load the page again" in body["body"]


@pytest.mark.parametrize("path", ["/", "/_stcore/upload_file/a/b"])
def test_every_answer_has_the_headers(path: str) -> None:
    start = passed(LOCAL, path)[1][0]
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'" and policy["object-src"] == "'none'"
    assert policy["frame-ancestors"] == "'self'" and "'unsafe-inline'" not in policy["script-src"]
    assert "sha256-" in policy["script-src"] and not any("//" in sources for sources in policy.values())


def test_who_may_frame_it_is_the_host_s_to_say() -> None:
    rules = Rules.of_host({"UNROLLED_FRAME_ANCESTORS": "'self'  https://course.example.org:8443"}, local=True)
    assert rules.policy.endswith("frame-ancestors 'self' https://course.example.org:8443")


@pytest.mark.parametrize(
    "name, value",
    [("UNROLLED_HOSTS", "http://a.org"), ("UNROLLED_HOSTS", "a.org:80"), ("UNROLLED_FRAME_ANCESTORS", "a.org; x"),
     ("UNROLLED_FRAME_ANCESTORS", "'unsafe-inline'")],
)  # fmt: skip
def test_what_cannot_be_set_is_a_sentence(name: str, value: str) -> None:
    with pytest.raises(UnrolledError, match=f"`{name}` .*Correct it"):
        Rules.of_host({name: value}, local=True)


def test_a_star_answers_to_any_name() -> None:
    assert Rules.of_host({"UNROLLED_HOSTS": "*"}, local=True).answers("any.example")


def test_a_page_is_told_where_its_server_is_before_it_looks() -> None:
    """By a script that the policy lets run, ahead of Streamlit's own."""
    text, (first, *_) = page(), inline_scripts()
    assert "BACKEND_BASE_URL" in first and text.index(first) < text.index('<script type="module"')
    digest = base64.b64encode(hashlib.sha256(first.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in Rules().policy
    assert [route.path for route in page_routes(["memory"], "/teach/unrolled")] == ["/teach/unrolled/memory"]
