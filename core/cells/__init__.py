"""The four cells: init, forward and hand-written backward side by side, one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.cells.base import Back, Cell, Params, State, Trajectory
from core.cells.gru import GRU
from core.cells.lstm import LSTM
from core.cells.peephole import Peephole
from core.cells.rnn import RNN
from core.cells.variants import peepholes_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from core.config import CellConfig

CELLS: dict[str, Cell] = {cell.name: cell for cell in (RNN(), LSTM(), Peephole(), GRU())}
"""The default variant of each cell."""

__all__ = [
    "CELLS", "GRU", "LSTM", "RNN", "Back", "Cell", "Params", "Peephole", "State", "Trajectory", "cell_of",
    "init_from_config", "peepholes_of",
]  # fmt: skip


def cell_of(config: CellConfig) -> Cell:
    """The variant that a cell config describes."""
    if config.name == "rnn":
        return RNN(activation=config.activation)
    if config.name == "peephole":
        return Peephole(gradient=config.peephole_gradient, variant=config.variant)
    if config.name == "gru":
        return GRU(reset=config.reset)
    return LSTM(variant=config.variant)


def init_from_config(
    config: CellConfig, input_size: int, time_span: int, generator: torch.Generator
) -> dict[str, Tensor]:
    """New parameters as a cell config asks for; ``time_span`` is the task's length."""
    return cell_of(config).init(
        input_size,
        config.hidden_size,
        generator=generator,
        scheme=config.init,
        forget_bias=None if "cell.forget_bias" in config.idle else getattr(config, "forget_bias", None),
        time_span=time_span,
    )
