"""What tasks share whose every input is one number, and so is their answer."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from core.tasks.base import Kind, Task


class OneNumber(Task):
    """One feature an input, one number asked for; nothing is known of it by chance."""

    kind: ClassVar[Kind] = "numbers"

    @property
    def channels(self) -> tuple[str, ...]:
        return ("value",)

    @property
    def target(self) -> int:
        """The feature of an input that stands for it in words: the first, where there are more."""
        return 0

    @property
    def output_size(self) -> int:
        return 1

    @property
    def chance(self) -> float:
        return 0.0

    def symbols(self, x: np.ndarray) -> list[str]:
        return [f"{value:.2f}" for value in x[:, self.target]]
