"""Gradient flow: choose a task and a cell, press Train, watch the gradient of every time step."""

from __future__ import annotations

from app.frame.shell import board_page

board_page(
    "gradient_flow",
    "Press **Train** and watch the real gradient of every time step while a network learns.",
)
