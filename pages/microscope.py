"""Microscope: one training step in slow motion, theory beside the measurement, and a gradient anyone may check."""

from __future__ import annotations

from app.frame.shell import board_page

board_page(
    "microscope",
    "What happens in one training step? Play it number by number, hold theory against it, and check any gradient.",
)
