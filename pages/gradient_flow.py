"""Gradient flow: choose a task and a cell, press Train, watch the gradient of every time step."""

from __future__ import annotations

import streamlit as st

from app import session
from app.board import board
from app.controls import controls
from app.services import lab
from app.transport import transport
from core.errors import UnrolledError

controls()
shown = session.view()
for problem in shown.problems:
    st.error(problem)
transport()
try:
    if not shown.run:
        lab().preview(shown.config)
    source = shown.run or "preview-" + lab().preview_id(shown.config)
except UnrolledError as error:
    st.error(str(error))
    source = None
if source:
    board(source)
