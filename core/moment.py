"""One moment of a training: the weights after ``step`` updates and the sequences that this step learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from core.cells import Cell, cell_of
from core.config import RunConfig
from core.tasks import Batch


@dataclass(frozen=True)
class Moment:
    """Everything that a question about one training step depends on.

    params    the cell's parameters by torch's names; readout: weight (O, H) and bias (O,)
    batch     the sequences, in the order of the step's own batch
    """

    config: RunConfig
    step: int
    params: dict[str, Tensor]
    readout: dict[str, Tensor]
    batch: Batch

    @property
    def cell(self) -> Cell:
        """The cell of the config."""
        return cell_of(self.config.cell)

    def of_first(self, sequences: int | None) -> Moment:
        """The same moment with only the first ``sequences`` of its batch; all where None."""
        return replace(self, batch=first_sequences(self.batch, sequences))


def first_sequences(batch: Batch, n: int | None) -> Batch:
    """The first ``n`` sequences of ``batch``; all where None."""
    return Batch(batch.x[:, :n], batch.target[:, :n], batch.asked[:, :n], batch.scored[:, :n])
