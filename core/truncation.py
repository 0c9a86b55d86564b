"""How far the gradient of each loss goes back: the five kinds of truncation, as cuts and as backward passes.

Steps are the indices of states, 1 … T; a loss at step s is taken from state s, and following it back by K inputs means
the steps s, s−1, … s−K+1. Where it is cut at b, nothing goes on from state b+1 to state b.

full      nothing is cut
windows   cut every K steps, counted back from the end; the state is carried on, one update per sequence
sliding   every loss is followed back by exactly K inputs
stream    an update every k₁ steps, for the losses since the one before, each looking k₂ = K inputs back: BPTT(h; h′) of
          Williams & Peng 1990, TBPTT(k₁, k₂) of Sutskever's thesis (2013)
reset     as windows, and the state is set to zero at every cut as well

No torch: the web process draws these lines too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.errors import ConfigError

Mode = Literal["full", "windows", "sliding", "stream", "reset"]


@dataclass(frozen=True)
class Pass:
    """One backward pass: over the inputs ``first`` … ``stop`` − 1 for the ``losses`` at these steps, ascending.

    ``cuts`` are states b in first … stop−1 between which and b+1 nothing passes.
    """

    first: int
    stop: int
    losses: tuple[int, ...]
    cuts: tuple[int, ...]


@dataclass(frozen=True)
class Truncation:
    """A kind of truncation of sequences of ``T`` steps: ``K`` inputs back, with stream an update every ``stride``."""

    mode: Mode
    T: int
    K: int
    stride: int

    def cuts(self, asked: int | None = None) -> list[int]:
        """States b, 0 < b < T, ascending, where the gradient of the loss at ``asked`` (T where None) is cut.

        Windows, reset and stream cut for earlier losses too: their cuts are all in the list.
        """
        if self.mode == "full":
            return []
        if self.mode == "sliding":
            return [b for b in ((asked or self.T) - self.K,) if b > 0]
        if self.mode == "stream":
            return [point - self.K for point in self.points if point > self.K]
        return windows(self.T, self.K)

    @property
    def resets(self) -> list[int]:
        """States that are set to zero before the network goes on from them."""
        return windows(self.T, self.K) if self.mode == "reset" else []

    @property
    def points(self) -> list[int]:
        """Steps after which an update may come, ascending: T, T − k₁, … > 0 with stream, else the end."""
        return list(range(self.T, 0, -self.stride))[::-1] if self.mode == "stream" else [self.T]

    def passes(self, losses: Iterable[int]) -> list[Pass]:
        """The backward passes that give every loss at the steps ``losses`` its gradient; with stream one an update.

        No two of them share a loss, and the gradient is their sum.
        """
        steps = sorted(set(losses))
        if not steps:
            return []
        if self.mode == "sliding":
            return _sliding(steps, self.T, self.K)
        if self.mode == "stream":
            return [each for point in self.points if (each := self._update(point, steps)) is not None]
        return [_between(0, steps, self.cuts())]

    def _update(self, point: int, steps: Sequence[int]) -> Pass | None:
        """The pass of the update at ``point``; None where no loss was taken since the one before."""
        own = steps[bisect_right(steps, point - self.stride) : bisect_right(steps, point)]
        first = max(0, point - self.K)
        return Pass(first, point, tuple(own), (first,) if first else ()) if own else None


def windows(T: int, K: int) -> list[int]:
    """State indices b, ascending, where the carry from h[b+1] to h[b] is zero: windows of K counted back from the end.

    A loss at the last step sees exactly K steps; the state itself is carried on, and h[b] keeps its local gradient
    alone. No cut where K ≥ T. Raises ConfigError for K < 1.
    """
    if K < 1:
        raise ConfigError([f"`truncation_length` (={K}) must be at least 1. Raise `truncation_length`."])
    return sorted(range(T - K, 0, -K))


def _sliding(steps: Sequence[int], T: int, K: int) -> list[Pass]:
    """Losses K apart share a pass, for each is cut where the one before it stands. Those for which no step stands K
    after them are never cut, and share one."""
    groups: dict[int, list[int]] = {}
    for step in steps:
        groups.setdefault(-1 if step <= K and step + K > T else step % K, []).append(step)
    return [_between(0, own, range(own[-1] - K, 0, -K)) for own in groups.values()]


def _between(first: int, losses: Sequence[int], cuts: Iterable[int]) -> Pass:
    """From the last of ``losses`` to the cut before the first of them, or to ``first`` where there is none."""
    inside = sorted(b for b in cuts if b < losses[-1])
    first = max([first, *(b for b in inside if b < losses[0])])
    return Pass(first, losses[-1], tuple(losses), tuple(b for b in inside if b >= first))
