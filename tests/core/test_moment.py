import numpy as np
import pytest
import torch

from core.config import RunConfig
from core.errors import ConfigError, UnrolledError
from core.training import train
from core.training.replay import moment_of

CONFIG = RunConfig.from_flat({"task.length": 20, "cell.hidden_size": 4, "batch_size": 6, "steps": 5, "seed": 3})


@pytest.mark.parametrize("truncation", ["full", "stream"])
@pytest.mark.parametrize("step", [0, 3, 5])
def test_a_moment_holds_the_weights_and_the_batch_that_the_step_was_measured_on(step, truncation) -> None:
    config = CONFIG.replace(truncation=truncation, truncation_length=7)
    frame = next(frame for frame in train(config) if frame.step == step)
    for weights in (None, frame.weights):
        moment = moment_of(config, step, weights)
        kept = moment.network.parameters
        assert kept.keys() == frame.weights.keys()
        for name, values in frame.weights.items():
            np.testing.assert_array_equal(kept[name].numpy(), values)
        assert moment.batch.x.shape == (20, 6, config.task.input_size)
        assert moment.cell.name == config.cell.name


def test_the_first_sequences_are_those_of_the_batch() -> None:
    few, all_of_them = moment_of(CONFIG, 2, sequences=2), moment_of(CONFIG, 2)
    np.testing.assert_array_equal(few.batch.x, all_of_them.batch.x[:, :2])
    np.testing.assert_array_equal(few.batch.asked, all_of_them.batch.asked[:, :2])


def test_a_step_or_a_number_that_the_config_does_not_have_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match=r"`step` \(=6\) must lie within the run's 5 steps"):
        moment_of(CONFIG, 6)
    with pytest.raises(ConfigError, match=r"`step` \(=-1\)"):
        moment_of(CONFIG, -1)
    with pytest.raises(ConfigError, match=r"`sequences` \(=7\) must be 1 to 6"):
        moment_of(CONFIG, 0, sequences=7)


def test_a_moment_after_the_explosion_is_a_sentence() -> None:
    explosive = {"cell.name": "rnn", "cell.activation": "relu", "cell.init": "identity", "optimizer": "sgd", "lr": 10}
    config = CONFIG.replace(**explosive, clip="none", steps=400)
    with pytest.raises(UnrolledError, match=r"is never reached: the loss is no number at step"):
        moment_of(config, 400)


def test_weights_that_are_not_finite_are_taken_as_they_are() -> None:
    frame = next(train(CONFIG))
    weights = {name: np.full_like(values, np.nan) for name, values in frame.weights.items()}
    assert torch.isnan(moment_of(CONFIG, 1, weights).layer.params["weight_hh"]).all()
