"""An access code that the host may ask of every visitor: one word for a whole class, kept in the browser's cookie."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.visit.visitor import cookie
from core.errors import UnrolledError

CODE, COOKIE = "UNROLLED_ACCESS_CODE", "unrolled_access"
SHORTEST, LONGEST = 6, 200
OPEN = ("healthz", "readyz", "metrics", "health")
"""Last parts of addresses that need no code: a probe has none."""
DAYS = 180
MOST_WRONG, WITHIN_SECONDS, SLOW_SECONDS = 60, 60.0, 0.5
"""Wrong codes that all visitors together may try within that time, and how long each takes."""
_MOST_BYTES = 4096
_SENTENCE = "This server asks for an access code. Enter it on any of its pages."
_FORM = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Unrolled</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
form {{ max-width: 22rem; margin: 18vh auto; padding: 0 1.5rem; display: grid; gap: .75rem; }}
h1 {{ font-size: 1.4rem; margin: 0; }} p {{ margin: 0; }}
input, button {{ font: inherit; padding: .5rem .75rem; border-radius: .5rem; border: 1px solid GrayText; }}
</style></head><body><form method="post" action=""><h1>Unrolled</h1>
<label for="code">Access code</label><input id="code" name="code" type="password" autocomplete="current-password"
required autofocus maxlength="{longest}"><button>Enter</button><p role="alert">{said}</p></form></body></html>"""


def code_of_host(environment: Mapping[str, str] = os.environ) -> str:
    """The code that UNROLLED_ACCESS_CODE sets, empty where none is asked. Raises UnrolledError for one that would be
    guessed or cannot be typed."""
    code = environment.get(CODE, "").strip()
    if code and not SHORTEST <= len(code) <= LONGEST:
        raise UnrolledError(
            f"`{CODE}` (of {len(code)} characters) must have {SHORTEST} to {LONGEST}. Choose another one, or leave it "
            "out to let everybody in."
        )
    return code


@dataclass(frozen=True)
class Access:
    """ASGI middleware: without the code's cookie a page is a form that asks for it, and all else is refused.

    The cookie is a keyed hash of a fixed word, so it needs no list of who is in, survives restarts, holds on every
    process, and ends when the host changes the code.
    """

    app: ASGIApp
    code: str
    wrong: deque[float] = field(default_factory=deque)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, ask, or refuse."""
        if not self.code or scope["type"] not in ("http", "websocket") or self._may(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()  # the handshake
            await send({"type": "websocket.close", "code": 1008, "reason": _SENTENCE})
        else:
            answer = await self._asked(Request(scope, receive))
            await answer(scope, receive, send)

    @cached_property
    def _key(self) -> str:
        return hmac.new(self.code.encode(), b"unrolled access", hashlib.sha256).hexdigest()

    def _may(self, scope: Scope) -> bool:
        if scope["type"] == "http" and scope["path"].rsplit("/", 1)[-1] in OPEN:
            return True
        brought = cookie_parser(Headers(scope=scope).get("cookie", "")).get(COOKIE, "")
        return hmac.compare_digest(brought.encode(), self._key.encode())

    async def _asked(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._tried(request)
        if "text/html" in request.headers.get("accept", ""):
            return _form("", 401)
        return JSONResponse({"error": _SENTENCE}, 401, {"cache-control": "no-store"})

    async def _tried(self, request: Request) -> Response:
        """Who brought the right code is sent to the address that was asked for."""
        now = time.monotonic()
        while self.wrong and self.wrong[0] < now - WITHIN_SECONDS:
            self.wrong.popleft()
        if len(self.wrong) >= MOST_WRONG:
            return _form("Too many wrong codes were tried here. Wait a minute.", 429)
        if not hmac.compare_digest((await _code(request)).encode(), self.code.encode()):
            self.wrong.append(now)
            await asyncio.sleep(SLOW_SECONDS)
            return _form("That is not the code.", 403)
        place, query = request.scope["path"].rsplit("/", 1)[-1], request.url.query
        headers = {"location": f"./{place}{query and '?'}{query}", "cache-control": "no-store"}
        headers["set-cookie"] = cookie(request.scope, COOKIE, self._key, DAYS * 24 * 3600)
        return Response(status_code=303, headers=headers)


async def _code(request: Request) -> str:
    """The code in a form's body; empty where there is none, or the body is no such form."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BYTES:
            return ""
    return parse_qs(body.decode("utf-8", "replace")).get("code", [""])[0].strip()


def _form(said: str, status: int) -> Response:
    return HTMLResponse(_FORM.format(longest=LONGEST, said=escape(said)), status, {"cache-control": "no-store"})
