"""What was measured of the cards' runs: a line of JSON for each config and seed, beside this file.

Where a card's run is a preset's, what ``python -m core presets check --store`` has measured of it serves until the
gallery itself is built.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.config import ENGINE_VERSION
from core.presets.claims import Measures
from core.promises.stored import line_of, read_line
from core.promises.stored import stored as promised

RUNS = Path(__file__).with_name("runs.jsonl")


@dataclass(frozen=True)
class Run:
    """One trained run: of which config, named by its digest; with which engine, on which day, on which machine.

    ``machine`` is empty where nobody wrote it down.
    """

    label: str
    seed: int
    engine: str
    date: str
    machine: str
    digest: str
    measures: Measures


def known() -> dict[str, Run]:
    """All that is measured with this engine, by digest: the gallery's own runs, and the presets'."""
    presets = (run for run in promised() if run.current)
    return {
        run.digest: Run(run.preset, run.seed, run.engine, run.date, "", run.digest, run.measures) for run in presets
    } | stored()


def stored(path: Path = RUNS) -> dict[str, Run]:
    """The runs of this engine in ``path`` by the digests of their configs; none where there is no such file."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    runs = [read_line(Run, json.loads(line)) for line in lines]
    return {run.digest: run for run in runs if run.engine == ENGINE_VERSION}


def store(runs: Iterable[Run], path: Path = RUNS) -> None:
    """Write ``runs`` to ``path``, as they come."""
    path.write_text("".join(json.dumps(line_of(run), allow_nan=False) + "\n" for run in runs), "utf-8")
