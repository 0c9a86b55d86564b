"""How each gate and each path of the gradient is named and drawn on this page: one hue per role, in every cell.

Gold keeps, violet lets in or resets, slate is the candidate, brown hands out. The way past all gates has the colour of
the cell.
"""

from __future__ import annotations

from app.figures.theme import CELL_LOOKS, Look
from core.anatomy import Role
from core.config import RunConfig
from core.numbers import exact, fixed

SLOPE = "slope"
"""φ′ of a cell without gates, which stands in their place."""

ROLE_LOOKS: dict[Role, Look] = {
    "lets in": Look("#8172d9", "solid", "triangle-up"),
    "resets": Look("#8172d9", "solid", "triangle-up"),
    "keeps": Look("#c99a12", "dash", "square"),
    "candidate": Look("#7f93a8", "dot", "circle"),
    "hands out": Look("#b5654a", "dashdot", "diamond"),
}


def look(name: str, config: RunConfig) -> Look:
    """Of a gate or a path."""
    gate = config.cell.gate(name)
    return ROLE_LOOKS[gate.role] if gate else CELL_LOOKS[config.cell.name]


def gate_name(name: str, config: RunConfig) -> str:
    """In full: 'forget gate f'."""
    gate = config.cell.gate(name)
    return gate.name if gate else "φ′, what φ lets through" if name == SLOPE else name


def always(value: float) -> str:
    """', always 1' of a gate that has this one value."""
    return f", always {exact(value) if value in (-1, 0, 1) else fixed(value)}"


def path_name(name: str, config: RunConfig) -> str:
    """'down the carousel', 'through i'."""
    direct = config.cell.direct_path
    if direct is not None and name == direct.name:
        return f"down the {name}"
    return f"through {name}" if config.cell.gate(name) else "through U"


def in_both_directions(name: str, config: RunConfig) -> bool:
    """Whether its values lie between −1 and 1 instead of 0 and 1."""
    gate = config.cell.gate(name)
    return gate is not None and gate.squashing == "tanh"
