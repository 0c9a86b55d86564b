"""Series: forecasts one step ahead and many, of made-up series or of a column of your own CSV."""

from __future__ import annotations

from app.frame.shell import board_page

board_page(
    "series",
    "What comes next? One step ahead and going on by itself, against what needs no network. To bring a CSV of yours, "
    "choose the task “Your series (CSV)”.",
)
