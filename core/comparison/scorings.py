"""At which training steps all members of a comparison are scored: steps to solve are counted there. NumPy only.

How often a run is scored follows from what it costs (core.schedule), so a cheap cell would be seen to solve the task
sooner than a dear one that solves it at the same step. Compared are the scorings that all have in common.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from core.config import RunConfig
from core.schedule import Schedule


def common_scorings(configs: Iterable[RunConfig]) -> NDArray[np.int64]:
    """The training steps, ascending, at which a run of every config is scored. At least one config."""
    schedules = {Schedule.of(config) for config in configs}
    return np.array(sorted(set.intersection(*(set(schedule.scorings) for schedule in schedules))), np.int64)
