"""Truncation lab: what the gradient would have been, for every window, on the same weights and the same batch."""

from __future__ import annotations

from app.frame.shell import board_page

board_page(
    "truncation_lab",
    "What does truncation hide? The full gradient against the truncated one, for every window at once, on the same "
    "weights and the same batch.",
)
