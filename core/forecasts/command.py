"""The command ``python -m core forecasts build | report``."""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path

from core.config import ENGINE_VERSION
from core.errors import UnrolledError
from core.forecasts.condense import FEWEST, condensed
from core.forecasts.report import as_json, as_text
from core.forecasts.runs import RUNS, packed, run_of
from core.forecasts.stored import TABLE, stored
from core.machine import machine
from core.progress import Progress

RUNS_BUILT = 1200


def add_forecasts(parser: argparse.ArgumentParser) -> None:
    """The sub-commands and their options."""
    topics = parser.add_subparsers(required=True, metavar="TOPIC")
    sub = topics.add_parser("build", help=build.__doc__, description=build.__doc__)
    sub.set_defaults(topic=build)
    sub.add_argument("--runs", type=int, default=RUNS_BUILT, metavar="N", help=f"how many (default: {RUNS_BUILT})")
    sub.add_argument("--processes", type=int, default=2, metavar="N", help="how many at once (default: 2)")
    sub.add_argument(
        "--out", type=Path, default=Path("build/forecasts.jsonl"), metavar="FILE",
        help="a line for every run, to go on from (default: build/forecasts.jsonl)",
    )  # fmt: skip
    sub = topics.add_parser("report", help=report.__doc__, description=report.__doc__)
    sub.set_defaults(topic=report)
    sub.add_argument("--json", action="store_true", help="one JSON object")


def build(arguments: argparse.Namespace) -> int:
    """Train the declared runs that are not trained yet, and count and judge all of them."""
    from core.forecasts.build import build as train_all
    from core.forecasts.build import lines

    for name, least in (("runs", FEWEST), ("processes", 1)):
        if getattr(arguments, name) < least:
            value = getattr(arguments, name)
            raise UnrolledError(f"`--{name}` (={value}) must be at least {least}. Raise `--{name}`.")
    progress = Progress()
    for done in train_all(arguments.out, arguments.runs, arguments.processes):
        progress.show(done / arguments.runs, f"{done:,} of {arguments.runs:,} runs")
    progress.clear()
    runs = [run_of(line) for line in lines(arguments.out) if line["index"] < arguments.runs]
    table = condensed(runs, engine=ENGINE_VERSION, date=date.today().isoformat(), machine=machine())
    RUNS.write_bytes(packed(runs))
    TABLE.write_text(json.dumps(table.as_json(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(as_text(table))
    return 0


def report(arguments: argparse.Namespace) -> int:
    """Print how the stored forecasts did on the runs that were held out."""
    print(as_json(stored()) if arguments.json else as_text(stored()))
    return 0
