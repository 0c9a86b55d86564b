"""Frames with gradients known in closed form, so that no test of the front end trains or imports torch; and a caller of
routes that needs no HTTP client."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from core.config import RunConfig
from core.data import PROBES
from core.frames import SCALARS, Frame, Planes

MakeFrame = Callable[..., Frame]


def _planes(config: RunConfig) -> Planes:
    T, H, name = config.task.length, config.cell.hidden_size, config.cell.name
    rng = np.random.default_rng(0)
    names = {"rnn": "", "gru": "rzn", "lstm": "ifgo", "peephole": "ifgo"}[name]
    states = rng.uniform(-1, 1, (2, T + 1, PROBES, H)).astype(np.float32)
    gates = {gate: rng.uniform(0, 1, (T, PROBES, H)).astype(np.float32) for gate in names}
    return Planes(gates, states[0], 4 * states[1] if name in ("lstm", "peephole") else None)


@pytest.fixture
def own_lab() -> Iterator[None]:
    """The lab and the sweeps that pages share are of this test's folder, and forgotten after it."""
    from app import services  # brings Streamlit, which most tests do without

    services.lab.cache_clear(), services.sweeps.cache_clear()
    yield
    services.lab.cache_clear(), services.sweeps.cache_clear()


@pytest.fixture
def make_frame() -> MakeFrame:
    """``make_frame(config, step=0, beta=.9, planes=False, flow=None, **scalars)``: flow .5 · β^lag, cut where cut."""

    def make(
        config: RunConfig,
        step: int = 0,
        *,
        beta: float = 0.9,
        planes: bool = False,
        flow: np.ndarray | None = None,
        **scalars: Any,
    ) -> Frame:
        if flow is None:
            flow = (0.5 * beta ** np.arange(config.task.length, -1, -1.0)).astype(np.float32)
            flow[: max(config.cuts, default=-1) + 1] = 0
        values = dict.fromkeys(SCALARS, 1.0) | {"score": 0.3, "grad_norm": 2.0, "grad_norm_clipped": 1.0} | scalars
        cell = config.cell.name in ("lstm", "peephole")
        history = {"step": np.array([step])} | {name: np.array([values[name]]) for name in SCALARS}
        return Frame(
            step=step,
            **values,
            score_step=step,
            param_norms={},
            grad_h=0.6 * flow,
            grad_c=0.8 * flow if cell else None,
            flow=flow,
            flow_last=flow,
            history=history,
            planes=_planes(config) if planes else None,
        )

    return make


@dataclass(frozen=True)
class Answer:
    """What a route said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        packed = self.headers.get("content-encoding") == "gzip"
        return json.loads(gzip.decompress(self.body) if packed else self.body)


async def _ask(app: Starlette, url: str, method: str, body: bytes, headers: dict[str, str]) -> Answer:
    path, _, query = url.partition("?")
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(),
             "headers": [(name.encode(), value.encode()) for name, value in headers.items()], "root_path": "",
             "scheme": "http", "http_version": "1.1", "server": ("test", 80), "client": ("test", 1)}  # fmt: skip
    sent: list[Any] = []
    given_once: list[bool] = []

    async def receive() -> Any:
        if given_once:  # what listens for the end of the connection waits
            await asyncio.Event().wait()
        given_once.append(True)
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    given = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], given, b"".join(message.get("body", b"") for message in sent[1:]))


Ask = Callable[..., Any]


@pytest.fixture
def ask() -> Ask:
    """``ask(routes, *urls, accept="gzip", method="GET", body=b"", middleware=(), **headers)``: the answers of all URLs,
    asked at once in one event loop."""

    def asked(
        routes: list[Route],
        *urls: str,
        accept: str = "gzip",
        method: str = "GET",
        body: bytes = b"",
        middleware: Sequence[Middleware] = (),
        **headers: str,
    ) -> list[Answer]:
        async def all_at_once() -> list[Answer]:
            app = Starlette(routes=routes, middleware=middleware)
            given = {"accept-encoding": accept} | headers
            return list(await asyncio.gather(*(_ask(app, url, method, body, given) for url in urls)))

        return asyncio.run(all_at_once())

    return asked
