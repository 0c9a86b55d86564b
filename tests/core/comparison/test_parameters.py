"""The count without torch is the count of what is really trained."""

from __future__ import annotations

import pytest

from core.anatomy import ANATOMIES
from core.comparison import parameters, suggestions
from core.comparison.members import applied
from core.comparison.parameters import nearest_size
from core.config import RunConfig
from core.training.learner import Learner


@pytest.mark.parametrize("trained", ["all", "readout"])
@pytest.mark.parametrize("task", ["temporal-order", "adding", "two-lag"])
@pytest.mark.parametrize("cell", ANATOMIES)
def test_as_many_as_the_learner_moves(cell: str, task: str, trained: str) -> None:
    config = RunConfig.from_flat({"cell.name": cell, "task.name": task, "cell.hidden_size": 5, "trained": trained})
    for each in (config, *(applied(config, text) for text in suggestions(config))):
        assert parameters(each) == len(Learner(each)._moved), each.label
        assert parameters(each, 9) == parameters(each.replace(**{"cell.hidden_size": 9}))


def test_the_nearest_size_of_all() -> None:
    config = RunConfig.from_flat({"cell.name": "gru"})
    for wanted in (1, 100, 1000, 12345):
        best = min(range(1, 513), key=lambda size: abs(parameters(config, size) - wanted))
        assert nearest_size(config, wanted) == best
