"""Who steers a run: a random token that the browser keeps in a cookie, out of reach of scripts."""

from __future__ import annotations

import secrets

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "unrolled_visitor"
TEN_YEARS = 10 * 365 * 24 * 3600


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
                    value = f"{COOKIE}={secrets.token_urlsafe(24)}"
                    headers.append("set-cookie", f"{value}; Path=/; Max-Age={TEN_YEARS}; HttpOnly; SameSite=Lax")
            await send(message)

        await self.app(scope, receive, with_cookie)


def _has_token(scope: Scope) -> bool:
    cookies = next((value for name, value in scope["headers"] if name == b"cookie"), b"")
    return COOKIE in cookie_parser(cookies.decode("latin-1"))


def token() -> str:
    """This visitor's token; one for the session alone where cookies are off."""
    kept = st.context.cookies.get(COOKIE)
    if isinstance(kept, str):  # Streamlit's test harness has no request, and no text either
        return kept
    return st.session_state.setdefault("_visitor", secrets.token_urlsafe(24))
