"""How each gate and each path of the gradient is named and drawn on this page: one hue per role, in every cell.

Gold keeps (f, z), violet lets in (i) or resets (r), slate is the candidate (g, n), brown the output (o). The way past
all gates has the colour of the cell.
"""

from __future__ import annotations

from app.figures.theme import CELL_LOOKS, Look
from core.config import RunConfig

GATE_LOOKS = {
    "i": Look("#8172d9", "solid", "triangle-up"),
    "f": Look("#c99a12", "dash", "square"),
    "g": Look("#7f93a8", "dot", "circle"),
    "o": Look("#b5654a", "dashdot", "diamond"),
    "r": Look("#8172d9", "solid", "triangle-up"),
    "z": Look("#c99a12", "dash", "square"),
    "n": Look("#7f93a8", "dot", "circle"),
}
GATE_NAMES = {
    "i": "input gate i", "f": "forget gate f", "g": "candidate g", "o": "output gate o", "r": "reset gate r",
    "z": "keep gate z", "n": "candidate n", "slope": "φ′, what φ lets through",
}  # fmt: skip
PATH_NAMES = {
    "carousel": "down the carousel", "leak": "down the leak", "i": "through i", "f": "through f", "g": "through g",
    "o": "through o", "r": "through r", "z": "through z", "n": "through n", "recurrent": "through U",
}  # fmt: skip
CANDIDATES = ("g", "n")
"""Between −1 and 1 instead of 0 and 1."""


def look(name: str, config: RunConfig) -> Look:
    """Of a gate or a path."""
    return GATE_LOOKS.get(name, CELL_LOOKS[config.cell.name])


def gate_name(name: str) -> str:
    """In full: 'forget gate f'."""
    return GATE_NAMES.get(name, name)


def path_name(name: str) -> str:
    """'down the carousel', 'through i'."""
    return PATH_NAMES.get(name, f"through {name}")
