"""Whether the server lives and is ready, and its figures, against what is really so."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from streamlit.testing.v1 import AppTest

from app import services
from app.host import admin
from app.host.metrics import Metrics, Timed, memory
from app.host.routes import host_routes
from core.config import RunConfig
from core.errors import UnrolledError
from core.lab.client import Lab
from core.lab.heartbeat import Heartbeat
from core.store import RunWriter, run_path
from core.store.lock import WORKER_LOCK, FileLock


class Hosted:
    """The routes on a lab without a worker, under a base path."""

    def __init__(self, ask: Any) -> None:
        self.lab, self.trouble = Lab(), ""
        self.metrics = Metrics(self.lab)

        async def board(request: Any) -> PlainTextResponse:
            return PlainTextResponse("a board", 404)

        routes = host_routes(self.lab, self.metrics, "teach", lambda: self.trouble)
        self._routes = [*routes, Route("/teach/runs/{id}/board", board)]
        self._ask = ask

    def ask(self, path: str, **headers: str) -> Any:
        timed = Middleware(Timed, metrics=self.metrics)
        (answer,) = self._ask(self._routes, f"/teach/{path}", middleware=[timed], **headers)
        return answer

    def figures(self) -> dict[tuple[str, ...], float]:
        text = self.ask("metrics").body.decode()
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


@pytest.fixture
def hosted(ask) -> Hosted:
    return Hosted(ask)


def test_it_lives_whatever_is_wrong_and_is_ready_only_with_a_worker_that_works(hosted, monkeypatch) -> None:
    monkeypatch.setattr("app.host.routes.READY_SECONDS", 0.0)
    lab = hosted.lab

    def problems() -> list[str]:
        answer = hosted.ask("readyz")
        said = answer.json["problems"]
        assert answer.status == (503 if said else 200)
        return said

    assert problems() == ["No worker serves the folder of runs."]
    lock = FileLock(lab.folder / WORKER_LOCK)
    assert lock.acquire()
    assert problems() == [f"The worker (process {os.getpid()}) has given no sign of life yet."]
    Heartbeat(lab.folder).beat()
    assert problems() == []
    (lab.folder / "worker.heartbeat").write_text(f"{os.getpid()} {time.monotonic() - 40}")
    assert "no sign of life for 40 s" in problems()[0]
    Heartbeat(lab.folder).beat()
    hosted.trouble = "The worker cannot be started."
    assert problems() == ["The worker cannot be started."]
    hosted.trouble = ""
    lab.catalog.path.write_bytes(b"not a database")
    lab.catalog.close()
    assert "is damaged" in problems()[0]
    assert hosted.ask("healthz").json == {"status": "alive"}
    assert [path.name for path in lab.folder.glob("*.probe")] == []
    lock.release()


def test_the_figures_count_what_there_is(hosted, make_frame) -> None:
    lab = hosted.lab
    config = RunConfig.preset("temporal-order-lstm", steps=2)
    ids = [lab.submit(config.replace(seed=seed), "me").id for seed in range(3)]
    claimed = lab.catalog.claim()
    assert claimed is not None
    writer = RunWriter(run_path(lab.folder, claimed.id), claimed.id, claimed.config, claimed.attempt)
    writer.append(make_frame(claimed.config))
    writer.close()
    lab.pause(next(run for run in ids if run != claimed.id), "me")
    for visitor in ("a", "b", "a"):
        assert hosted.ask("runs/x/board", cookie=f"unrolled_visitor={visitor}").body == b"a board"
    figures = hosted.figures()
    states = {key[1]: value for key, value in figures.items() if key[0] == "unrolled_runs"}
    assert states == {"running": 1, "queued": 1, "paused": 1, "finished": 0, "stopped": 0, "failed": 0}
    assert figures["unrolled_viewers",] == 2
    assert figures["unrolled_request_seconds_count", "board", "404"] == 3
    assert 0 < figures["unrolled_queue_wait_seconds",] < 600
    assert 0 <= figures["unrolled_frame_age_seconds",] < 600
    assert figures["process_resident_memory_bytes",] > 1e7


def test_memory_is_that_of_a_process_and_of_all_it_started() -> None:
    assert memory(None) == 0.0 and memory(2**22 + 1) == 0.0
    assert memory(os.getpid()) > 1e7


def test_the_hosts_page_opens_to_the_token_alone_and_stops_deletes_and_empties(monkeypatch) -> None:
    monkeypatch.setenv(admin.TOKEN, "long enough to be one")
    services.lab.cache_clear()
    services.hub.cache_clear()
    lab = services.lab()
    kept, gone = (lab.submit(RunConfig.preset("copy-rnn", seed=seed), "me").id for seed in (1, 2))
    at = AppTest.from_function(_page, default_timeout=60).run()
    assert not at.dataframe and not at.table
    at.text_input[0].set_value("a guess")
    at.button[0].click().run()
    assert at.error[0].value == "That is not the token." and not at.table
    at.text_input[0].set_value("long enough to be one")
    at.button[0].click().run()
    assert not at.exception
    assert at.table and {kept, gone} == set(at.dataframe[0].value["run"])
    rows = {row.id: row for row in lab.catalog.list("queued")}
    admin._stop([rows[kept]])
    admin._delete([rows[gone]])
    assert lab.info(kept).status == "stopped" and lab.info(gone) is None
    at.button(key="admin-drain").click().run()
    with pytest.raises(UnrolledError, match="being emptied"):
        lab.submit(RunConfig.preset("copy-rnn", seed=3), "me")
    at.button(key="admin-fill").click().run()
    assert lab.submit(RunConfig.preset("copy-rnn", seed=3), "me").status == "queued"
    services.lab.cache_clear()
    services.hub.cache_clear()


def _page() -> None:
    from app.host.admin import admin_page

    admin_page()


def test_without_a_token_there_is_no_such_page(monkeypatch) -> None:
    for token in ("", "short"):
        monkeypatch.setenv(admin.TOKEN, token)
        assert not admin.offered()
        at = AppTest.from_function(_page, default_timeout=60).run()
        assert at.error and not at.text_input
