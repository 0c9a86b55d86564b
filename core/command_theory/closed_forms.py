"""Reports that need no network: Pascanu's cliff, influence balancing, the two-lag floors, one leaky unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.command_theory.values import Arguments, number, whole
from core.errors import UnrolledError, quoted
from core.theory import cliff, influence, two_lag

MOST_STEPS = 100_000
"""Iterations of the cliff's network that are run for an answer."""


def cliff_report(arguments: Arguments) -> dict[str, Any]:
    """Pascanu's one-unit network: loss, gradient and wall at (w, b). Raises UnrolledError where there is no wall."""
    w, steps = number("w", arguments.w), whole("steps", arguments.steps, 1, MOST_STEPS)
    on_wall = arguments.b == "wall"
    wall = float(cliff.wall(w)) if w > cliff.LEAST_W else None
    if on_wall and wall is None:
        raise UnrolledError(
            f"`--b` (=wall) needs `--w` (={w:g}) above {cliff.LEAST_W:.5f}, which is 1 ÷ σ'(0.5): up to there nothing "
            "is thrown off the start, so there is no wall. Raise `--w`, or give `--b` a number."
        )
    b = wall if on_wall and wall is not None else number("b", arguments.b, "a number or the word wall")
    if on_wall:
        loss, (dw, db) = (cliff.LEVEL - cliff.TARGET) ** 2, cliff.gradient_on_wall(w, steps)
    else:
        loss, (dw, db) = float(cliff.loss(w, b, steps)), (float(part) for part in cliff.gradient(w, b, steps))
    with np.errstate(over="ignore"):
        norm = float(np.hypot(dw, db))
    return {"w": w, "b": b, "steps": steps, "loss": loss, "gradient": {"w": dw, "b": db}, "gradient_norm": norm,
            "wall": wall, "on_wall": on_wall}  # fmt: skip


def influence_report(arguments: Arguments) -> dict[str, Any]:
    """Influence balancing: the derivative truncated at K inputs, and in full."""
    k = whole("k", arguments.k, 1, None)
    slope, full = influence.derivative(k), influence.full()
    return {"units": influence.UNITS, "positive": influence.POSITIVE, "k": k, "derivative": slope, "full": full,
            "wrong_way": slope * full <= 0, "right_way_from_k": influence.first_right()}  # fmt: skip


def two_lag_report(arguments: Arguments) -> dict[str, Any]:
    """The two-lag stream: the least losses, in nats, of a model that sees no lag, one of them, or both."""
    if len(arguments.lags) != 2:
        raise UnrolledError(f"`--lags` (={quoted(' '.join(arguments.lags))}) must be two numbers, as in `--lags 3 8`.")
    short, long = (whole("lags", text, 0, None) for text in arguments.lags)
    least = two_lag.floors(short, long)
    return {"lags": [short, long], "no_lag": least.none, "short_only": least.short, "long_only": least.long,
            "both": least.both}  # fmt: skip


def memory_capacity_report(arguments: Arguments) -> dict[str, Any]:
    """Memory capacity by lag of the leaky unit h = a h + u, in closed form and measured on random inputs."""
    from core.reading.fading import MAX_LAG, memory_capacity

    leak = number("leak", arguments.leak, "a number between -1 and 1", "0.9")
    if not -1 < leak < 1:
        raise UnrolledError(
            f"`--leak` (={quoted(arguments.leak)}) must lie between -1 and 1, both excluded: beyond, the state has no "
            "stationary spread. Choose a leak such as 0.9."
        )
    return memory_capacity(leak, whole("max-lag", arguments.max_lag, 0, MAX_LAG))
