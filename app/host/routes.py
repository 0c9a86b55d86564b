"""Addresses for whoever hosts the server: ``healthz`` (it lives), ``readyz`` (it can store and train), ``metrics``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import anyio.to_thread
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.entry import under
from app.host.health import problems
from app.host.metrics import Metrics
from core.lab.client import Lab

READY_SECONDS = 1.0
"""An answer of ``readyz`` serves all who ask within that time: a probe writes to the disk."""

FRESH = {"cache-control": "no-store"}


def host_routes(lab: Lab, metrics: Metrics, base: str = "", trouble: Callable[[], str] = str) -> list[Route]:
    """The three under the path ``base``. ``trouble`` is what the supervisor says of the worker, or empty."""
    host, prefix = Host(lab, metrics, trouble), under(base)
    return [
        Route(prefix + "healthz", host.alive),
        Route(prefix + "readyz", host.ready),
        Route(prefix + "metrics", host.figures),
    ]


class Host:
    """The endpoints."""

    def __init__(self, lab: Lab, metrics: Metrics, trouble: Callable[[], str]) -> None:
        self._lab, self._metrics, self._trouble = lab, metrics, trouble
        self._looking = asyncio.Lock()
        self._looked, self._problems = float("-inf"), list[str]()

    async def alive(self, request: Request) -> Response:
        """200 while the process answers at all."""
        return JSONResponse({"status": "alive"}, headers=FRESH)

    async def ready(self, request: Request) -> Response:
        """200, or 503 with the sentences that say why not."""
        async with self._looking:
            if time.monotonic() > self._looked + READY_SECONDS:
                self._problems = await anyio.to_thread.run_sync(problems, self._lab, self._trouble())
                self._looked = time.monotonic()
        body = {"status": "not ready" if self._problems else "ready", "problems": self._problems}
        return JSONResponse(body, 503 if self._problems else 200, FRESH)

    async def figures(self, request: Request) -> Response:
        """All figures, as Prometheus reads them."""
        text = await anyio.to_thread.run_sync(self._metrics.text)
        return Response(text, media_type=CONTENT_TYPE_LATEST, headers=FRESH)
