"""The command ``python -m core theory …``: closed forms and counterfactuals, one JSON object or one table each."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np

from core.anatomy import ANATOMIES
from core.anatomy.base import INITS
from core.command_theory import tables
from core.command_theory.closed_forms import cliff_report, influence_report, memory_capacity_report, two_lag_report
from core.command_theory.of_networks import cell_options, initial_decay_report, lyapunov_report, truncation_bias_report
from core.command_theory.values import Arguments
from core.theory import cliff


def add_theory(parser: argparse.ArgumentParser, add_config: Callable[[argparse.ArgumentParser], None]) -> None:
    """The sub-commands; each one's ``report`` gives its object, ``columns`` what its table has beside the numbers.

    ``add_config``: the options that name a run's config.

    Values come as text, so that a bad one earns a sentence and not a usage line.
    """
    topics = parser.add_subparsers(required=True, metavar="TOPIC")

    def topic(
        name: str, report: Callable[[Arguments], dict[str, Any]], columns: tables.Columns
    ) -> argparse.ArgumentParser:
        text = (report.__doc__ or "").partition(" Raises")[0]
        sub = topics.add_parser(name, help=text, description=text)
        sub.set_defaults(report=report, columns=columns)
        sub.add_argument("--csv", action="store_true", help="a table, as pandas.read_csv reads it, instead of JSON")
        return sub

    sub = topic("cliff", cliff_report, tables.of_cliff)
    sub.add_argument("--w", default="5", help="the recurrent weight (default: 5)")
    sub.add_argument("--b", required=True, metavar="wall|NUMBER", help="the bias; wall: exactly on the wall")
    sub.add_argument("--steps", default=str(cliff.STEPS), help=f"steps of the network (default: {cliff.STEPS})")
    sub = topic("influence", influence_report, tables.of_influence)
    sub.add_argument("--k", required=True, metavar="K", help="inputs that are seen")
    topic("two-lag", two_lag_report, tables.of_two_lag).add_argument(
        "--lags", required=True, nargs="+", metavar="LAG", help="the short lag and the long one"
    )
    sub = topic("truncation-bias", truncation_bias_report, tables.of_truncation_bias)
    _add_moment(sub, add_config, "all")
    _add_initial_decay(topic("initial-decay", initial_decay_report, tables.of_initial_decay))
    sub = topic("memory-capacity", memory_capacity_report, tables.of_memory_capacity)
    sub.add_argument("--leak", required=True, metavar="A", help="the unit's own weight a, between -1 and 1")
    sub.add_argument("--max-lag", default="10", metavar="K", help="the longest lag (default: 10)")
    sub = topic("lyapunov", lyapunov_report, tables.of_lyapunov)
    _add_moment(sub, add_config, "8")
    sub.add_argument("--matrix", metavar="ROWS", help="instead: the linear network h = U h, '0.9 0.3; 0 -0.5'")


def _add_moment(
    parser: argparse.ArgumentParser, add_config: Callable[[argparse.ArgumentParser], None], sequences: str
) -> None:
    """The options that name a training step of a config and its sequences."""
    add_config(parser)
    parser.add_argument("--at", default="0", metavar="STEP", help="training step at which to ask (default: 0)")
    parser.add_argument("--sequences", metavar="N", help=f"how many sequences of the batch (default: {sequences})")


def _add_initial_decay(parser: argparse.ArgumentParser) -> None:
    """The options that name a cell as it is drawn."""
    parser.add_argument("--cell", required=True, metavar="NAME", help=" or ".join(ANATOMIES))
    parser.add_argument("--init", default="default", metavar="NAME", help=", ".join([*INITS, "chrono"]))
    parser.add_argument("--hidden", default="64", metavar="H", help="hidden units (default: 64)")
    for name, cells in cell_options().items():
        parser.add_argument(f"--{name.replace('_', '-')}", metavar="VALUE", help=cells)
    parser.add_argument("--length", default="100", metavar="T", help="steps of the sequences (default: 100)")
    parser.add_argument("--seeds", default="6", metavar="N", help="networks that are averaged (default: 6)")


def report(arguments: Arguments) -> str:
    """One line of JSON, where what is not a finite number is null and named under ``nonfinite``; or a table as CSV."""
    found: dict[str, Any] = arguments.report(arguments)
    if arguments.csv:
        return tables.table(found, arguments.columns).to_csv(index=False).rstrip()
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
