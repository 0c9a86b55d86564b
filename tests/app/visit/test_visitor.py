"""The visitor's token: set once with the page, out of reach of scripts, never with an asset."""

import asyncio
from typing import Any

import pytest

from app.visit.visitor import COOKIE, VisitorCookie


def answer(kind: str, cookie: str | None = None) -> dict[str, str]:
    """The headers that a browser sees for a response of type ``kind``."""
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind.encode())]})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nobody asks for a body")

    headers = [(b"cookie", cookie.encode())] if cookie else []
    asyncio.run(VisitorCookie(app)({"type": "http", "headers": headers}, receive, send))
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def test_a_page_brings_a_token_that_scripts_cannot_read() -> None:
    first, second = answer("text/html; charset=utf-8")["set-cookie"], answer("text/html")["set-cookie"]
    assert first.startswith(f"{COOKIE}=") and "HttpOnly" in first and "SameSite=Lax" in first
    assert first.split(";")[0] != second.split(";")[0]


@pytest.mark.parametrize("kind", ["text/javascript", "application/json", "image/png"])
def test_assets_bring_none(kind: str) -> None:
    assert "set-cookie" not in answer(kind)


def test_a_browser_that_has_one_keeps_it() -> None:
    assert "set-cookie" not in answer("text/html", f"other=1; {COOKIE}=mine")
