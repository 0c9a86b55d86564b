"""Bringing a CSV: what is pasted is what is trained, what is no series is a sentence, and it is seen before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import services
from app.figures.own_data import preview
from app.visit import link
from core import own_data
from core.own_data import Text, shelf
from core.own_data.reading import read_file
from core.tasks import OwnSeries, OwnText

ROOT = Path(__file__).parents[3]
FILE = ROOT / "tests" / "data" / "quarters_newest_first.csv"


@pytest.fixture(autouse=True)
def own_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("UNROLLED_DATA", str(tmp_path))
    monkeypatch.setattr(shelf, "_places", {})  # folders of other tests
    services.lab.cache_clear()
    yield
    services.lab.cache_clear()


def opened(**query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app" / "router.py"), default_timeout=30)
    for key, value in query.items():
        at.query_params[key.replace("__", ".")] = value
    at.run()
    assert not at.exception
    return at


def pasted(at: AppTest, text: str) -> AppTest:
    (area,) = [area for area in at.text_area if area.key.startswith("bring.")]
    area.set_value(text)
    (use,) = [button for button in at.button if button.label == "Use what is pasted"]
    use.click().run()
    assert not at.exception
    return at


def test_what_is_pasted_is_in_the_config_and_its_columns_can_be_chosen() -> None:
    at = pasted(opened(task__name="own-series"), FILE.read_text())
    task = at.session_state["_view"].config.task
    assert task.data == read_file(FILE, "table").data.digest and at.query_params["task.data"] == task.data
    column = at.selectbox(key="set.task.column")
    assert column.options == ["unemployed (thousand)", "rate"]
    column.select(2).run()
    assert at.session_state["_view"].config.task.column == 2 and not at.error
    assert any("Rows are put in the order of their dates." in caption.value for caption in at.caption)
    assert at.text_area[0].value == ""  # what was brought is let go of


def test_what_is_no_series_is_a_sentence_and_leaves_nothing_behind(tmp_path: Path) -> None:
    at = opened(task__name="own-series")
    before = at.session_state["_view"].config
    pasted(at, "x\n" + "1\n2\n" * 60 + "[click](http://a.example)\n")
    assert at.session_state["_view"].config == before
    assert r"Line 122, column “x” (=\[click\](http\://a.example)) is no number" in at.error[0].value
    assert not any(b"a.example" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    pasted(at, FILE.read_text())
    assert not at.error


def test_a_window_that_does_not_fit_is_refused_beside_its_setting() -> None:
    at = pasted(opened(task__name="own-series"), FILE.read_text())
    at.number_input(key="set.task.length").set_value(100).run()
    assert "Lower `task.length`" in at.error[0].value and at.session_state["_view"].config.task.length < 100


def test_a_link_to_data_that_is_not_here_is_a_sentence_beside_the_example() -> None:
    at = opened(task__name="own-series", task__data="0" * 32, task__length="12")
    assert at.session_state["_view"].config.task == OwnSeries(length=12)
    assert "is not on this server" in at.error[0].value and "Upload the file again" in at.error[0].value


def test_data_that_goes_while_it_is_shown_is_a_sentence_too() -> None:
    at = pasted(opened(task__name="own-series"), FILE.read_text())
    services.lab().own_data.sweep(-1)
    at.run()
    assert (
        at.session_state["_view"].config.task.data == OwnSeries().data and "is not on this server" in at.error[0].value
    )


def test_other_tasks_ask_for_nothing() -> None:
    assert not opened().text_area and link.START


def test_a_preview_shows_names_and_letters_as_such() -> None:
    table = own_data.Table(("<script>alert(1)</script>",), OwnSeries().raw())
    own_data.put(table)
    shown = preview(OwnSeries(data=table.digest))
    assert "<script" not in shown and "288 steps" in shown and "learnt from the first 201" in shown
    text = Text("<b>& b" * 50)
    own_data.put(text)
    shown = preview(OwnText(data=text.digest))
    assert (
        "<code>&lt;</code></td><td>50</td>" in shown and "<code>space</code>" in shown and "300 characters, 5" in shown
    )
    shown = preview(OwnText(data=text.digest, tokens="words"))
    assert "250 words and marks, 4 of them" in shown and "<code>&amp;</code></td><td>50</td>" in shown
