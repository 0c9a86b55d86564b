"""At the door of the server: whom it answers by which name, how much it takes, and the headers of every answer."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.documentation import documentation_scripts
from app.entry import inline_scripts
from core.bounded import Bounded
from core.errors import UnrolledError, quoted

UPLOADS = "/_stcore/upload_file"
MOST_UPLOADED, MOST_SESSIONS = 50_000_000, 10_000
"""Bytes that one session may upload, and sessions that are remembered."""
_NAME = re.compile(r"(\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])", re.IGNORECASE)
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?")
_SOURCE = re.compile(
    r"'self'|'none'|\*|[a-z][a-z0-9+.-]*:|([a-z][a-z0-9+.-]*://)?(\*\.)?[a-z0-9.-]+(:(\d+|\*))?", re.IGNORECASE
)
"""What Content-Security-Policy calls a source of ``frame-ancestors``."""


@dataclass(frozen=True)
class Rules:
    """What the host of this server has set.

    hosts      names under which it answers, ``*.name`` with all below; None for any. An address in numbers and
               ``localhost`` are always answered: no stranger's name can lead there (DNS rebinding).
    ancestors  pages that may show it in a frame, as Content-Security-Policy writes them
    """

    hosts: frozenset[str] | None = None
    ancestors: str = "'self'"

    @classmethod
    def of_host(cls, environment: Mapping[str, str] = os.environ, *, local: bool) -> Rules:
        """From UNROLLED_HOSTS and UNROLLED_FRAME_ANCESTORS; ``local``: the server listens on this machine alone, and
        answers to its own names where none is set. Raises UnrolledError."""
        named = environment.get("UNROLLED_HOSTS", "").replace(",", " ").lower().split()
        for name in named:
            if not _NAME.fullmatch(name):
                raise UnrolledError(
                    f"`UNROLLED_HOSTS` (={quoted(name)}) must be names of this server without a port, as in "
                    "`rnn.example.org`, or * for any. Correct it."
                )
        ancestors = environment.get("UNROLLED_FRAME_ANCESTORS", "").split() or ["'self'"]
        for source in ancestors:
            if not _SOURCE.fullmatch(source):
                raise UnrolledError(
                    f"`UNROLLED_FRAME_ANCESTORS` (={quoted(source)}) must be addresses of pages, as in "
                    "`'self' https://course.example.org`. Correct it."
                )
        hosts = frozenset(named) if named or local else None
        return cls(None if hosts and "*" in hosts else hosts, " ".join(ancestors))

    def answers(self, host: str) -> bool:
        """Whether a request for ``host`` (a ``Host`` header) is answered."""
        match = _HOST.fullmatch(host.lower())
        name = match[1].strip("[]").rstrip(".") if match else ""
        if not name:
            return False
        if self.hosts is None or name == "localhost" or name.endswith(".localhost") or _is_number(name):
            return True
        return name in self.hosts or any(name.endswith(each[1:]) for each in self.hosts if each.startswith("*."))

    @property
    def policy(self) -> str:
        """The Content-Security-Policy: everything from this server alone. ``blob:`` is how Streamlit loads a
        component's script, 'unsafe-inline' styles are how it and Plotly style; nothing is evaluated from a text, and of
        inline scripts only the page's own may run."""
        return "; ".join((
            "default-src 'self'",
            f"script-src 'self' blob: {' '.join(_inline_scripts())}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors {self.ancestors}",
        ))  # fmt: skip


class Uploads:
    """How much each session has uploaded: Streamlit bounds a file, and holds as many as it is sent."""

    def __init__(self) -> None:
        self._sent: Bounded[str, list[int]] = Bounded(MOST_SESSIONS)

    def refusal(self, scope: Scope) -> tuple[int, str]:
        """(status, sentence) for a request to the path of uploads, or (0, "")."""
        if scope.get("method") not in ("PUT", "POST"):
            return 0, ""
        length = Headers(scope=scope).get("content-length", "")
        if not length.isdecimal():
            return 411, "An upload says how long it is (Content-Length)."
        session = scope["path"].rsplit("/", 2)[-2]
        sent = self._sent.get(session) or self._sent.keep(session, [0])
        if sent[0] + int(length) > MOST_UPLOADED:
            most = MOST_UPLOADED // 1_000_000
            return 429, f"More than {most} MB were uploaded in this session. Load the page again to go on."
        sent[0] += int(length)
        return 0, ""


@dataclass(frozen=True)
class Door:
    """ASGI middleware that holds to the ``rules``."""

    app: ASGIApp
    rules: Rules
    headers: Mapping[str, str] = field(default_factory=dict)
    uploads: Uploads = field(default_factory=Uploads)

    def __post_init__(self) -> None:
        always = {
            "content-security-policy": self.rules.policy,
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
        }
        object.__setattr__(self, "headers", always)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with a sentence, or pass it on; every answer gets the headers."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        status, sentence = self._refusal(scope)
        if not status:
            await self.app(scope, receive, with_headers)
        elif scope["type"] == "http":
            await _refuse(with_headers, status, sentence)
        else:
            await receive()  # the handshake
            await send({"type": "websocket.close", "code": 1008, "reason": sentence})

    def _refusal(self, scope: Scope) -> tuple[int, str]:
        """(status, sentence), or (0, "")."""
        given = {name: value.decode("latin-1") for name, value in scope["headers"] if name in (b"host", b"origin")}
        host = given.get(b"host", "")
        if not self.rules.answers(host):
            return 421, (
                f"This server does not answer to the name {quoted(host)!r}. Use its own address; whoever hosts it may "
                "name more in UNROLLED_HOSTS."
            )
        if not _is_address(given.get(b"origin", "null")):
            return 400, "The Origin of this request is no address."
        return self.uploads.refusal(scope) if UPLOADS in scope["path"] else (0, "")


async def _refuse(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"error": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()),
               (b"cache-control", b"no-store"), (b"connection", b"close")]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_address(origin: str) -> bool:
    try:
        urlsplit(origin)
    except ValueError:
        return False
    return True


def _inline_scripts() -> list[str]:
    """The hashes of the scripts that stand in the page itself, and in those about the library, which are the only ones
    that may."""
    texts = [*inline_scripts(), *documentation_scripts()]
    digests = (hashlib.sha256(text.encode()).digest() for text in texts)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
