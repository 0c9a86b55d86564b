"""The visitor's token: set once with the page, out of reach of scripts, never with an asset."""

import asyncio
from typing import Any

import pytest

from app.visit import visitor
from app.visit.visitor import COOKIE, VisitorCookie


def answer(kind: str, cookie: str | None = None, scheme: str = "http", **headers: str) -> dict[str, str]:
    """The headers that a browser sees for a response of type ``kind``, after a request with these ``headers``."""
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind.encode())]})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nobody asks for a body")

    asked = headers | ({"cookie": cookie} if cookie else {})
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in asked.items()]
    asyncio.run(VisitorCookie(app)({"type": "http", "scheme": scheme, "headers": raw}, receive, send))
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def test_a_page_brings_a_token_that_scripts_cannot_read() -> None:
    first, second = answer("text/html; charset=utf-8")["set-cookie"], answer("text/html")["set-cookie"]
    assert first.startswith(f"{COOKIE}=") and "HttpOnly" in first and "SameSite=Lax" in first
    assert first.split(";")[0] != second.split(";")[0]


@pytest.mark.parametrize(
    "asked", [{"scheme": "https"}, {"x_forwarded_proto": "https"}, {"x_forwarded_proto": "HTTPS, http"}]
)
def test_over_https_a_frame_on_another_page_keeps_one_too(asked: dict[str, str]) -> None:
    """One for each page that frames us, so that no other page can make use of it."""
    cookie = answer("text/html", **asked)["set-cookie"]
    assert {"SameSite=None", "Secure", "Partitioned", "HttpOnly"} <= set(cookie.split("; "))


def test_the_token_goes_to_nobody_else_on_the_host() -> None:
    """Without a path it is the page's own folder that a cookie is for."""
    assert "path" not in answer("text/html", x_forwarded_proto="http")["set-cookie"].lower()


def test_only_a_token_is_adopted(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, str] = {}
    monkeypatch.setattr(visitor.st, "session_state", state)
    own = visitor.token()
    for text in ("", "live", own + "x", "a" * 31 + "\n", "ü" * 32):
        visitor.adopt(text)
        assert visitor.token() == visitor.to_keep() == own
    visitor.adopt("a" * 32)
    assert visitor.token() == "a" * 32


@pytest.mark.parametrize("kind", ["text/javascript", "application/json", "image/png"])
def test_assets_bring_none(kind: str) -> None:
    assert "set-cookie" not in answer(kind)


def test_a_browser_that_has_one_keeps_it() -> None:
    assert "set-cookie" not in answer("text/html", f"other=1; {COOKIE}=mine")
