"""Who steers a run: a random token that the browser keeps in a cookie, out of reach of scripts.

In a frame on somebody else's page a browser keeps a cookie only over HTTPS, apart for each page that frames us. Over
plain HTTP the board's script keeps the session's token in the frame's own storage, and brings it back.
"""

from __future__ import annotations

import secrets

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.board.emitted import TOKEN

COOKIE = "unrolled_visitor"
TEN_YEARS = 10 * 365 * 24 * 3600
_SESSION = "_visitor"


class VisitorCookie:
    """ASGI middleware: gives a browser that has no token one, with the page it loads (not with its assets)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, adding the cookie to an HTML answer."""
        if scope["type"] != "http" or _has_token(scope):
            await self.app(scope, receive, send)
            return

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("set-cookie", cookie(scope, COOKIE, _new(), TEN_YEARS))
            await send(message)

        await self.app(scope, receive, with_cookie)


def cookie(scope: Scope, name: str, value: str, seconds: int) -> str:
    """The header that has a browser keep ``value`` for so long, also within a frame where it can.

    No path: a browser then takes that of the page, which stands directly under where the app is served.
    """
    where = "SameSite=None; Secure; Partitioned" if _secure(scope) else "SameSite=Lax"
    return f"{name}={value}; Max-Age={seconds}; HttpOnly; {where}"


def _secure(scope: Scope) -> bool:
    """Whether the browser came over HTTPS, to us or to a proxy. Who lies about that has a cookie less."""
    said = Headers(scope=scope).get("x-forwarded-proto", "")
    return "https" in (scope["scheme"], said.split(",")[0].strip().lower())


def _has_token(scope: Scope) -> bool:
    cookies = Headers(scope=scope).get("cookie", "")
    return COOKIE in cookie_parser(cookies)


def _new() -> str:
    return secrets.token_urlsafe(24)


def token() -> str:
    """This visitor's token; the session's own where the browser has brought no cookie."""
    return _brought() or st.session_state.setdefault(_SESSION, _new())


def to_keep() -> str:
    """The token that the board's script is to keep for this browser; empty where a cookie does."""
    return "" if _brought() else token()


def adopt(kept: str) -> None:
    """The board's script had kept one already: the session goes on with that. Anything else is no token."""
    if TOKEN.fullmatch(kept):
        st.session_state[_SESSION] = kept


def _brought() -> str | None:
    kept = st.context.cookies.get(COOKIE)
    return kept if isinstance(kept, str) else None  # Streamlit's test harness has no request, and no text either
