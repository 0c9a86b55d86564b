"""Gradient flow: choose a task and a cell, press Train, watch the gradient of every time step."""

from __future__ import annotations

import streamlit as st

from app import problems, session
from app.board import board
from app.controls import controls
from app.transport import transport
from core.errors import UnrolledError

TEXT = "Press Train and watch the real gradient of every time step while a network learns."
EXACT = (
    "Every number here is measured in the network that is training, and every gradient is exact: "
    "`python -m core check` holds ours against torch's own layers, autograd and finite differences."
)

controls()
st.markdown(f"**Unrolled** · {TEXT}")
problems.show(session.view().problems)
moving = transport()
shown = session.view()
try:
    source = session.source()
except UnrolledError as error:  # more than this server computes: the settings stay, nothing is drawn of them
    problems.show([str(error)])
else:
    board(
        source,
        cursor=shown.cursor,
        pins=shown.pins,
        moving=moving,
        replays=session.replays(),
        on_cursor=lambda step: session.change(cursor=step),
        on_pins=lambda pins: session.change(pins=pins),
    )
st.caption(EXACT)
