"""The command ``python -m core presets check``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from core.config import ENGINE_VERSION, RunConfig
from core.presets import PRESETS
from core.progress import Progress
from core.promises.measuring import trained
from core.promises.report import as_rows, as_text, broken
from core.promises.stored import RUNS, SEEDS, Run, store, stored


def add_check(parser: argparse.ArgumentParser) -> None:
    """The sub-command and its options."""
    parser.set_defaults(topic=None)
    topics = parser.add_subparsers(metavar="TOPIC")
    sub = topics.add_parser("check", help=check.__doc__, description=check.__doc__)
    sub.set_defaults(topic=check)
    declared = " ".join(map(str, SEEDS))
    sub.add_argument("--names", nargs="+", default=list(PRESETS), metavar="NAME", help="which presets (default: all)")
    which = sub.add_mutually_exclusive_group()
    which.add_argument(
        "--seeds", type=int, nargs="+", default=SEEDS, metavar="N", help=f"which seeds (default: {declared})"
    )
    which.add_argument(
        "--store", type=Path, nargs="?", const=RUNS, metavar="FILE",
        help=f"keep what is measured with the seeds {declared}, and go on from what is kept (default: {RUNS.name} "
        "beside the code)",
    )  # fmt: skip
    sub.add_argument("--json", action="store_true", dest="as_json", help="a list of claims with what was measured")


def check(arguments: argparse.Namespace) -> int:
    """Train presets with seeds that they were not tuned on, and say whether each promise is kept."""
    names, seeds = list(dict.fromkeys(arguments.names)), list(dict.fromkeys(arguments.seeds))
    configs = {(name, seed): RunConfig.preset(name, seed=seed) for seed in seeds for name in names}
    runs = _all(configs, arguments.store)
    found = {name: [run.measures for run in runs if run.preset == name] for name in names}
    print(json.dumps(as_rows(found), indent=1) if arguments.as_json else as_text(found))
    return 1 if broken(found) else 0


def _all(configs: Mapping[tuple[str, int], RunConfig], file: Path | None) -> list[Run]:
    """A run of every preset and seed, trained now or found in ``file``, which then holds all that are current."""
    runs = [run for run in stored(file) if run.current] if file else []
    have = {(run.preset, run.seed) for run in runs}
    wanted = {key: config for key, config in configs.items() if key not in have}
    progress = Progress()
    for done, ((name, seed), config) in enumerate(wanted.items()):
        progress.show(done / len(wanted), f"{done} of {len(wanted)} runs: {name}, seed {seed}")
        digest, today = config.digest(), date.today().isoformat()
        runs.append(Run(name, seed, ENGINE_VERSION, today, digest, trained(config)))
        if file:
            store(runs, file)
    progress.clear()
    return runs
