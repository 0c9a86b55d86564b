"""Entry point: ``streamlit run app/main.py``. One process serves pages and board; it starts and minds the worker."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from app.board.routes import routes
from app.classroom.routes import class_routes
from app.connections import bound_waiting_sessions, leave_when_the_terminal_closes, watch_connections
from app.documentation import documentation_routes
from app.entry import ADMIN, page_names, page_routes
from app.headers import Door, Rules
from app.host.access import Access, code_of_host
from app.host.metrics import Metrics, Timed
from app.host.routes import host_routes
from app.services import hub, lab, supervisor, sweeps
from app.visit.visitor import VisitorCookie
from core.errors import UnrolledError
from core.lab import logs
from core.lab.descriptors import raise_descriptor_limit
from core.store.temporary import sweep

HERE = ("localhost", "127.0.0.1", "::1")
"""Addresses on which nobody but this machine is heard."""
PLAIN = ("runs",)
"""Pages without a board."""


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Keep a worker alive while the server is; leave what is loaded now out of every later garbage collection."""
    leave_when_the_terminal_closes()
    bound_waiting_sessions(app, raise_descriptor_limit())
    sweep(lab().folder)
    async with supervisor().watching():
        gc.collect()
        gc.freeze()
        with suppress(
            asyncio.CancelledError
        ):  # a second Ctrl-C: the worker is ended all the same, and nothing to trace
            yield {}


try:
    BASE = st.get_option("server.baseUrlPath")
    METRICS = Metrics(lab())
    ROUTES = [
        *routes(lab(), BASE, lambda: supervisor().trouble, lambda digest: sweeps().look_at(digest)),
        *host_routes(lab(), METRICS, BASE, lambda: supervisor().trouble),
        *class_routes(hub(), BASE),
        *page_routes([*page_names(), ADMIN], BASE),
        *documentation_routes(BASE),
    ]
    ACCESS_CODE = code_of_host()
    RULES = Rules.of_host(local=st.get_option("server.address") in HERE)
except UnrolledError as problem:  # a folder that cannot be used, a name that is none
    sys.exit(f"error: {problem}")
logs.configure()
watch_connections()
middleware = [
    Middleware(Timed, metrics=METRICS),
    Middleware(Door, rules=RULES),
    Middleware(Access, code=ACCESS_CODE),
    Middleware(VisitorCookie),
]
app = st.App("router.py", routes=ROUTES, lifespan=lifespan, middleware=middleware)
