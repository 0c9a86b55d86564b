"""What truncation buys: time and memory of one training step that is carried out window by window, measured here."""

from __future__ import annotations

import math
import time
import weakref
from collections.abc import Iterable
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from core.backprop.bptt import measured
from core.backprop.readout import Asked, asked
from core.cells import State, Trajectory
from core.moment import Moment
from core.truncation import Pass, windows

BUDGET_SECONDS = 0.6
REPETITIONS = 5
POINTS = 9
MOST_COUNTED = 2000
"""Memory of longer windows is not counted: every operation is looked at, which takes its time."""


@torch.no_grad()
def cost(moment: Moment) -> dict[str, NDArray[Any]]:
    """K (n,) ascending up to T; seconds (n,) of processor time, and bytes (n,), the most that is held beyond weights
    and batch (NaN where it was not measured), of one training step in windows of K.

    Each window starts from the state that the one before it left, and goes forward, and back where a loss is taken in
    it; then all of it is let go but the state and the summed gradients. No profiles are taken.
    """
    step = Windowed(moment)
    whole = _timed(step, [(0, step.T)])
    n = max(3, min(POINTS, int(BUDGET_SECONDS / whole)))
    K = np.unique(np.geomspace(1, step.T, n).round().astype(np.int64))
    taken = _seconds(step, K)
    return {"K": K, "seconds": taken, "bytes": np.array([_bytes(step, int(k)) for k in K])}


def _seconds(step: Windowed, K: NDArray[np.int64]) -> NDArray[np.float64]:
    """Medians over repetitions, all K in turn, so that whatever else the machine does falls on all alike."""
    began, taken = time.thread_time(), [[] for _ in K]
    for repetition in range(REPETITIONS):
        for k, times in zip(K, taken):
            times.append(_timed(step, _segments(step.T, int(k))))
        if (time.thread_time() - began) * (repetition + 2) / (repetition + 1) > BUDGET_SECONDS:
            break
    return np.array([median(times) for times in taken])


def _timed(step: Windowed, segments: Iterable[tuple[int, int]]) -> float:
    began = time.thread_time()
    step.carry_out(segments)
    return time.thread_time() - began


def _bytes(step: Windowed, K: int) -> float:
    """Two windows hold all that any two hold: the second one starts where the first has left its state."""
    if K > MOST_COUNTED:
        return math.nan
    segments = _segments(step.T, K)[-2:]
    with Alive(step.given) as alive:
        step.carry_out(segments)
    return float(alive.peak)


def _segments(T: int, K: int) -> list[tuple[int, int]]:
    edges = [0, *windows(T, K), T]
    return list(pairwise(edges))


class Windowed:
    """One training step of a moment's config, in windows."""

    def __init__(self, moment: Moment) -> None:
        self._moment, self._sequences = moment, asked(moment.batch, moment.layer.dtype)
        self.T = len(self._sequences.x)

    @property
    def given(self) -> list[Tensor]:
        """What is there before the step and after it."""
        sequences = self._sequences
        own = [sequences.x, sequences.steps, sequences.target, sequences.weight, sequences.last]
        own += sequences.start or ()
        return [*self._moment.network.parameters.values(), *own]

    def carry_out(self, segments: Iterable[tuple[int, int]]) -> dict[str, Tensor]:
        """The summed gradients of windows first … stop − 1, which follow each other."""
        state: State | None = self._sequences.start
        total: dict[str, Tensor] = {}
        for first, stop in segments:
            trajectory = self._moment.layer.forward(self._sequences.x[first:stop], state, first=first)
            state = trajectory.last
            own = self._sequences.between(first, first, stop)
            if len(own.steps):
                _add(total, self._gradients(own, trajectory))
            del trajectory
        return total

    def _gradients(self, own: Asked, trajectory: Trajectory) -> dict[str, Tensor]:
        moment, losses = self._moment, tuple((own.steps + 1).tolist())
        back = [Pass(0, trajectory.h.shape[0] - 1, losses, ())]
        return measured(moment.network, own, trajectory, back, None).grads


def _add(total: dict[str, Tensor], more: dict[str, Tensor]) -> None:
    for name, gradient in more.items():
        total[name] = total[name].add_(gradient) if name in total else gradient


class Alive(TorchDispatchMode):
    """Counts the bytes of tensors that operations make, while they live, other than those ``given``.

    peak   the most at once; what an operation uses inside itself and lets go again is not seen
    """

    def __init__(self, given: Iterable[Tensor]) -> None:
        super().__init__()
        self.now, self.peak = 0, 0
        self._known = {tensor.untyped_storage().data_ptr() for tensor in given}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self._note(tensor.untyped_storage())
        return made

    def _note(self, storage: torch.UntypedStorage) -> None:
        place, size = storage.data_ptr(), storage.nbytes()
        if size and place not in self._known:
            self._known.add(place)
            weakref.finalize(storage, self._let_go, place, size)
            self.now += size
            self.peak = max(self.peak, self.now)

    def _let_go(self, place: int, size: int) -> None:
        self._known.discard(place)
        self.now -= size
