"""When a run is recorded: about ten frames a second where a step takes long, all of a short run, never too few."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.anatomy import ANATOMIES
from core.config import RunConfig
from core.schedule import FEWEST_FRAMES, PROFILE_FRAMES, Schedule, step_seconds


def config(cell="lstm", T=200, H=64, steps=1000, N=32):
    sizes = {"task.length": T, "cell.hidden_size": H, "steps": steps, "batch_size": N}
    return RunConfig.from_flat({"task.name": "adding", "cell.name": cell, **sizes})


@pytest.mark.parametrize("cell", list(ANATOMIES))
def test_about_ten_frames_a_second_where_a_step_takes_its_time(cell):
    settings = config(cell, steps=20_000)
    schedule, few = Schedule.of(settings), config(cell, steps=3000)
    assert schedule.profile == 20, "a long run is bounded by the number of its frames"
    assert 7 <= 1 / (Schedule.of(few).profile * step_seconds(few)) <= 13


@pytest.mark.parametrize("cell", list(ANATOMIES))
def test_a_short_run_and_one_of_long_steps_are_recorded_at_every_step(cell):
    assert Schedule.of(config(cell, steps=FEWEST_FRAMES)).profile == 1
    assert Schedule.of(config(cell, T=2000, H=128)).profile == 1


@given(
    cell=st.sampled_from(list(ANATOMIES)), T=st.integers(10, 400), H=st.integers(1, 128), steps=st.integers(1, 10**5)
)
@settings(max_examples=100, deadline=None)
def test_a_run_has_its_frames(cell, T, H, steps):
    schedule = Schedule.of(config(cell, T, H, steps))
    frames = sum(schedule.records(step) for step in range(steps + 1))
    assert min(steps, FEWEST_FRAMES) <= frames <= PROFILE_FRAMES + 2
    assert all(schedule.records(step) for step in range(steps + 1) if schedule.keeps_weights(step))


def test_the_estimate_grows_with_everything_that_costs():
    steps = [
        step_seconds(config(T=T, H=H, N=N)) for T, H, N in ((50, 16, 32), (100, 16, 32), (100, 32, 32), (100, 32, 64))
    ]
    assert steps == sorted(set(steps))


def test_a_slow_scoring_is_not_forced_upon_a_short_run_or_a_first_frame() -> None:
    """Ten of them where one takes no second; where it does, the last and one between, but not the first of all."""
    short, large = RunConfig.from_flat({"steps": 20}), {"task.length": 2000, "cell.hidden_size": 128, "steps": 20}
    assert Schedule.of(short).evaluation <= 2
    slow = Schedule.of(short.replace(**large))
    assert [step for step in range(21) if slow.evaluates(step)] == slow.scorings == [16, 20]
    assert Schedule.of(short).evaluates(0)
