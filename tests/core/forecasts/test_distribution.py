"""The declared distribution: a pure function of the index that leaves out nothing it names."""

from __future__ import annotations

from collections import Counter
from typing import Any

from core.forecasts.distribution import CELLS, HIDDEN, LENGTHS, RATES, STEPS, TASKS, drawn
from core.settings import settings_of

LEFT_ALONE = {"cell.peephole_gradient"}
"""What is not drawn and keeps its default."""
MANY = [drawn(index) for index in range(400)]


def test_a_run_is_a_pure_function_of_its_index() -> None:
    assert [drawn(index) for index in (399, 3, 0)] == [MANY[399], MANY[3], MANY[0]]
    assert len({config.digest() for config in MANY}) == len(MANY)


def test_it_stays_within_its_bounds() -> None:
    for config in MANY:
        assert LENGTHS[0] <= config.task.length <= LENGTHS[1] and HIDDEN[0] <= config.cell.hidden_size <= HIDDEN[1]
        low, high = RATES[config.optimizer]
        assert STEPS[0] <= config.steps <= STEPS[1] and low <= config.lr <= high


def test_every_choice_is_drawn() -> None:
    drawn_values: Counter[tuple[str, Any]] = Counter()
    offered: set[tuple[str, Any]] = set()
    for config in MANY:
        flat = config.to_flat()
        for key, setting in settings_of(config).items():
            owner = f"{flat[key.split('.')[0] + '.name']}:{key}" if "." in key else key
            if not key.endswith(".name") and key not in LEFT_ALONE:
                offered |= {(owner, value) for value in setting.choices}
            drawn_values[owner, flat[key]] += 1
    assert offered <= set(drawn_values)
    assert {config.task.name for config in MANY} == set(TASKS)
    assert {config.cell.name for config in MANY} == set(CELLS)
