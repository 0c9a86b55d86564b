"""Batches are pure functions of config and step; probes and the held-out set are fixed."""

import numpy as np
import pytest

from core import TASKS, RunConfig
from core.data import HELD_OUT, PROBES, held_out, probes, training_batch


@pytest.mark.parametrize("name", TASKS)
def test_same_step_same_batch_other_step_other_batch(name: str) -> None:
    config = RunConfig.from_flat({"task.name": name, "seed": 3})
    assert np.array_equal(training_batch(config, 5).x, training_batch(config, 5).x)
    assert not np.array_equal(training_batch(config, 5).x, training_batch(config, 6).x)
    assert not np.array_equal(training_batch(config, 5).x, training_batch(config.replace(seed=4), 5).x)
    assert training_batch(config, 0).x.shape == (config.task.length, config.batch_size, config.task.input_size)


@pytest.mark.parametrize("name", TASKS)
def test_held_out_set_is_fixed_and_large(name: str) -> None:
    config = RunConfig.from_flat({"task.name": name})
    steps = config.task.judged_steps
    assert held_out(config).x[..., 0].size == (steps or HELD_OUT * config.task.length) >= 1000
    assert np.array_equal(held_out(config).x, held_out(config.replace(seed=9)).x)
    assert not np.array_equal(
        held_out(config).x[: config.task.length, : config.batch_size], training_batch(config, 0).x
    )


def test_probes_show_every_class_they_can() -> None:
    config = RunConfig()
    shown = probes(config)
    assert shown.x.shape[1] == PROBES == len(set(shown.target[-1].tolist()))
    assert np.array_equal(shown.x, probes(config.replace(seed=1, **{"cell.name": "gru"})).x)
