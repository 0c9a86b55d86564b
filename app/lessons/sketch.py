"""A curve sketched onto an empty chart, by mouse, finger or keys, as a Streamlit component."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from core.frames import Floats
from core.lessons.grading import HANDLES

_HERE = Path(__file__).parent


def _read(name: str) -> str:
    return (_HERE / name).read_text("utf-8")


_MOUNT = component(
    "unrolled_sketch", html='<div class="us-sketch"></div>', css=_read("sketch.css"), js=_read("sketch.js"),
    isolate_styles=False,
)  # fmt: skip


def sketch(
    key: str,
    *,
    lags: int,
    decades: int,
    sketched: Sequence[float] | None,
    true: Floats | None,
    on_commit: Callable[[tuple[float, ...]], None],
) -> None:
    """A chart of ``lags`` time steps, the answer's on the right, and ``decades`` powers of ten below 1.

    ``on_commit`` is called with the HANDLES powers of ten that were drawn, from lag 0 on. ``sketched`` is what was
    given before; ``true`` (lags,) is drawn beside it.
    """

    def heard() -> None:
        values: Any = getattr(st.session_state[key], "sketch", None)
        if isinstance(values, (list, tuple)) and all(isinstance(each, (int, float)) for each in values):
            drawn = tuple(float(each) for each in values)
            if all(map(math.isfinite, drawn)):
                on_commit(drawn)

    shown = None if true is None else [round(float(each), 3) for each in true]
    data = {"lags": lags, "decades": decades, "handles": HANDLES, "sketched": sketched, "true": shown}
    _MOUNT(key=key, data=data, on_sketch_change=heard)
