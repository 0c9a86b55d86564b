"""Pascanu's cliff (2013): one unit, two parameters, and a wall in the loss that is thinner than any grid.

x ← w σ(x) + b from x₀ = .5, ``steps`` times; E = (σ(x) − .7)². Where b = .5 − w σ(.5) the start is a fixed point, and
for w > 1/σ'(.5) = 4.25525 a repelling one: on either side of that line x runs off to another attractor, so the loss
jumps, and on the line the derivative of x grows by w σ'(.5) with every step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

START, TARGET, STEPS = 0.5, 0.7, 50


def sigmoid(x: np.ndarray | float) -> np.ndarray:
    """1/(1 + e^−x), without overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * np.asarray(x, float))


LEVEL = float(sigmoid(START))
"""σ(.5) = .6224593312."""
SLOPE = LEVEL * (1 - LEVEL)
"""σ'(.5) = .2350037122."""
LEAST_W = 1 / SLOPE
"""4.25525: above it the start repels, and there is a wall."""


def _run(w: np.ndarray | float, b: np.ndarray | float, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x after ``steps``, and its derivatives by w and b, by the chain: ∂x ← w σ'(x) ∂x + (σ(x), 1)."""
    w, b = np.broadcast_arrays(np.asarray(w, float), np.asarray(b, float))
    x, dw, db = np.full(w.shape, START), np.zeros(w.shape), np.zeros(w.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            level = sigmoid(x)
            carry = w * level * (1 - level)
            x, dw, db = w * level + b, carry * dw + level, carry * db + 1
    return x, dw, db


def loss(w: np.ndarray | float, b: np.ndarray | float, steps: int = STEPS) -> np.ndarray:
    """E at every (w, b), broadcast together."""
    w, b = np.asarray(w, float), np.asarray(b, float)
    x: np.ndarray | float = START
    with np.errstate(over="ignore"):  # what is beyond all numbers is on a plain: σ is 0 or 1 there
        for _ in range(steps):
            x = w * sigmoid(x) + b
    return (sigmoid(x) - TARGET) ** 2


def gradient(w: np.ndarray | float, b: np.ndarray | float, steps: int = STEPS) -> tuple[np.ndarray, np.ndarray]:
    """(∂E/∂w, ∂E/∂b) at every (w, b), broadcast together."""
    x, dw, db = _run(w, b, steps)
    level = sigmoid(x)
    outer = 2 * (level - TARGET) * level * (1 - level)
    with np.errstate(invalid="ignore"):
        return outer * dw, outer * db


def wall(w: np.ndarray | float) -> np.ndarray:
    """The b of the wall at every w, .5 − w σ(.5); NaN for w ≤ 1/σ'(.5), where there is none."""
    w = np.asarray(w, float)
    return np.where(w > LEAST_W, START - w * LEVEL, np.nan)


def mesh(low: tuple[float, float], high: tuple[float, float], rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """w and b (rows, 2 · columns + 1) of a grid over the box from ``low`` to ``high`` = (w, b) whose middle column is
    the line .5 − w σ(.5), with columns that crowd towards it from both sides down to 1e-7 of the way.

    The wall, thinner than any even grid, is then a face of the grid exactly where it stands.
    """
    w = np.linspace(low[0], high[0], rows)[:, None]
    middle = START - w * LEVEL
    near = np.concatenate([np.geomspace(1e-7, 0.03, columns // 2), np.linspace(0.06, 1, columns - columns // 2)])
    below, above = middle - (middle - low[1]) * near[::-1], middle + (high[1] - middle) * near
    return np.broadcast_to(w, (rows, 2 * columns + 1)), np.hstack([below, middle, above])


def gradient_on_wall(w: float, steps: int = STEPS) -> tuple[float, float]:
    """(∂E/∂w, ∂E/∂b) exactly on the wall, in closed form: x stays at .5 and ∂x is the geometric sum of w σ'(.5).

    Iterating in floating point would leave the wall when (w σ'(.5))^steps is large: rounding is thrown off it too.
    """
    carry = np.float64(w * SLOPE)
    with np.errstate(over="ignore"):
        db = 2 * (LEVEL - TARGET) * SLOPE * (carry**steps - 1) / (carry - 1)
    return float(LEVEL * db), float(db)


@dataclass(frozen=True)
class Path:
    """Gradient descent from a start; every array is (steps + 1,), the start first.

    w, b   the positions
    loss   E there
    norm   the gradient's norm there, before clipping
    step   the distance moved from there; NaN at the last
    """

    w: np.ndarray
    b: np.ndarray
    loss: np.ndarray
    norm: np.ndarray
    step: np.ndarray


def descent(w: float, b: float, lr: float, steps: int, theta: float | None, unroll: int = STEPS) -> Path:
    """``steps`` updates of gradient descent; ``theta`` clips the gradient's norm as torch does, None never."""
    taken = np.full((steps + 1, 5), np.nan)
    for k in range(steps + 1):
        dw, db = (float(part) for part in gradient(w, b, unroll))
        norm = float(np.hypot(dw, db))
        scale = lr if theta is None else lr * min(1.0, theta / (norm + 1e-6))
        taken[k] = w, b, float(loss(w, b, unroll)), norm, scale * norm if k < steps else np.nan
        w, b = w - scale * dw, b - scale * db
    return Path(*taken.T)
