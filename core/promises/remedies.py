"""``python -m core remedies``: what each remedy alone does to a network that fails, trained with a few seeds."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import mean, median
from typing import Any

from core.comparison import difference, remedies
from core.comparison.members import applied
from core.config import RunConfig
from core.errors import UnrolledError
from core.frames import number
from core.need import surely
from core.numbers import percent, plain, plural
from core.presets.claims import Measures
from core.progress import Progress
from core.promises.measuring import measured

HEADER = ("remedy", "untrained gradient reaches", "solved", "at step", "best score", "score at the end", "ms a step")


@dataclass(frozen=True)
class Tried:
    """One member: in words, and what was measured with each seed; milliseconds of this process a training step, with
    its batches and scorings."""

    words: str
    runs: tuple[Measures, ...]
    milliseconds: float


def add_remedies(parser: argparse.ArgumentParser) -> None:
    """The options beside those of a config."""
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="from the config's own on (default 3)")
    parser.add_argument(
        "--also", nargs="+", default=[], metavar="KEY:VALUE,…", help="further members: cell.init:orthogonal,clip:norm"
    )
    parser.add_argument("--json", action="store_true", help="a list of remedies with what was measured of each seed")


def tried(config: RunConfig, members: Sequence[str], seeds: int) -> list[Tried]:
    """``config`` itself and each of ``members``, trained to the end with ``seeds`` seeds. Raises UnrolledError for a
    number of seeds below 1, ConfigError for a member that does not go with ``config``."""
    if seeds < 1:
        raise UnrolledError(f"`--seeds` (={seeds}) must be at least 1. Leave it out for 3.")
    found, progress = [], Progress()
    for place, text in enumerate(("", *members)):
        words, own = ("as it is", config) if not text else (difference(config, text), applied(config, text))
        progress.show(place / (1 + len(members)), words)
        found.append(Tried(words, *_trained(own, seeds)))
    progress.clear()
    return found


def _trained(config: RunConfig, seeds: int) -> tuple[tuple[Measures, ...], float]:
    from core.training import train

    runs, taken = [], []
    for seed in range(config.seed, config.seed + seeds):
        one, start = config.replace(seed=seed), time.process_time()
        runs.append(measured(one, train(one)))
        taken.append(1e3 * (time.process_time() - start) / (one.steps + 1))
    return tuple(runs), median(taken)


def as_table(config: RunConfig, found: Sequence[Tried]) -> str:
    """In Markdown, with what it is of above it."""
    seeds = len(found[0].runs)
    title = (
        f"{config.label} on {config.task.title}, {plural(config.steps, 'update')}, {plural(seeds, 'seed')} from "
        f"{config.seed} on; the task {surely(config.task, 'needs')} {plural(config.task.lag, 'step')} back."
    )
    rows = [HEADER, ("---",) * len(HEADER), *(_row(each) for each in found)]
    return "\n".join([title, "", *(f"| {' | '.join(row)} |" for row in rows)])


def as_rows(found: Sequence[Tried]) -> list[dict[str, Any]]:
    """For programs: a remedy a row, a list of what was measured of its seeds; what is no number is null."""
    return [
        {"remedy": each.words, "ms_a_step": each.milliseconds,
         "runs": [{name: number(value) for name, value in vars(run).items()} for run in each.runs]}
        for each in found
    ]  # fmt: skip


def _row(each: Tried) -> tuple[str, ...]:
    reach = [run.horizon for run in each.runs if isfinite(run.horizon)]
    solved = [run.solved_at for run in each.runs if isfinite(run.solved_at)]
    return (
        each.words,
        _span([f"{value:,.0f}" for value in (min(reach), max(reach))]) + " steps" if reach else "nowhere",
        f"{len(solved)} of {len(each.runs)}",
        f"{mean(solved):,.0f}" if solved else "–",
        _span([percent(f([run.highest_score for run in each.runs])) for f in (min, max)]),
        _span([percent(f([run.score for run in each.runs])) for f in (min, max)]),
        plain(each.milliseconds),
    )


def _span(ends: Sequence[str]) -> str:
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def main(config: RunConfig, arguments: argparse.Namespace) -> int:
    """Train and print the table."""
    members = [*remedies(config, most=sys.maxsize), *arguments.also]
    found = tried(config, members, arguments.seeds)
    print(json.dumps(as_rows(found), indent=1) if arguments.json else as_table(config, found))
    return 0
