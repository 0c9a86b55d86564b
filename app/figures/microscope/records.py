"""What a cell's file hands over: its drawing, and its equations with places for their numbers."""

from __future__ import annotations

from dataclasses import dataclass

from core.config import RunConfig


@dataclass(frozen=True)
class Equation:
    """``symbols`` as the textbook has it; below it the same with ``{name}`` for each number: of one unit, where it
    holds number by number, or the norms over all units."""

    symbols: str
    unit: str
    norm: str


@dataclass(frozen=True)
class Drawn:
    """``svg`` with the places of ``app.figures.microscope.svg``; equations of the way forwards and of the way back."""

    svg: str
    forward: tuple[Equation, ...]
    backward: tuple[Equation, ...]


def arrives(config: RunConfig) -> Equation:
    """The way back begins so in every cell."""
    own = "this step's own loss" if config.cell.layers == 1 else "what is above it in this step"
    return Equation(f"δh = m_h + {own}", "{dh} = {m_h} + {local}", "‖δh‖ {dh} · ‖m_h, from later‖ {m_h}")
