"""Inside the cell: what the gates do, where the gradient travels, what if a gate were shut, and who gets the credit."""

from __future__ import annotations

from app.frame.shell import board_page

board_page(
    "inside_the_cell",
    "Which way does the gradient take through a cell? What its gates do, what comes down the carousel, what becomes of "
    "it when a gate is forced, and which loss sends credit where.",
)
