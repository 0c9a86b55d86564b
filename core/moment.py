"""One moment of a training: the weights after ``step`` updates and the sequences that this step learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

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
        """The same moment with only the first ``sequences`` of its batch; all where None. Its states are the same, also
        where the whole batch is normalised: the statistics of the whole are then ``held``."""
        return replace(self.held(), batch=self.batch.take(slice(sequences)))

    def held(self) -> Moment:
        """The same moment with the statistics held that its batch is normalised with, so that sequences do not depend
        on each other; itself where none are."""
        if not self.layer.couples:
            return self
        x = torch.from_numpy(self.batch.x).to(self.layer.dtype)
        start = None if self.batch.start is None else tuple(torch.from_numpy(part) for part in self.batch.start)
        layer = self.layer.holding(x, self.config.resets, start)
        return replace(self, network=replace(self.network, layer=layer))
