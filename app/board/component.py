"""The live board as a Streamlit component: one mount, which then talks to the board's route by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from app.board.routes import PLOTLY_PATH

_HERE = Path(__file__).parent

_MOUNT = component(
    "unrolled_board",
    html=(_HERE / "board.html").read_text("utf-8"),
    css=(_HERE / "board.css").read_text("utf-8"),
    js=(_HERE / "board.js").read_text("utf-8"),
    isolate_styles=False,
)


def board(
    source_id: str,
    *,
    cursor: int | None = None,
    pins: Sequence[str] = (),
    moving: bool = False,
    replays: int = 0,
    on_cursor: Callable[[int | None], None],
    on_pins: Callable[[tuple[str, ...]], None],
    key: str = "board",
) -> None:
    """Show the run or preview ``source_id`` at training step ``cursor``, live where that is None.

    ``pins`` are drawn as faint curves beside it; a pin is ``<run or preview id>@<training step>``. When ``replays``
    changes, the run is played from its start. What the visitor makes of the board comes back through ``on_cursor``
    and ``on_pins``. ``moving`` is what the page knows of the run: when that changes, the page is run again to draw
    its buttons anew.
    Mount it before any run exists, so that Plotly is loaded when one starts.
    """

    def emitted(name: str) -> Any:
        return st.session_state[key][name]

    _MOUNT(
        key=key,
        data={
            "source": source_id, "cursor": cursor, "pins": list(pins), "moving": moving, "replays": replays,
            "script": PLOTLY_PATH,
        },
        on_cursor_change=lambda: on_cursor(None if emitted("cursor") == "live" else emitted("cursor")),
        on_pins_change=lambda: on_pins(tuple(emitted("pins"))),
        on_moving_change=lambda: None,
    )  # fmt: skip
