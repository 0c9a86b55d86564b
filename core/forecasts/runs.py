"""The runs behind the table, each in a few numbers: what was measured before training, and what came of it."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Any

import numpy as np

from core.forecasts.distribution import drawn
from core.forecasts.features import Known, known
from core.reach import loss_steps
from core.reading.horizon import horizon_of
from core.reading.outcome import outcome_of

RUNS = Path(__file__).with_name("runs.csv.gz")
COLUMNS = ("index", "digest", "arriving", "solved_at", "score", "last", "broke")
DIGEST = 12
"""Letters of a config's digest that are kept."""


@dataclass(frozen=True)
class Run:
    """One trained run of the distribution.

    arriving   see Known
    solved_at  the first training step at which its score was seen to reach the task's solved line, where its last score
               is there too; else None
    score      of its last scoring
    last       its last training step
    broke      whether it ended because its numbers were no longer finite
    """

    index: int
    digest: str
    arriving: float
    solved_at: int | None
    score: float
    last: int
    broke: bool

    @property
    def solved(self) -> bool:
        """Whether it ended with its task solved."""
        return self.solved_at is not None

    @property
    def known(self) -> Known:
        """What was known before it trained."""
        return Known(drawn(self.index), self.arriving)

    @property
    def judges(self) -> bool:
        """Whether it is of the third that is held out: counted nowhere, it judges the counts."""
        return self.index % 3 == 2


def run_of(line: dict[str, Any]) -> Run:
    """The run of one line of a build."""
    config = drawn(line["index"])
    flow = np.array([nan if value is None else value for value in line["flow_last"]])
    start = horizon_of(flow, asked=int(loss_steps(config.task)[-1]), cuts=config.cuts)
    steps, scores = (np.array(column, float) for column in zip(*line["scored"]))
    loss = np.where(np.arange(len(steps)) == len(steps) - 1, nan if line["broke"] else 0.0, 0.0)
    outcome = outcome_of({"step": steps, "score": scores, "loss": loss}, config)
    return Run(
        line["index"],
        line["digest"][:DIGEST],
        float(f"{known(config, start).arriving:.4g}"),
        outcome.solved,
        float(f"{scores[-1]:.3f}"),
        line["last"],
        line["broke"],
    )


def packed(runs: Iterable[Run]) -> bytes:
    """CSV, compressed; the same runs give the same bytes."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for run in runs:
        at = "" if run.solved_at is None else run.solved_at
        table.writerow([run.index, run.digest, run.arriving, at, run.score, run.last, int(run.broke)])
    return gzip.compress(text.getvalue().encode(), mtime=0)


def unpacked(content: bytes) -> list[Run]:
    """What ``packed`` packed."""
    return [
        Run(
            int(row["index"]),
            row["digest"],
            float(row["arriving"]),
            int(row["solved_at"]) if row["solved_at"] else None,
            float(row["score"]),
            int(row["last"]),
            row["broke"] == "1",
        )
        for row in csv.DictReader(io.StringIO(gzip.decompress(content).decode()))
    ]
