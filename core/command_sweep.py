"""The command ``python -m core sweep``: a grid or random draws over one to three settings, each point with seeds.

It trains with the worker that serves the data folder, or is that worker itself as long as it takes. What it trains are
runs like all others: the app shows them, and the same command goes on where it was stopped or killed.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import replace

from core.budget import Limits, runs_at_once
from core.config import RunConfig
from core.errors import ConfigError
from core.lab.client import Lab
from core.lab.owner import command_line_owner
from core.lab.sweeps import Sweeps
from core.numbers import duration, plural
from core.progress import Progress
from core.sweep import (
    FORMS,
    GOING,
    Results,
    Sweep,
    as_json,
    as_table,
    cost_words,
    decision,
    run_rows,
    size_words,
    sweep,
)

LOOK_SECONDS = 0.25
EVERYTHING = 10**9
"""On one's own machine nothing but its memory bounds a sweep."""


def add_sweep(sub: argparse.ArgumentParser) -> None:
    """The options beside those of a config."""
    sub.add_argument("axes", nargs="*", metavar="KEY=VALUES", help=f"what is varied: {FORMS}".replace("%", "%%"))
    sub.add_argument("--seeds", type=int, default=3, metavar="N", help="from the config's own on (default 3)")
    sub.add_argument("--random", type=int, default=0, metavar="N", help="draw so many points instead of a grid")
    sub.add_argument("--dry-run", action="store_true", help="say what it would cost, and train nothing")
    form = sub.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object: runs, points and tests")
    form.add_argument("--csv", action="store_true", help="a row a run, as pandas.read_csv reads them")


def run_sweep(base: RunConfig, arguments: argparse.Namespace) -> int:
    """Train what is missing, with progress on stderr, and print what came of it; 130 where it was interrupted."""
    base.task.check()
    if not arguments.axes:
        raise ConfigError(
            ["Name what is varied, `cell.hidden_size=8,16,32` say, before `--set`, which takes all that follows it."]
        )
    wanted = sweep(base, arguments.axes, seeds=arguments.seeds, draws=arguments.random)
    print(*wanted.problems, sep="\n", end="\n" if wanted.problems else "", file=sys.stderr)
    lab = Lab(limits=replace(Limits.of_host(), minutes=math.inf, runs_per_visitor=EVERYTHING, queued=EVERYTHING))
    results = Sweeps(lab).look(wanted)
    there = f"{size_words(wanted)}, all of them there already."
    print(there if results.through else cost_words(results, runs_at_once()), file=sys.stderr)
    if arguments.dry_run:
        return 0
    if not results.through:
        results = _Training(lab, wanted).to_its_end()
    print(_written(results, arguments))
    if results.count(*GOING, "paused"):
        print(f"{_done(results)}. The same command goes on.", file=sys.stderr)
        return 130
    return 0 if results.through else 1


def _written(results: Results, arguments: argparse.Namespace) -> str:
    if arguments.json:
        return json.dumps(as_json(results), indent=1, allow_nan=False)
    if arguments.csv:
        from pandas import DataFrame

        return DataFrame(run_rows(results)).to_csv(index=False).rstrip()
    ended = results.count("ended")
    failed = f"{plural(ended, 'run')} ended early; the same command trains {'it' if ended == 1 else 'them'} anew."
    return "\n".join(filter(None, (as_table(results), "", decision(results), failed if ended else "")))


def _done(results: Results) -> str:
    return f"{results.count('through')} of {plural(len(results.runs), 'run')}"


class _Training:
    """One training of what is missing."""

    def __init__(self, lab: Lab, wanted: Sweep) -> None:
        self.sweeps, self.sweep, self.owner = Sweeps(lab), wanted, command_line_owner(lab.folder)
        self.folder, self.progress, self.looked = lab.folder, Progress(), -math.inf
        self.results = self.sweeps.start(wanted, self.owner)

    def to_its_end(self) -> Results:
        """Wait till nothing moves any more; interrupted, let the runs rest where they are."""
        from core.lab.worker import serve

        try:
            while not self._over():
                if not serve(self.folder, until=self._over):  # somebody else's worker trains them
                    time.sleep(LOOK_SECONDS)
                elif not self._over():  # asked to leave
                    raise KeyboardInterrupt
        except (KeyboardInterrupt, SystemExit):
            self.sweeps.hold(self.sweep, self.owner)
        self.progress.clear()
        return self.sweeps.look(self.sweep)

    def _over(self) -> bool:
        now = time.monotonic()
        if now - self.looked >= LOOK_SECONDS:
            self.looked, self.results = now, self.sweeps.look(self.sweep)
            left = "" if self.results.through else f", about {duration(self.results.seconds_left(runs_at_once()))} left"
            self.progress.show(self.results.share, f"{_done(self.results)}{left}")
        return not self.results.count(*GOING)
