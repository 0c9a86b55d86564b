"""Every preset keeps its promise. Trained for real; a run that has to solve its task is left as soon as it has."""

import math

import pytest

from core import PRESETS, TASKS, RunConfig, train
from core.config import CELL_CONFIGS
from core.diagnostics.horizon import horizon_of

SOLVES = [
    *[f"{task}-{cell}" for task in ("temporal-order", "review", "adding") for cell in ("lstm", "gru", "peephole")],
    "copy-lstm",
    "copy-gru",
]
STAYS_AT_CHANCE = [
    "temporal-order-rnn",
    "temporal-order-lstm-default-init",
    "temporal-order-lstm-truncated",
    "review-rnn",
    "adding-rnn",
    "copy-rnn",
]


def solved_at(config: RunConfig) -> int | None:
    """The first scored step from which on the task is solved, None if it never is."""
    return next((frame.step for frame in train(config) if frame.score >= config.task.solved), None)


def test_every_task_and_cell_has_its_preset() -> None:
    for task in TASKS:
        for cell in CELL_CONFIGS:
            config = PRESETS[f"{task}-{cell}"].config
            assert (config.task.name, config.cell.name) == (task, cell)
    assert len({preset.config.digest() for preset in PRESETS.values()}) == len(PRESETS)
    assert all(preset.title and preset.group and preset.promise.endswith(".") for preset in PRESETS.values())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_chrono_lstm_solves_temporal_order_by_step_600(seed: int) -> None:
    step = solved_at(RunConfig.preset("temporal-order-lstm", seed=seed))
    assert step is not None and step <= 600


@pytest.mark.slow
@pytest.mark.parametrize("name", SOLVES)
def test_solves(name: str) -> None:
    assert solved_at(PRESETS[name].config) is not None


@pytest.mark.slow
@pytest.mark.parametrize("name", STAYS_AT_CHANCE)
def test_stays_at_chance(name: str) -> None:
    config = PRESETS[name].config
    for frame in train(config):
        last = frame
    assert last.step == config.steps and abs(last.score - config.task.chance) < 0.05


@pytest.mark.slow
def test_the_peephole_lstm_copies_most_symbols() -> None:
    *_, last = train(PRESETS["copy-peephole"].config)
    assert last.score > 0.75


@pytest.mark.slow
def test_the_copying_gru_is_faster_than_the_lstm() -> None:
    gru, lstm = solved_at(PRESETS["copy-gru"].config), solved_at(PRESETS["copy-lstm"].config)
    assert gru is not None and lstm is not None and gru < lstm


def test_the_exploding_run_explodes_and_the_clipped_one_survives() -> None:
    *_, exploded = train(PRESETS["exploding-rnn"].config)
    assert not math.isfinite(exploded.loss) and exploded.step < PRESETS["exploding-rnn"].config.steps
    clipped = PRESETS["exploding-rnn-clipped"].config
    *_, last = train(clipped)
    assert last.step == clipped.steps and math.isfinite(last.loss)
    assert PRESETS["exploding-rnn"].config.replace(clip="norm") == clipped


@pytest.mark.parametrize(("name", "vanishes"), [
    ("temporal-order-rnn", True), ("temporal-order-gru", True), ("temporal-order-lstm-default-init", True),
    ("temporal-order-lstm", False),
])  # fmt: skip
def test_what_presets_say_of_the_untrained_gradient(name: str, vanishes: bool) -> None:
    """Half-lives of a step or two against a gradient that arrives; "within a dozen steps" is the RNN's horizon."""
    config = PRESETS[name].config
    frame = next(iter(train(config)))
    horizon = horizon_of(frame.flow_last)
    assert horizon.reach is not None
    assert (horizon.reach < config.task.lag / 2) == vanishes
    if name == "temporal-order-rnn":
        assert horizon.reach <= 12
