"""One small run, trained and stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import RunConfig
from core.exports import Moment
from core.store import RunWriter, load_run
from core.training import train

CONFIG = RunConfig.from_flat({
    "task.name": "temporal-order", "task.length": 12, "cell.name": "lstm", "cell.hidden_size": 4, "steps": 6,
    "batch_size": 5, "cell.init": "chrono", "optimizer": "adamw",
})  # fmt: skip


@pytest.fixture(scope="session")
def moment(tmp_path_factory: pytest.TempPathFactory) -> Moment:
    """The newest moment of a run of CONFIG."""
    path: Path = tmp_path_factory.mktemp("run") / "small-run.sqlite"
    with RunWriter(path, "small-run", CONFIG, 1) as writer:
        for frame in train(CONFIG):
            writer.append(frame)
        writer.close(over=True)
    return Moment(load_run(path), link="http://example.org/gradient_flow?run=small-run")
