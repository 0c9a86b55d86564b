"""A setting is added: what older versions trained, paused and asked is found again and goes on."""

from __future__ import annotations

import pytest

from core.config import RunConfig
from core.lab.client import Lab
from core.lab.request import Request
from core.lab.trainer import run_stint
from core.questions import Contributions
from core.store import load_run, run_path

CONFIG = RunConfig.preset("temporal-order-lstm", steps=6, **{"task.length": 12})
READERS = ("core.store.catalog", "core.store.run", "core.lab.client", "core.lab.request")


@pytest.fixture
def updated(later: type[RunConfig], monkeypatch: pytest.MonkeyPatch):
    """Call it, and everything that reads a stored config is of the later version."""

    def update() -> type[RunConfig]:
        for reader in READERS:
            monkeypatch.setattr(f"{reader}.RunConfig", later)
        return later

    return update


def turn(lab: Lab) -> str:
    row = lab.catalog.claim()
    assert row is not None
    ended = run_stint(str(lab.folder), row.id, row.attempt)
    lab.catalog.settle(row.id, row.attempt, ended)
    return ended.status


def test_an_older_paused_run_resumes_and_is_found_when_finished(lab, whole, same_bits, updated) -> None:
    run = lab.submit(CONFIG, "me", until=3).id
    assert turn(lab) == "paused"
    later = updated()
    config = later.stored(CONFIG.model_dump_json())
    assert lab.info(run).config == config != later.stored(later(**dict(CONFIG)).model_dump_json())
    lab.resume(run, "me")
    assert turn(lab) == "finished"
    again = lab.submit(config, "you")
    assert (again.id, again.reused, again.config) == (run, True, config)
    assert lab.submit(config.replace(rounds=2), "you").id != run
    path = run_path(lab.folder, run)
    assert load_run(path).config == config
    same_bits(whole(CONFIG), path)


def test_an_older_preview_is_of_the_same_config(lab, updated) -> None:
    key = lab.request_preview(CONFIG)
    asked = Request(Contributions(), "preview-x", 0, CONFIG)
    later = updated()
    config = later.stored(CONFIG.model_dump())
    assert lab.request_preview(config) == key and lab.questions.body(key)[1] == CONFIG.model_dump_json()
    assert Request.of(asked.body).config == config
