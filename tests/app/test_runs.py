"""The page of a visitor's runs: what it lists, finds, keeps and removes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import services
from app.figures.thumbnail import thumbnail
from app.frame import runs as page
from core.config import RunConfig
from core.lab.client import Lab
from core.store import RunWriter, run_path
from core.store.notes import Note

ROUTER = Path(__file__).parents[2] / "app" / "router.py"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    services.lab.cache_clear()
    monkeypatch.setattr(page, "token", lambda: "me")
    yield services.lab()
    services.lab().catalog.close()
    services.lab.cache_clear()


def opened() -> AppTest:
    at = AppTest.from_file(str(ROUTER), default_timeout=30)
    at.switch_page("../pages/runs.py")
    at.run()
    assert not at.exception
    return at


def recorded(lab: Lab, make_frame: Any, owner: str = "me", **settings: Any) -> str:
    config = RunConfig.from_flat({"task.length": 12, "steps": 3, "cell.hidden_size": 2} | settings)
    run = lab.submit(config, owner).id
    with RunWriter(run_path(lab.folder, run), run, config, 1) as writer:
        writer.append(replace(make_frame(config, 0), param_norms={"weight_hh": 1.0}))
    return run


def test_it_lists_own_runs_alone_and_finds_by_settings_and_notes(lab: Lab, make_frame: Any) -> None:
    one = recorded(lab, make_frame, **{"cell.name": "gru"})
    two = recorded(lab, make_frame, seed=3)
    recorded(lab, make_frame, owner="you", seed=4)
    lab.write_note(two, "me", Note("the good one", True, "for the talk"))
    at = opened()
    assert at.dataframe[0].value.index.tolist() == [two, one]  # the starred one first
    assert at.dataframe[0].value.loc[one, "gradient"].startswith("data:image/svg")
    for words, found in (("gru", [one]), ("seed=3", [two]), ("talk temporal", [two]), ("gru talk", [])):
        at.text_input(key="runs.find").set_value(words).run()
        assert (at.dataframe[0].value.index.tolist() if found else []) == found
    assert not at.exception


def test_who_has_none_is_told_how_to_get_one(lab: Lab) -> None:
    assert any("Press **Train**" in text.value for text in opened().markdown)


def test_a_thumbnail_has_the_strips_colours(make_frame: Any) -> None:
    from urllib.parse import unquote

    config = RunConfig.from_flat({"task.length": 12})
    kept, faded = (unquote(thumbnail(make_frame(config, 0, beta=beta), config)) for beta in (1.0, 0.01))
    assert kept.count("<rect") == 12 and kept.count("#f3f1ed") == 12
    assert faded.count("#f3f1ed") == 1 and faded.count("#061a3a") >= 8
