"""Truncation as a stream: several updates on the way through one batch, each looking k₂ inputs back.

Between two updates the weights change. The window of an update is therefore run again, with the weights of now, from
the state that was stored k₂ inputs before: each update's gradient is exact for what it differentiates.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from core.backprop.bptt import Measured, measured
from core.backprop.passes import add_states
from core.backprop.readout import asked
from core.cells import Back, Trajectory
from core.network import Network
from core.tasks import Batch
from core.truncation import Pass, Truncation


class Stream:
    """One batch, update by update. Whoever iterates over it changes the network's parameters in between, in place.

    An update's loss is its steps' part of the batch's (the mean over sequences of the mean over all asked steps), so
    that with weights at rest losses and gradients sum to the batch's own.

    loss          what the updates' losses sum to so far
    statistics    of a batch normalisation, of every step as it was last run
    back, alone   the sums of their backward passes and of those of the last asked step's loss alone; for each update
                  those on the weights it used
    """

    def __init__(
        self,
        network: Network,
        batch: Batch,
        truncation: Truncation,
        *,
        clamp: float | None = None,
        parameters: bool = True,
    ) -> None:
        self._network = network
        self._truncation, self._clamp, self._parameters = truncation, clamp, parameters
        layer = network.layer
        self._sequences = asked(batch, layer.dtype, layer.device)
        (T, N, _), H = self._sequences.x.shape, layer.hidden_size
        self._states = {part: self._sequences.x.new_zeros(T + 1, N, H) for part in layer.cell.state_parts}
        for part, start in zip(self._states.values(), self._sequences.start or (), strict=False):
            part[0] = start
        self.loss, self._reached, self.statistics = 0.0, 0, dict[str, torch.Tensor]()
        self.back, self.alone = self._nothing(), self._nothing()

    def __iter__(self) -> Iterator[Measured]:
        """What each update is to use, from the first to the last."""
        for each in self._truncation.passes((self._sequences.steps + 1).tolist()):
            if self._reached < each.first:  # steps that no loss looks at
                self._run(self._reached, each.first)
            found = self._measured(each, self._run(each.first, each.stop))
            self.loss += found.loss
            add_states(self.back, found.back, each)
            if found.alone is not None:
                add_states(self.alone, found.alone, each)
            yield found

    @property
    def last(self) -> tuple[Tensor, ...]:
        """(N, H) each, once all updates are made. Steps after the last loss are run here, for no update needs them."""
        if self._reached < len(self._sequences.x):
            self._run(self._reached, len(self._sequences.x))
        return tuple(part[-1].clone() for part in self._states.values())

    def _run(self, first: int, stop: int) -> Trajectory:
        """Forward from the stored state at ``first``; the states up to ``stop`` are stored."""
        start = tuple(part[first] for part in self._states.values())
        trajectory = self._network.layer.forward(self._sequences.x[first:stop], start)
        for part, new in trajectory.states.items():
            self._states[part][first + 1 : stop + 1] = new[1:]
        for name, seen in self._network.cell.statistics(trajectory).items():
            room = self.statistics.setdefault(name, seen.new_zeros(len(self._sequences.x), seen.shape[1]))
            room[first:stop] = seen
        self._reached = stop
        return trajectory

    def _measured(self, each: Pass, trajectory: Trajectory) -> Measured:
        own = self._sequences.between(each.first, each.losses[0] - 1, each.stop)
        here = [Pass(0, each.stop - each.first, (), tuple(b - each.first for b in each.cuts))]
        return measured(
            self._network, own, trajectory, here, here if own.last.any() else None,
            clamp=self._clamp, parameters=self._parameters,
        )  # fmt: skip

    def _nothing(self) -> Back:
        states = {part: torch.zeros_like(stored) for part, stored in self._states.items()}
        return Back(states, {}, (self._sequences.x.new_zeros(0),) * self._network.layer.layers)
