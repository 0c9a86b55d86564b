"""The optimiser's memory of a moment: the update in slow motion is the one that training made."""

from dataclasses import replace
from typing import get_args

import pytest
import torch

from core.config import RunConfig
from core.data import training_batch
from core.training import train
from core.training.optimizer_memory import affordable, has_memory, optimizer_like, remembered
from core.training.replay import moment_of

OPTIMIZERS = get_args(RunConfig.model_fields["optimizer"].annotation)
SMALL = {"task.name": "temporal-order", "task.length": 10, "cell.hidden_size": 3, "batch_size": 4, "steps": 6}


@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name != "sgd"])
@pytest.mark.parametrize("trained", ["all", "readout"])
def test_the_next_update_is_the_runs_own(optimizer: str, trained: str) -> None:
    config = RunConfig.from_flat(SMALL | {"optimizer": optimizer, "trained": trained, "lr_schedule": "cosine"})
    frames = list(train(config))
    for step in (3, 1, 4):  # forwards from a kept state, and back before it
        learner = remembered(moment_of(config, step, frames[step].weights))
        assert learner is not None
        vector = learner.vector.clone()
        own = vector[len(vector) - learner._moved.numel() :]
        twin = optimizer_like(learner, own, step)
        learner.learn(training_batch(config, step), step, move=True, record=False)
        own.grad = learner._moved.grad
        twin.step()
        torch.testing.assert_close(vector, learner.vector, rtol=0, atol=0)
        for name, value in frames[step + 1].weights.items():
            torch.testing.assert_close(learner.params[name], torch.from_numpy(value), rtol=1e-6, atol=1e-8)


def test_weights_of_another_training_have_another_memory() -> None:
    config = RunConfig.from_flat(SMALL)
    other = moment_of(config.replace(seed=1), 3)
    assert remembered(replace(other, config=config)) is None


def test_what_takes_too_long_is_left_out() -> None:
    config = RunConfig.from_flat({"task.length": 200, "cell.hidden_size": 64, "steps": 2000})
    assert affordable(config, 1) and not affordable(config, 2000)


def test_plain_descent_and_the_first_step_remember_nothing() -> None:
    config = RunConfig.from_flat(SMALL)
    assert [has_memory(config, 0), has_memory(config, 1), has_memory(config.replace(optimizer="sgd"), 1)] == [
        False, True, False,
    ]  # fmt: skip
