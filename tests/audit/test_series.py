"""The page Series on really trained runs of every kind of series."""

from __future__ import annotations

import pytest

from app.board.views import PAGES
from core.config import RunConfig
from tests.audit.auditing import of_page
from tests.audit.moments import answered, moments, wanted
from tests.audit.runs import trained

SMALL = {"task.length": 12, "cell.hidden_size": 4, "batch_size": 8, "steps": 30, "lr": 0.03}
PAGE = PAGES["series"]


@pytest.mark.slow
@pytest.mark.parametrize("task", ["drifting", "spectrogram", "own-series", "broken"])
def test_every_sentence_of_series_holds(task: str) -> None:
    wild = {"task.name": "sines", "optimizer": "sgd", "lr": 9.0, "clip": "none", "cell.name": "rnn",
            "cell.activation": "relu"}  # fmt: skip
    run = trained(RunConfig.from_flat(SMALL | (wild if task == "broken" else {"task.name": task, "task.horizon": 2})))
    count = 0
    for moment in moments(run):
        known = answered(moment, wanted(PAGE, run.config)) if moment.name != "stopped" else {}
        for sentence, fault in of_page(PAGE, moment, known, drawn=True):
            assert not fault, f"{moment.name}: {fault}"
            count += bool(sentence)
    assert count > 60
