"""Clipping lab: every gradient before and after clipping, and the same start trained with and without it."""

from __future__ import annotations

from app.frame.shell import Alongside, board_page
from core.companions import companions, sweep

board_page(
    "clipping_lab",
    "What does clipping bend? Every gradient before and after it, and the same start trained with and without it.",
    alongside=(
        Alongside("twin", "with and without clipping", companions),
        Alongside("sweep", "a sweep of thresholds", sweep),
    ),
)
