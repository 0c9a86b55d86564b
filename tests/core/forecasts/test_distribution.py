"""The declared distribution: a pure function of the index that leaves out nothing it names."""

from __future__ import annotations

from core.forecasts.distribution import CELLS, HIDDEN, LENGTHS, RATES, STEPS, TASKS, drawn

MANY = [drawn(index) for index in range(400)]


def test_a_run_is_a_pure_function_of_its_index() -> None:
    assert [drawn(index) for index in (399, 3, 0)] == [MANY[399], MANY[3], MANY[0]]
    assert len({config.digest() for config in MANY}) == len(MANY)


def test_it_stays_within_its_bounds() -> None:
    for config in MANY:
        assert LENGTHS[0] <= config.task.length <= LENGTHS[1] and HIDDEN[0] <= config.cell.hidden_size <= HIDDEN[1]
        low, high = RATES[config.optimizer]
        assert STEPS[0] <= config.steps <= STEPS[1] and low <= config.lr <= high


def test_every_task_and_cell_of_the_declaration_is_drawn() -> None:
    assert {config.task.name for config in MANY} == set(TASKS)
    assert {config.cell.name for config in MANY} == set(CELLS)
