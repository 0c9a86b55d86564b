"""Language: what a network writes, where its predictions come from, and how well it knows a text it has never seen."""

from __future__ import annotations

from app.frame.shell import Alongside, board_page
from core.comparison import other_cells

board_page(
    "language",
    "A network that predicts the next symbol of a text can write one. Watch it learn to, symbol by symbol.",
    alongside=(Alongside("alone", "this cell", lambda config: []), Alongside("cells", "all cells", other_cells)),
)
