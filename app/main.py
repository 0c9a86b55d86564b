"""Entry point: ``streamlit run app/main.py``. One process serves pages and board; it starts and minds the worker."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from app.board.routes import routes
from app.services import lab
from app.visit.visitor import VisitorCookie
from core.lab.supervisor import supervised_worker


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Keep a worker alive while the server is; leave what is loaded now out of every later garbage collection."""
    async with supervised_worker(lab().folder):
        gc.collect()
        gc.freeze()
        yield {}


app = st.App(
    "router.py",
    routes=routes(lab(), st.get_option("server.baseUrlPath")),
    lifespan=lifespan,
    middleware=[Middleware(VisitorCookie)],
)
