"""Truncation where losses are taken at many steps: one backward pass for each loss alone, many of them side by side.

With α⁽ˢ⁾[t] what the loss at state s sends to the pre-activations of step t (t < s), everything is a sum of products
of α⁽ˢ⁾[t] with what went into step t:

    lag k of sliding             Σ over s of what is at t = s − 1 − k
    a window with states a … b   Σ over t = a … b−1 of Σ over s ≤ b
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.cells import Back, Trajectory
from core.cost import pass_bytes
from core.diagnostics.losses import Losses, flat, flow_of, stacked
from core.moment import Moment

Ks = NDArray[np.int64]
CHUNK_BYTES = 120e6


class ManyLosses:
    """Sums over all losses of a moment, taken in chunk by chunk, from the first loss to the last.

    K        (n,) ascending; the last one is ``reach``, the number of steps that each loss is followed back
    lags     (n, P) what the lags K[i−1] … K[i] − 1 contribute to the gradient
    windows  (n, P) the gradient of windows of K[i]; only where ``reach`` is T
    phi      (T+1,) mean flow of one loss by lag; NaN where no loss is followed so far
    """

    def __init__(self, moment: Moment, losses: Losses, K: Ks) -> None:
        self.K, self._moment, self._losses = K, moment, losses
        self._T, self._N = losses.trajectory.h.shape[0] - 1, losses.trajectory.h.shape[1]
        self._reach = int(K[-1])
        self._flow, self._counted = np.zeros(self._T + 1), np.zeros(self._T + 1)
        self._earlier = losses.local.new_zeros(0)  # (t, R, N) Σ α of the former chunks' losses
        self._windows = losses.local.new_zeros(0)  # (n, T, R, N) α of each window's own losses
        self.lags = losses.local.new_zeros(len(K), moment.layer.size)
        for chosen in self._chunks():
            self._add(chosen)

    @property
    def windows(self) -> Tensor:
        """See above."""
        whole = self._losses.trajectory
        return torch.stack([flat(self._gradients(whole, alphas)) for alphas in self._windows])

    @property
    def phi(self) -> NDArray[np.float64]:
        """See above."""
        with np.errstate(invalid="ignore"):
            return self._flow / self._counted

    def _chunks(self) -> Iterator[range]:
        states, place = self._losses.states, 0
        per_step = pass_bytes(self._moment.config, self._N) / self._moment.config.task.length
        while place < len(states):
            k = 1
            while place + k < len(states) and per_step * (k + 1) * self._steps(place, place + k) < CHUNK_BYTES:
                k += 1
            yield range(place, place + k)
            place += k

    def _steps(self, place: int, last: int) -> int:
        return self._losses.states[last] - self._first(place)

    def _first(self, place: int) -> int:
        return max(0, self._losses.states[place] - self._reach)

    def _add(self, chosen: range) -> None:
        first = self._first(chosen[0])
        back = stacked(self._moment, self._losses, chosen, first)
        self._add_flow(back, chosen, first)
        alphas = back.alphas.unflatten(2, (len(chosen), self._N))  # (steps, R, k, N)
        self._add_lags(alphas, chosen, first)
        if self._reach == self._T:
            self._add_windows(alphas, chosen)

    def _add_flow(self, back: Back, chosen: range, first: int) -> None:
        flow = flow_of(back).unflatten(1, (len(chosen), self._N)).numpy()  # (steps + 1, k, N)
        for tile, place in enumerate(chosen):
            share = self._losses.share[place].double().numpy()
            seen = slice(0, min(self._reach, self._losses.states[place]) + 1)
            by_lag = flow[self._losses.states[place] - first :: -1, tile][seen][:, share > 0] / share[share > 0]
            self._flow[seen] += by_lag.sum(axis=1)
            self._counted[seen] += by_lag.shape[1]

    # -- sliding --------------------------------------------------------------------------------------------------

    def _add_lags(self, alphas: Tensor, chosen: range, first: int) -> None:
        """Steps here are counted from ``first``; the loss in tile j stands after step steps[j]."""
        steps = torch.tensor([self._losses.states[place] - 1 - first for place in chosen])
        start = 0
        for i, stop in enumerate(self.K.tolist()):
            nearest, farthest = int(steps[-1]) - start, max(0, int(steps[0]) - stop + 1)
            if nearest < 0:
                return
            sums = alphas.new_zeros(nearest + 1 - farthest, *alphas.shape[1::2])
            for lag in range(start, stop):
                tiles = (steps >= lag).nonzero().squeeze(1)
                t = steps[tiles] - lag
                sums[t - farthest] += alphas[t, :, tiles]
            trajectory = self._losses.trajectory.between(first + farthest, first + nearest + 1)
            self.lags[i] += flat(self._gradients(trajectory, sums))
            start = stop

    # -- windows --------------------------------------------------------------------------------------------------

    def _add_windows(self, alphas: Tensor, chosen: range) -> None:
        """For every boundary from the state of the first of these losses to that of the next chunk's first."""
        if not len(self._windows):
            self._windows = alphas.new_zeros(len(self.K), self._T, *alphas.shape[1::2])
        states, summed = self._losses.states, alphas.cumsum(dim=2)
        if len(self._earlier):
            summed[: len(self._earlier)] += self._earlier.unsqueeze(2)
        self._earlier = summed[:, :, -1].clone()
        beyond = [*states[chosen[0] + 1 :], self._T + 1]
        for tile, (place, next_one) in enumerate(zip(chosen, beyond, strict=False)):
            for boundary in range(states[place], next_one):
                self._add_boundary(boundary, summed[: states[place], :, tile])

    def _add_boundary(self, b: int, alphas: Tensor) -> None:
        """Every window that ends at state b; alphas (s, R, N) are those of all losses up to b, the last one at s."""
        for i in np.flatnonzero((self._T - b) % self.K == 0):
            begin = max(0, b - int(self.K[i]))
            self._windows[i, begin : len(alphas)] = alphas[begin:]

    def _gradients(self, trajectory: Trajectory, alphas: Tensor) -> Iterable[Tensor]:
        return self._moment.layer.parameter_gradients(trajectory, alphas).values()
