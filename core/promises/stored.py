"""What was measured of the presets with the declared seeds: a line of JSON a run, beside this file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any, TypeVar

from core.config import ENGINE_VERSION, RunConfig
from core.presets import PRESETS
from core.presets.claims import MEASURES, Measures

RUNS = Path(__file__).with_name("runs.jsonl")
SEEDS = (31, 32, 33, 34, 35)
"""Of the stored runs. No preset's settings were tuned on them; the counts in promises count them."""
DIGITS = 5
"""Significant digits that are kept of a measured number."""
Record = TypeVar("Record")


@dataclass(frozen=True)
class Run:
    """One trained run of a preset: which one, with which engine and on which day, and what was measured."""

    preset: str
    seed: int
    engine: str
    date: str
    digest: str
    measures: Measures

    @property
    def current(self) -> bool:
        """Whether this engine and these presets would train the same run, with a declared seed."""
        return (
            self.preset in PRESETS
            and self.seed in SEEDS
            and self.engine == ENGINE_VERSION
            and self.digest == RunConfig.preset(self.preset, seed=self.seed).digest()
        )


def stored(path: Path = RUNS) -> list[Run]:
    """The runs in ``path``; none where there is no such file."""
    if not path.exists():
        return []
    return [read_line(Run, json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def store(runs: Iterable[Run], path: Path) -> None:
    """Write ``runs`` to ``path``, in the order of presets and seeds, each number to DIGITS digits."""
    order = {name: place for place, name in enumerate(PRESETS)}
    lines = [line_of(run) for run in sorted(runs, key=lambda run: (order[run.preset], run.seed))]
    path.write_text("".join(json.dumps(line, allow_nan=False) + "\n" for line in lines), "utf-8")


def line_of(run: Any) -> dict[str, Any]:
    """A record of a run with its measures as plain values; JSON has no word for what is not finite, so that is text."""
    plain = asdict(run)
    measures: dict[str, float] = plain.pop("measures")
    rounded = {name: float(f"{value:.{DIGITS}g}") for name, value in measures.items()}
    return plain | {name: value if abs(value) < inf else str(value) for name, value in rounded.items()}


def read_line(kind: Callable[..., Record], line: dict[str, Any]) -> Record:
    """The record, of this kind, that ``line_of`` made the line of."""
    own = {name: value for name, value in line.items() if name not in MEASURES}
    return kind(**own, measures=Measures(**{name: float(line[name]) for name in MEASURES}))
