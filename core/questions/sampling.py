"""How many sequences a question looks at: the first so many there is room and time for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.moment import Moment

SEQUENCES = 8
MOST_NUMBERS = 1 << 20
"""In one array (T, N, H): fewer sequences of long or wide networks are looked at."""

MOST_SAMPLED, LEAST_SAMPLED = 1024, 32
SAMPLED_NUMBERS = 1 << 22
"""States of all sampled sequences and steps, in numbers: so many sequences are taken that there are about as many."""

MOST_STATES = 100
LEAST_ROWS, ROWS_A_NUMBER = 1500, 4
"""States that a readout is fitted to: so many, and so many for each number that is read of one."""


def room(config: RunConfig) -> int:
    """Sequences whose states fit into one array."""
    return max(1, MOST_NUMBERS // (config.task.length * config.cell.hidden_size * config.cell.layers))


def first_few(moment: Moment) -> tuple[Moment, dict[str, int]]:
    """The moment with a few of its sequences, and how many of how many."""
    some = moment.of_first(min(SEQUENCES, moment.batch.x.shape[1], room(moment.config)))
    return some, looked_at(some, moment)


def looked_at(some: Moment, whole: Moment) -> dict[str, int]:
    """Among the facts of an answer: how many sequences it is of, of how many."""
    return {"sequences": some.batch.x.shape[1], "of": whole.batch.x.shape[1]}


def sampled(T: int, H: int, most: int | None = None) -> int:
    """So many sequences are drawn anew where states are read out; ``most`` defaults to MOST_SAMPLED."""
    return min(max(SAMPLED_NUMBERS // (T * H), LEAST_SAMPLED), MOST_SAMPLED if most is None else most)


def thinned(first: int, stop: int, sequences: int, config: RunConfig) -> np.ndarray:
    """Inputs from ``first`` to ``stop`` − 1, evenly thinned, whose states are enough to fit a readout to."""
    rows = max(LEAST_ROWS, ROWS_A_NUMBER * 2 * config.cell.hidden_size * config.cell.layers)
    count = min(max(2, -(-2 * rows // sequences)), MOST_STATES)
    return np.unique(np.linspace(first, stop - 1, min(count, stop - first)).astype(int))
