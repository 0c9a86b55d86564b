"""A twin and a sweep differ from their run in clipping alone."""

import pytest

from core.companions import FACTORS, companions, sweep, twin
from core.config import RunConfig

CONFIG = RunConfig.from_flat({"clip_threshold": 0.7})


@pytest.mark.parametrize("clip", ["none", "norm", "value"])
def test_a_sweep_holds_the_run_and_differs_in_clipping_alone(clip: str) -> None:
    config = CONFIG.replace(clip=clip)
    runs = sweep(config)
    assert {config.digest(), twin(config).digest()} <= {run.digest() for run in runs}
    assert [run.clip for run in runs] == [("norm" if clip == "none" else clip)] * len(FACTORS) + ["none"]
    thresholds = [run.clip_threshold for run in runs[:-1]]
    assert thresholds == pytest.approx([0.7 * factor for factor in FACTORS]) and thresholds == sorted(thresholds)
    assert {run.replace(clip=config.clip, clip_threshold=0.7) for run in runs} == {config}  # one start, one data
    assert len({run.digest() for run in runs}) == len(runs)


def test_the_twin_of_a_clipped_run_is_unclipped_and_back() -> None:
    config = CONFIG.replace(clip="norm")
    assert twin(config).clip == "none" and twin(twin(config)) == config
    assert twin(CONFIG.replace(clip="value")).clip == "none"
    assert companions(config) == [twin(config)]


def test_the_exploding_preset_and_the_saved_one_are_twins() -> None:
    pair = RunConfig.preset("exploding-rnn"), RunConfig.preset("exploding-rnn-clipped")
    assert twin(pair[0]).digest() == pair[1].digest() and twin(pair[1]).digest() == pair[0].digest()


@pytest.mark.parametrize("threshold", [1e6, 1e5, 1e-11, 1 / 3])
def test_thresholds_that_no_run_may_have_are_left_out(threshold: float) -> None:
    config = CONFIG.replace(clip="norm", clip_threshold=threshold)
    runs = sweep(config)
    assert config in runs and 3 < len(runs) <= len(FACTORS) + 1
