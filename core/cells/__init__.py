"""The cells: init, forward and hand-written backward side by side. A new one is a folder and one more in ``_KNOWN``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from itertools import product
from typing import get_args

import torch
from torch import Tensor

from core.anatomy import Anatomy
from core.anatomy.base import Normalisation
from core.cells.base import RECURRENT, Cell, Params, State
from core.cells.gru import GRU
from core.cells.lstm import LSTM
from core.cells.one_layer import OneLayer
from core.cells.peephole import Peephole
from core.cells.rnn import RNN
from core.cells.stack import Stack
from core.cells.trajectory import Back, Trajectory

_KNOWN: tuple[type[OneLayer], ...] = (RNN, LSTM, Peephole, GRU)
CELLS: dict[str, OneLayer] = {cell.name: cell for cell in (kind() for kind in _KNOWN)}
"""The default variant of each cell."""
NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)

__all__ = [
    "CELLS", "GRU", "LSTM", "NORMALISATIONS", "RECURRENT", "RNN", "VARIANTS", "Back", "Cell", "OneLayer", "Params",
    "Peephole", "Stack", "State", "Trajectory", "cell_of", "every_variant", "init_from_config", "stacked",
]  # fmt: skip


def cell_of(config: Anatomy) -> Cell:
    """The variant that a cell's settings describe, with its layers."""
    cell = type(CELLS[config.name])
    settings = dict(config)
    return stacked(cell(**{field.name: settings[field.name] for field in fields(cell)}), config.layers)


def stacked(cell: Cell, layers: int) -> Cell:
    """So many layers of it; itself where that is one."""
    return cell if layers == 1 else Stack(cell, layers)


def every_variant(normalisations: Sequence[Normalisation] = ("none",)) -> dict[str, OneLayer]:
    """Every cell in every variant that can be configured, by a name: "LSTM", "Peephole LSTM coupled gers", and with
    every one of ``normalisations``, "LSTM layer"."""
    found = {}
    for cell in _KNOWN:
        settings = cell.anatomy_type.model_fields
        own = [field.name for field in fields(cell) if field.name != "normalisation"]
        choices = {name: get_args(settings[name].annotation) for name in own} | {"normalisation": normalisations}
        for values in product(*choices.values()):
            chosen = dict(zip(choices, values, strict=True))
            told = [value for name, value in chosen.items() if value != settings[name].default]
            found[" ".join([cell.anatomy_type.word, *told])] = cell(**chosen)
    return found


VARIANTS = every_variant()
"""Without a normalisation."""


def init_from_config(config: Anatomy, input_size: int, time_span: int, generator: torch.Generator) -> dict[str, Tensor]:
    """New parameters as a cell's settings ask for; ``time_span`` is the task's length."""
    return cell_of(config).init(
        input_size, config.hidden_size, generator=generator, time_span=time_span, **config.start
    )  # fmt: skip
