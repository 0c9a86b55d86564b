"""At which steps the last answer can be read from the state, by a linear readout made for that very step.

What the network's own readout makes of the state is one thing, what is in the state another: a readout fitted anew at
every step finds the answer wherever it can be found linearly. Fitted on one half of the sequences and judged on the
other. NumPy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import UnrolledError

Floats = NDArray[np.floating[Any]]
Curve = NDArray[np.float64]

RIDGE = 1e-3
"""Weight of the readout's own size, as a share of the states' mean variance: with few sequences for many units plain
least squares would learn them by heart."""


@dataclass(frozen=True)
class Answerable:
    """How well the answer can be read at each step.

    share   (S,) classes: share of the judged sequences whose answer is found; numbers: R², below 0 where the mean of
            all answers does better. NaN where a state is not finite
    chance  the same without looking at the state: of the most common answer; 0 for numbers
    """

    share: Curve
    chance: float


def answerable(states: Floats, target: NDArray[Any]) -> Answerable:
    """From the ``states`` (S, N, H) and each sequence's answer (N,): classes where it is whole numbers.

    Raises UnrolledError for fewer than two sequences.
    """
    N = states.shape[1]
    if N < 2:
        raise UnrolledError(f"`sequences` (={N}) must be at least 2: one half fits, the other judges. Take more.")
    half, classes = N // 2, np.issubdtype(target.dtype, np.integer)
    wanted = np.eye(int(target.max()) + 1)[target] if classes else np.asarray(target, np.float64)[:, None]
    shift = wanted[:half].mean(axis=0)
    guesses = (_read(each[:half], wanted[:half] - shift, each[half:]) for each in np.asarray(states, np.float64))
    judge = _found if classes else _explained
    share = np.array([judge(guess + shift, wanted[half:]) for guess in guesses])
    return Answerable(share, float((target[half:] == shift.argmax()).mean()) if classes else 0.0)


def _read(rows: Floats, wanted: Floats, judged: Floats) -> Floats:
    """The readout of ``rows`` (n, H), fitted to ``wanted`` (n, O), of the ``judged``."""
    middle = rows.mean(axis=0)
    rows, judged = rows - middle, judged - middle
    gram = rows.T @ rows
    if not (np.isfinite(gram).all() and np.isfinite(judged).all()):
        return np.full((len(judged), wanted.shape[1]), np.nan)
    size = float(np.trace(gram)) / len(gram)
    weight = np.linalg.solve(gram + max(RIDGE * size, np.finfo(float).tiny) * np.eye(len(gram)), rows.T @ wanted)
    return judged @ weight


def _found(guess: Floats, wanted: Floats) -> float:
    right = guess.argmax(axis=1) == wanted.argmax(axis=1)
    return float(right.mean()) if np.isfinite(guess).all() else np.nan


def _explained(guess: Floats, wanted: Floats) -> float:
    spread = wanted.var()
    return float(1 - ((guess - wanted) ** 2).mean() / spread) if spread > 0 else np.nan
