"""Multiplication: as adding, with the product (Hochreiter & Schmidhuber 1997): no sum over time gives it away."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from core.tasks.marked_pair import MarkedPair


class Multiplication(MarkedPair):
    """The target is the product of the two marked numbers, of variance 7/144; with one of them known 1/36 is left.

    Asked at every step, it is 1 before any number is marked.
    """

    title: ClassVar[str] = "Multiplication"
    question: ClassVar[str] = "Two of the numbers are marked, one in each half. What is their product?"
    first_seen: ClassVar[str] = "Hochreiter & Schmidhuber 1997, experiment 5"
    noun: ClassVar[str] = "product"
    one_known: ClassVar[float] = 1 / 36  # E[v²] · 1/12
    spread: ClassVar[float] = 1.5  # (E[e⁴] − E[e²]²)^½ ÷ variance = 1.47; with one known less than E[e⁴]^½ ÷ it, 1.03

    name: Literal["multiplication"] = "multiplication"

    def so_far(self, values: np.ndarray, marked: np.ndarray) -> np.ndarray:
        return np.cumprod(np.where(marked > 0.5, values, 1), axis=0, dtype=np.float32)

    @property
    def variances(self) -> np.ndarray:
        """A factor that is 1 until it is marked, with probability p: its mean is 1 − p/2, its mean square 1 − 2p/3."""
        squares = np.prod([1 - 2 * p / 3 for p in self.marked], axis=0)
        return squares - np.prod([1 - p / 2 for p in self.marked], axis=0) ** 2
