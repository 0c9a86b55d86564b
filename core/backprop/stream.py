"""Truncation as a stream: several updates on the way through one batch, each looking k₂ inputs back.

Between two updates the weights change. The window of an update is therefore run again, with the weights of now, from
the state that was stored k₂ inputs before: each update's gradient is exact for what it differentiates.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from core.backprop.bptt import Measured, measured
from core.backprop.passes import add_states
from core.backprop.readout import Readout, asked
from core.cells import Back, Cell, Params, State, Trajectory
from core.tasks import Batch
from core.truncation import Pass, Truncation


class Stream:
    """One batch, update by update. Whoever iterates over it changes ``params`` and ``readout`` in between, in place.

    An update's loss is its steps' part of the batch's (the mean over sequences of the mean over all asked steps), so
    that with weights at rest losses and gradients sum to the batch's own.

    loss          what the updates' losses sum to so far
    back, alone   the sums of their backward passes and of those of the last asked step's loss alone; for each update
                  those on the weights it used
    """

    def __init__(
        self,
        cell: Cell,
        params: Params,
        readout: Readout,
        batch: Batch,
        truncation: Truncation,
        *,
        clamp: float | None = None,
        parameters: bool = True,
    ) -> None:
        self._cell, self._params, self._readout = cell, params, readout
        self._truncation, self._clamp, self._parameters = truncation, clamp, parameters
        self._sequences = asked(batch, params["weight_hh"].dtype, params["weight_hh"].device)
        (T, N, _), H = self._sequences.x.shape, params["weight_hh"].shape[1]
        self._states = tuple(params["weight_hh"].new_zeros(T + 1, N, H) for _ in cell.state_parts)
        self.loss = 0.0
        self.back, self.alone = self._nothing(), self._nothing()

    def __iter__(self) -> Iterator[Measured]:
        """What each update is to use, from the first to the last."""
        reached = 0
        for each in self._truncation.passes((self._sequences.steps + 1).tolist()):
            if reached < each.first:  # steps that no loss looks at
                self._run(reached, each.first)
            found = self._measured(each, self._run(each.first, each.stop))
            reached = each.stop
            self.loss += found.loss
            add_states(self.back, found.back, each)
            if found.alone is not None:
                add_states(self.alone, found.alone, each)
            yield found

    def _run(self, first: int, stop: int) -> Trajectory:
        """Forward from the stored state at ``first``; the states up to ``stop`` are stored."""
        start: State = tuple(part[first] for part in self._states)
        trajectory = self._cell.forward(self._params, self._sequences.x[first:stop], start if first else None)
        for stored, new in zip(self._states, (trajectory.h, trajectory.c)):
            if new is not None:
                stored[first + 1 : stop + 1] = new[1:]
        return trajectory

    def _measured(self, each: Pass, trajectory: Trajectory) -> Measured:
        own = self._sequences.between(each.first, each.losses[0] - 1, each.stop)
        here = [Pass(0, each.stop - each.first, (), tuple(b - each.first for b in each.cuts))]
        return measured(
            self._cell, self._params, self._readout, own, trajectory, here, here if own.last.any() else None,
            clamp=self._clamp, parameters=self._parameters,
        )  # fmt: skip

    def _nothing(self) -> Back:
        h, c = self._states[0], self._states[1] if len(self._states) > 1 else None
        return Back(torch.zeros_like(h), None if c is None else torch.zeros_like(c), {}, h.new_zeros(0))
