"""One moment of a training: the weights after ``step`` updates and the sequences that this step learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.cells import Cell
from core.config import RunConfig
from core.network import Layer, Network
from core.tasks import Batch


@dataclass(frozen=True)
class Moment:
    """Everything that a question about one training step depends on.

    network   with the weights of that moment
    batch     the sequences, in the order of the step's own batch
    """

    config: RunConfig
    step: int
    network: Network
    batch: Batch

    @property
    def layer(self) -> Layer:
        """The network's layer."""
        return self.network.layer

    @property
    def cell(self) -> Cell:
        """The layer's cell."""
        return self.network.cell

    def of_first(self, sequences: int | None) -> Moment:
        """The same moment with only the first ``sequences`` of its batch; all where None."""
        return replace(self, batch=self.batch.take(slice(sequences)))
