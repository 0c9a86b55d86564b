"""The figures of this server, as Prometheus reads them. No label says who somebody is, or which run it is about."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Histogram, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.visit.visitor import COOKIE
from core.errors import UnrolledError
from core.lab.client import Lab
from core.store.catalog import OVER, UNFINISHED
from core.store.census import census
from core.store.lock import WORKER_LOCK, FileLock

VIEWING_SECONDS = 15.0
"""Who has asked for a board that lately is looking at one."""

MOST_VIEWERS = 20_000
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
KINDS = {"board": "/board", "file": "/file", "class": "/class/"}
"""What the path of a kind of request ends with, or holds."""


class Metrics:
    """What is counted, and what is looked up when somebody asks."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._lock = threading.Lock()
        self._seen: dict[bytes, float] = {}
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "unrolled_request_seconds", "Seconds until an answer began.", ("kind", "status"), buckets=BUCKETS,
            registry=self.registry,
        )  # fmt: skip
        self.registry.register(self)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def text(self) -> bytes:
        """All of it in Prometheus' text form."""
        return generate_latest(self.registry)

    def seen(self, who: str) -> None:
        """Somebody has asked for a board."""
        key, now = hashlib.sha256(who.encode()).digest()[:8], time.monotonic()
        with self._lock:
            self._seen[key] = now
            if len(self._seen) > MOST_VIEWERS:
                self._forget(now)

    @property
    def viewers(self) -> int:
        """How many browsers look at a board now."""
        with self._lock:
            self._forget(time.monotonic())
            return len(self._seen)

    def _forget(self, now: float) -> None:
        self._seen = {key: when for key, when in self._seen.items() if when > now - VIEWING_SECONDS}

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: the registry would otherwise collect once to learn the names."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """What is looked up: viewers, runs, how long the queue and the frames are behind, memory."""
        yield _gauge("unrolled_viewers", "Browsers that look at a board.", self.viewers)
        with suppress(UnrolledError):
            yield from self._runs()
        yield _gauge("unrolled_worker_memory_bytes", "Resident memory of the worker and of its processes.",
                     memory(FileLock(self._lab.folder / WORKER_LOCK).holder()))  # fmt: skip

    def _runs(self) -> Iterator[Metric]:
        now, counted = time.time(), census(self._lab.catalog)
        states = GaugeMetricFamily("unrolled_runs", "Stored runs by state.", labels=("state",))
        for state in (*UNFINISHED, *OVER):
            states.add_metric((state,), counted.states.get(state, 0))
        yield states
        wait = 0.0 if counted.queued_since is None else max(0.0, now - counted.queued_since)
        yield _gauge("unrolled_queue_wait_seconds", "How long the first of the queue has waited.", wait)
        age = max((self._frame_age(run_id, now) for run_id in counted.running), default=0.0)
        yield _gauge(
            "unrolled_frame_age_seconds", "Of the runs being trained, the age of the oldest newest frame.", age
        )

    def _frame_age(self, run_id: str, now: float) -> float:
        with suppress(UnrolledError):
            run = self._lab.run(run_id)
            return max(0.0, now - run.last_recorded) if run is not None and run.last_recorded else 0.0
        return 0.0


class Timed:
    """ASGI middleware: notes how long each answer took to begin, and who looks at boards."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        kind, started = kind_of(scope["path"]), time.perf_counter()
        if kind == "board":
            self._metrics.seen(_who(scope))

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.seconds.labels(kind, message["status"]).observe(time.perf_counter() - started)
            await send(message)

        await self.app(scope, receive, noted)


def kind_of(path: str) -> str:
    """What sort of thing is asked for; few kinds, whatever strangers ask for."""
    return next((kind for kind, part in KINDS.items() if part in path), "other")


def _who(scope: Scope) -> str:
    """The visitor's cookie; where a browser brings none, its address."""
    cookies = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"), "")
    return cookie_parser(cookies).get(COOKIE) or str((scope.get("client") or ("",))[0])


def memory(pid: int | None) -> float:
    """Resident bytes of the process ``pid`` and of all that it has started; NaN where the system does not say."""
    if not pid or not Path("/proc/self/statm").exists():
        return 0.0 if Path("/proc/self/statm").exists() else float("nan")
    total, todo = 0, [pid]
    page = os.sysconf("SC_PAGE_SIZE")
    while todo:
        process = Path("/proc") / str(todo.pop())
        with suppress(OSError, ValueError, IndexError):
            total += int((process / "statm").read_text().split()[1]) * page
            for task in (process / "task").iterdir():
                todo += [int(child) for child in (task / "children").read_text().split()]
    return float(total)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
