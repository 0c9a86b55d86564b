"""Adding: remember two marked numbers among T and answer their sum (Hochreiter & Schmidhuber 1997; Le et al. 2015)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from core.tasks.marked_pair import MarkedPair


class Adding(MarkedPair):
    """The target is the sum of the two marked numbers, of variance 1/6; with one of them known 1/12 is left."""

    title: ClassVar[str] = "Adding"
    question: ClassVar[str] = "Two of the numbers are marked, one in each half. What is their sum?"
    first_seen: ClassVar[str] = "Hochreiter & Schmidhuber 1997; Le et al. 2015"
    noun: ClassVar[str] = "sum"
    one_known: ClassVar[float] = 1 / 12
    spread: ClassVar[float] = 1.2  # (E[e⁴] − E[e²]²)^½ ÷ variance = (7/180)^½ · 6 = 1.18; with one known .45

    name: Literal["adding"] = "adding"

    def so_far(self, values: np.ndarray, marked: np.ndarray) -> np.ndarray:
        return np.cumsum(values * marked, axis=0, dtype=np.float32)

    @property
    def variances(self) -> np.ndarray:
        """A number that is marked with probability p contributes E[v²]p − (p/2)² = p/3 − p²/4."""
        return sum((p / 3 - p**2 / 4 for p in self.marked), np.zeros(self.length))
