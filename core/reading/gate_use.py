"""What the gates do: their means over time, how often each unit's is shut or open, and how long each unit keeps.

NumPy only: the gates of the probe sequences travel with a frame (``Planes.gates``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Curve = NDArray[np.float64]

SHUT, OPEN = 0.1, 0.9


@dataclass(frozen=True)
class Use:
    """One gate; P sequences, H units. For g and n, which run from −1 to 1, shut and open speak of their size.

    over_time   (T,) mean over sequences and units at each step
    mean        the mean of all
    shut        (H,) share of steps and sequences below .1, per unit
    open        (H,) share above .9
    """

    over_time: Curve
    mean: float
    shut: Curve
    open: Curve


@dataclass(frozen=True)
class Retention:
    """How long each unit keeps its content, longest first.

    unit    (H,) which unit
    factor  (H,) exp(mean log f): the geometric mean, which is what T steps in a row leave; not the mean of f
    steps   (H,) the time constant −1/ln factor; ∞ where nothing is lost, 0 where a step forgets everything
    """

    unit: NDArray[np.int64]
    factor: Curve
    steps: Curve


def use(gates: Mapping[str, Floats]) -> dict[str, Use]:
    """Of every gate {"i": (T, P, H), …}; empty for a cell without gates. NaN passes through."""
    return {name: _use(np.asarray(gate, np.float64)) for name, gate in gates.items()}


def _use(gate: Floats) -> Use:
    size = np.abs(gate)  # changes nothing for the logistic gates
    known = np.where(np.isfinite(size).all(axis=(0, 1)), 1.0, np.nan)  # a share of what is not known is not zero
    return Use(
        gate.mean(axis=(1, 2)),
        float(gate.mean()),
        (size < SHUT).mean(axis=(0, 1)) * known,
        (size > OPEN).mean(axis=(0, 1)) * known,
    )


def retention(kept: Floats) -> Retention:
    """Of the values (T, P, H) of what keeps: a gate, or φ′ in its place."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(np.asarray(kept, np.float64)).mean(axis=(0, 1))
        steps = np.where(log == 0, np.inf, -1 / log)
    order = np.argsort(-steps, kind="stable")
    return Retention(order, np.exp(log)[order], steps[order])
