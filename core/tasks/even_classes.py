"""What tasks share whose answers are equally likely: guessing is right in one of so many."""

from __future__ import annotations

from abc import ABC
from typing import ClassVar

import numpy as np

from core.tasks.base import Kind, Task


class EvenClasses(Task, ABC):
    """Each of ``output_size`` classes is the answer to as many sequences."""

    kind: ClassVar[Kind] = "classes"

    @property
    def baseline_loss(self) -> float:
        return float(np.log(self.output_size))

    @property
    def chance(self) -> float:
        return 1 / self.output_size
