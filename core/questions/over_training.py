"""Questions over training: the moments of a run before the one that is asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cost import question_seconds

if TYPE_CHECKING:
    from core.moment import Moment

MOMENTS, MOMENT_SECONDS = 24, 0.6
"""So many moments are looked at in a picture over training, and so long that may take."""


@dataclass(frozen=True)
class Earlier:
    """Moments of a run before the one that is asked about, with the same sequences; an untrained network has none.

    steps   of the kept weights, ascending
    at      the moment at one of them; None where its weights are gone
    """

    steps: tuple[int, ...] = ()
    at: Callable[[int], Moment | None] = lambda step: None


def trail(moment: Moment, earlier: Earlier, most: int) -> Iterator[Moment]:
    """At most ``most`` of the ``earlier`` moments, evenly spread, the first and the last among them, and this one."""
    chosen = np.linspace(0, len(earlier.steps) - 1, min(most, len(earlier.steps))).round().astype(int)
    for k in np.unique(chosen):
        before = earlier.at(earlier.steps[k])
        if before is not None:
            yield before
    yield moment


def affordable(moment: Moment, steps: int) -> int:
    """How many earlier moments there is time for, where each takes ``steps`` steps of one sequence."""
    each = question_seconds(moment.config, steps, 1)
    return int(np.clip(MOMENT_SECONDS / each, 1, MOMENTS)) - 1
