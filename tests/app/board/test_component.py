"""The mount: what it hands to the browser, and that the page's script can use it."""

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.board import component, query, wire
from app.board.views import PAGES

BOARD = Path(query.__file__).parent


def page(name: str) -> None:
    import streamlit as st

    from app.board import board

    heard: list[object] = []
    board(
        "preview-f00",
        page=name,
        cursor=7,
        pins=["run-one@3"],
        knobs=[("probe", "2")],
        beside=["run-two"],
        on_cursor=heard.append,
        on_pins=heard.append,
        on_knobs=heard.append,
        on_moving=lambda: heard.append("moving"),
        on_visitor=heard.append,
    )
    st.text(f"{heard}")


@pytest.mark.parametrize("name", PAGES)
def test_mounting_is_no_news(name: str) -> None:
    ran = AppTest.from_function(page, args=(name,), default_timeout=30).run()
    assert not ran.exception
    assert ran.text[0].value == "[]"


def test_the_script_gets_the_pictures_of_a_page_in_their_order() -> None:
    handed = component._page("gradient_flow")
    assert [view["name"] for view in handed["views"]] == list(PAGES["gradient_flow"].views)
    title = "How much of the gradient arrives at each time step"
    assert handed["views"][0] == {"name": "strip", "title": title, "wide": True, "height": 90, "sometimes": False}
    assert [view["name"] for view in handed["views"] if view["sometimes"]] == ["layers"]


def test_every_part_of_the_script_is_joined_once_and_the_last_one_exports() -> None:
    assert sorted(component.SCRIPTS) == sorted(path.stem for path in (BOARD / "script").glob("*.js"))
    exporting = [
        name for name in component.SCRIPTS if "export default" in (BOARD / "script" / f"{name}.js").read_text()
    ]
    assert exporting == [component.SCRIPTS[-1]]


def test_importing_the_board_s_routes_brings_neither_torch_nor_streamlit() -> None:
    code = "import sys, app.board.routes; assert not {'torch', 'streamlit'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_script_and_wire_count_the_same_levels() -> None:
    text = (BOARD / "script" / "pictures.js").read_text()
    assert f"FIRST = {ord(wire.FIRST)}, LEVELS = {wire.LEVELS}, BACKSLASH = {ord(chr(92))}" in text
