"""Untrained: what each initialisation, each length and each cell brings along."""

from __future__ import annotations

from app.frame.shell import board_page

board_page(
    "untrained",
    "What does a network bring along before it has learnt anything? Every start of every cell on this task, the "
    "gradient against the length of the sequences, and what each cell costs.",
)
