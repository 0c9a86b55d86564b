"""Compare: up to six members on one board, the same task, the same data, the same axes, a few seeds each."""

from __future__ import annotations

from app.frame.shell import board_page

board_page(
    "compare",
    "Which remembers better, and how sure can you be? The same task and the same batches for all, on the same axes.",
    compares=True,
)
