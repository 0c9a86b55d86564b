"""The mount: what it hands to the browser, and that the page's script can use it."""

import subprocess
import sys
from pathlib import Path

from streamlit.testing.v1 import AppTest

from app.board import query, wire

BOARD = Path(query.__file__).parent


def page() -> None:
    import streamlit as st

    from app.board import board

    heard: list[object] = []
    board("preview-f00", cursor=7, pins=["run-one@3"], on_cursor=heard.append, on_pins=heard.append)
    st.text(f"{heard}")


def test_mounting_is_no_news() -> None:
    ran = AppTest.from_function(page).run()
    assert not ran.exception
    assert ran.text[0].value == "[]"


def test_script_and_route_name_the_same_views() -> None:
    line = next(line for line in (BOARD / "board.js").read_text().splitlines() if line.startswith("const VIEWS"))
    names = [part.split(":")[0].strip() for part in line[line.index("{") + 1 : line.index("}")].split(",")]
    assert tuple(names) == query.VIEWS


def test_importing_the_board_s_routes_brings_neither_torch_nor_streamlit() -> None:
    code = "import sys, app.board.routes; assert not {'torch', 'streamlit'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_script_and_wire_count_the_same_levels() -> None:
    text = (BOARD / "board.js").read_text()
    assert f"FIRST = {ord(wire.FIRST)}, LEVELS = {wire.LEVELS}, BACKSLASH = {ord(chr(92))}" in text
