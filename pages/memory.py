"""Memory: how fast inputs fade, how much a state can hold, and what the network would answer after every word."""

from __future__ import annotations

from app.frame.shell import board_page

board_page(
    "memory",
    "What does the state still know of what it saw? Read the inputs and the answer back out of it, beside the same "
    "network untrained.",
)
