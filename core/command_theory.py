"""The command ``python -m core theory …``: closed forms and counterfactuals, one JSON object each."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np

from core.config import RunConfig
from core.errors import ConfigError, UnrolledError, quoted
from core.theory import cliff, influence, two_lag

Arguments = argparse.Namespace
MOST_STEPS = 100_000
"""Iterations of the cliff's network that are run for an answer."""
PATIENCE = 30.0
"""Nobody waits at a page here: so much more time may go into a bias curve."""


def add_theory(parser: argparse.ArgumentParser, add_config: Callable[[argparse.ArgumentParser], None]) -> None:
    """The sub-commands; each one's ``report`` gives its object. ``add_config``: the options that name a run's config.

    Values come as text, so that a bad one earns a sentence and not a usage line.
    """
    topics = parser.add_subparsers(required=True, metavar="TOPIC")

    def topic(name: str, report: Callable[[Arguments], dict[str, Any]]) -> argparse.ArgumentParser:
        text = (report.__doc__ or "").partition(" Raises")[0]
        sub = topics.add_parser(name, help=text, description=text)
        sub.set_defaults(report=report)
        return sub

    sub = topic("cliff", cliff_report)
    sub.add_argument("--w", default="5", help="the recurrent weight (default: 5)")
    sub.add_argument("--b", required=True, metavar="wall|NUMBER", help="the bias; wall: exactly on the wall")
    sub.add_argument("--steps", default=str(cliff.STEPS), help=f"steps of the network (default: {cliff.STEPS})")
    topic("influence", influence_report).add_argument("--k", required=True, metavar="K", help="inputs that are seen")
    topic("two-lag", two_lag_report).add_argument(
        "--lags", required=True, nargs="+", metavar="LAG", help="the short lag and the long one"
    )
    sub = topic("truncation-bias", truncation_bias_report)
    add_config(sub)
    sub.add_argument("--at", default="0", metavar="STEP", help="training step at which to ask (default: 0)")
    sub.add_argument("--sequences", metavar="N", help="how many sequences of the batch (default: all)")


def report(arguments: Arguments) -> str:
    """One line of JSON. What is not a finite number is null and named under ``nonfinite``."""
    found: dict[str, Any] = arguments.report(arguments)
    nonfinite: list[str] = []
    plain = {name: _plain(value, name, nonfinite) for name, value in found.items()}
    return json.dumps(plain | {"finite": not nonfinite, "nonfinite": nonfinite}, allow_nan=False, ensure_ascii=False)


def _plain(value: Any, name: str, nonfinite: list[str]) -> Any:
    """``value`` as JSON has it; the dotted names of what holds other than finite numbers join ``nonfinite``."""
    if isinstance(value, dict):
        return {key: _plain(inner, f"{name}.{key}", nonfinite) for key, inner in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    numbers = value if isinstance(value, list) else [value]
    bad = [isinstance(number, float) and not isfinite(number) for number in numbers]
    if any(bad):
        nonfinite.append(name)
    plain = [None if is_bad else number for number, is_bad in zip(numbers, bad)]
    return plain if isinstance(value, list) else plain[0]


# -- the reports ------------------------------------------------------------------------------------------------------


def cliff_report(arguments: Arguments) -> dict[str, Any]:
    """Pascanu's one-unit network: loss, gradient and wall at (w, b). Raises UnrolledError where there is no wall."""
    w, steps = _number("w", arguments.w), _whole("steps", arguments.steps, 1, MOST_STEPS)
    on_wall = arguments.b == "wall"
    wall = float(cliff.wall(w)) if w > cliff.LEAST_W else None
    if on_wall and wall is None:
        raise UnrolledError(
            f"`--b` (=wall) needs `--w` (={w:g}) above {cliff.LEAST_W:.5f}, which is 1 ÷ σ'(0.5): up to there nothing "
            "is thrown off the start, so there is no wall. Raise `--w`, or give `--b` a number."
        )
    b = wall if on_wall and wall is not None else _number("b", arguments.b, "a number or the word wall")
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
    k = _whole("k", arguments.k, 1, None)
    slope, full = influence.derivative(k), influence.full()
    return {"units": influence.UNITS, "positive": influence.POSITIVE, "k": k, "derivative": slope, "full": full,
            "wrong_way": slope * full <= 0, "right_way_from_k": influence.first_right()}  # fmt: skip


def two_lag_report(arguments: Arguments) -> dict[str, Any]:
    """The two-lag stream: the least losses, in nats, of a model that sees no lag, one of them, or both."""
    if len(arguments.lags) != 2:
        raise UnrolledError(f"`--lags` (={quoted(' '.join(arguments.lags))}) must be two numbers, as in `--lags 3 8`.")
    short, long = (_whole("lags", text, 0, None) for text in arguments.lags)
    least = two_lag.floors(short, long)
    return {"lags": [short, long], "no_lag": least.none, "short_only": least.short, "long_only": least.long,
            "both": least.both}  # fmt: skip


def truncation_bias_report(arguments: Arguments) -> dict[str, Any]:
    """The full gradient against the truncated one for every K, on the weights and the batch of one training step."""
    config: RunConfig = arguments.config_of(arguments)
    step = _whole("at", arguments.at, 0, None)
    if step > config.steps:
        raise ConfigError(
            [f"`--at` (={step}) must lie within the run's {config.steps:,} steps. Lower it, or raise `steps`."]
        )
    most = config.batch_size
    sequences = None if arguments.sequences is None else _whole("sequences", arguments.sequences, 1, most)
    from core.diagnostics.truncation_bias import truncation_bias
    from core.moment import moment_of

    arrays = truncation_bias(moment_of(config, step, sequences=sequences), PATIENCE)
    modes = ("windows", "sliding")
    by_mode = {mode: {name.removeprefix(f"{mode}."): values for name, values in arrays.items()
                      if name.startswith(f"{mode}.")} for mode in modes}  # fmt: skip
    return {"step": step, "sequences": sequences or most, "length": config.task.length,
            "needed": config.task.lag + 1, **by_mode, "phi": arrays["phi"]}  # fmt: skip


# -- values -----------------------------------------------------------------------------------------------------------


def _number(name: str, text: str, kind: str = "a number") -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise UnrolledError(f"`--{name}` (={quoted(text)}) must be {kind}, as in `--{name} -2.5`.")
    return value


def _whole(name: str, text: str, least: int, most: int | None) -> int:
    try:
        value = int(text)
    except ValueError:
        raise UnrolledError(
            f"`--{name}` (={quoted(text)}) must be a whole number, as in `--{name} {least + 2}`."
        ) from None
    if value < least:
        raise UnrolledError(f"`--{name}` (={value}) must be {least} or more. Raise `--{name}`.")
    if most is not None and value > most:
        raise UnrolledError(f"`--{name}` (={value}) must be {most} or less. Lower `--{name}`.")
    return value
