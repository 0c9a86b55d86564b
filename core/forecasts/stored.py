"""The stored table: what was counted, when, where and with which engine, and how it was judged."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.forecasts.calibration import Judged, Row
from core.forecasts.table import Count, Key

TABLE = Path(__file__).with_name("table.json")


@dataclass(frozen=True)
class Stored:
    """A table and where it comes from.

    draw     seed of the distribution
    engine   ENGINE_VERSION of the build
    date     of the build
    machine  in words
    runs     how many were trained, those held out included
    choices  the values that were drawn of every setting that is a choice, by its key
    counts   by key
    judged   on the runs held out
    """

    draw: int
    engine: str
    date: str
    machine: str
    runs: int
    choices: dict[str, list[str]]
    counts: dict[Key, Count]
    judged: Judged

    def as_json(self) -> dict[str, Any]:
        """Plain values, in order."""
        counts = [{"like": list(key), "n": count.n, "solved": count.solved} for key, count in self.counts.items()]
        return {name: getattr(self, name) for name in ("draw", "engine", "date", "machine", "runs", "choices")} | {
            "counts": counts,
            "judged": asdict(self.judged),
        }

    @classmethod
    def of_json(cls, plain: dict[str, Any]) -> Stored:
        """What ``as_json`` made plain."""
        counts = {tuple(each["like"]): Count(each["n"], each["solved"]) for each in plain["counts"]}
        rows = tuple(Row(**row) for row in plain["judged"]["rows"])
        return cls(**plain | {"counts": counts, "judged": Judged(**plain["judged"] | {"rows": rows})})


@lru_cache(maxsize=1)
def stored() -> Stored:
    """The table of this version."""
    return Stored.of_json(json.loads(TABLE.read_text("utf-8")))
