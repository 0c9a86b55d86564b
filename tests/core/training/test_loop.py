"""A run's frames against slow twins, its schedule, its checkpoints, its way of ending."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
import torch

from core import RunConfig, train
from core.cost import Work, work
from core.data import held_out, training_batch
from core.errors import UnrolledError
from core.frames import Frame
from core.schedule import Schedule
from core.training.checkpoint import unpack

SMALL = {"task.name": "temporal-order", "task.length": "12", "cell.hidden_size": "5", "batch_size": "4", "steps": "12"}
CELLS = ("rnn", "lstm", "peephole", "gru")


def small(**changes: object) -> RunConfig:
    return RunConfig.from_flat(SMALL).replace(**changes)


def same(one: Frame, other: Frame) -> bool:
    """Equal to the last bit, NaN equal to NaN."""
    pairs = [(one.grad_h, other.grad_h), (one.flow, other.flow)]
    pairs += [(one.history[name], other.history[name]) for name in one.history]
    pairs += [(one.weights[name], other.weights[name]) for name in one.weights or {}] if other.weights else []
    return one.step == other.step and all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


@pytest.mark.parametrize("optimizer", get_args(RunConfig.model_fields["optimizer"].annotation))
@pytest.mark.parametrize("schedule", get_args(RunConfig.model_fields["lr_schedule"].annotation))
@pytest.mark.parametrize("trained", ["all", "readout"])
def test_resumes_with_the_same_bits(optimizer: str, schedule: str, trained: str) -> None:
    config = small(optimizer=optimizer, lr_schedule=schedule, warmup_steps=9, trained=trained)
    resumes(config)


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_resumes_with_the_same_bits(cell: str) -> None:
    resumes(small(**{"cell.name": cell}))


def resumes(config: RunConfig) -> None:
    """A run that is killed after its sixth frame goes on as if nothing had happened."""
    whole = list(train(config))
    first = train(config)
    for _ in range(6):
        next(first)
    second = list(train(config, first.checkpoint()))
    assert [frame.step for frame in second] == list(range(6, 13))
    assert all(same(a, b) for a, b in zip(second, whole[6:], strict=True))


def test_a_checkpoint_of_another_config_is_refused() -> None:
    run = train(small())
    next(run)
    with pytest.raises(UnrolledError, match="another config"):
        train(small(seed=1), run.checkpoint())
    with pytest.raises(UnrolledError, match="damaged"):
        unpack("x", b"not a checkpoint")


def test_updates_are_those_of_torch_on_autograd_gradients() -> None:
    """The slow twin of a whole run: nn.LSTM, nn.Linear, autograd, clip_grad_norm_, torch's optimiser per tensor."""
    config = small(**{"cell.name": "lstm", "clip_threshold": 0.05, "steps": 8})
    frames = list(train(config))
    start = frames[0].weights
    assert start is not None
    cell, readout = torch.nn.LSTM(6, 5), torch.nn.Linear(5, 4)
    with torch.no_grad():
        for key, value in start.items():
            owner, attribute = (readout, key[8:]) if key.startswith("readout.") else (cell, f"{key}_l0")
            getattr(owner, attribute).copy_(torch.from_numpy(value))
    parameters = [*cell.parameters(), *readout.parameters()]
    twin = torch.optim.Adam(parameters, lr=config.lr)  # of the others see test_learner
    for frame in frames:
        batch = training_batch(config, frame.step)
        twin.zero_grad()
        out, _ = cell(torch.from_numpy(batch.x))
        loss = torch.nn.functional.cross_entropy(readout(out[-1]), torch.tensor(batch.target[-1]))
        loss.backward()
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, config.clip_threshold))
        assert frame.loss == pytest.approx(loss.item(), rel=1e-4)
        assert frame.grad_norm == pytest.approx(norm, rel=1e-3)
        assert frame.grad_norm_clipped == pytest.approx(min(norm, config.clip_threshold), rel=1e-3)
        assert frame.clipped == (norm > config.clip_threshold)
        twin.step()


def test_score_and_error_against_a_direct_count() -> None:
    config = small(steps=3)
    frame = next(iter(train(config)))
    assert frame.weights is not None
    cell, readout = torch.nn.LSTM(6, 5), torch.nn.Linear(5, 4)
    with torch.no_grad():
        for key, value in frame.weights.items():
            owner, attribute = (readout, key[8:]) if key.startswith("readout.") else (cell, f"{key}_l0")
            getattr(owner, attribute).copy_(torch.from_numpy(value))
        batch = held_out(config)
        answer = readout(cell(torch.from_numpy(batch.x))[0][-1])
    target = torch.tensor(batch.target[-1])
    assert len(target) >= 1000
    assert frame.score == pytest.approx(float((answer.argmax(1) == target).float().mean()), abs=2e-3)
    assert frame.error == pytest.approx(
        float(torch.nn.functional.cross_entropy(answer, target)) / math.log(4), rel=1e-4
    )


def test_update_size_is_the_distance_between_weights() -> None:
    frames = list(train(small()))
    for before, after in pairwise(frames):
        assert before.weights is not None and after.weights is not None
        moved = math.sqrt(sum(float(((after.weights[k] - before.weights[k]) ** 2).sum()) for k in before.weights))
        assert before.update_size == pytest.approx(moved, rel=1e-4)
    assert math.isnan(frames[-1].update_size)


def test_numbers_task_scores_by_variance() -> None:
    config = RunConfig.from_flat({"task.name": "adding", "task.length": 8, "cell.hidden_size": 4, "steps": 2})
    frame = next(iter(train(config)))
    assert frame.error > 0 and frame.score == pytest.approx(max(0.0, 1 - frame.error))


def test_an_exploded_run_is_recorded_and_ends() -> None:
    config = RunConfig.preset("exploding-rnn", steps=5000)  # so long that only every fifth step is recorded
    frames = list(train(config))
    last = frames[-1]
    assert 0 < last.step < 5000 and not math.isfinite(last.loss)
    assert "loss" in last.nonfinite and last.weights is not None and last.planes is not None
    line = last.to_json()
    assert line["loss"] is None and line["finite"] is False and "loss" in line["nonfinite"]
    json.dumps(line, allow_nan=False)


def test_a_checkpoint_of_an_exploded_run_is_over() -> None:
    config = RunConfig.preset("exploding-rnn")
    run = train(config)
    for _ in run:
        pass
    assert list(train(config, run.checkpoint())) == []


@pytest.mark.parametrize("steps", [1, 7, 600, 1000, 1001, 8000, 100_000])
def test_schedule_keeps_first_and_last_and_its_bounds(steps: int) -> None:
    schedule = Schedule.of(RunConfig(steps=steps))
    recorded = [step for step in range(steps + 1) if schedule.records(step)]
    assert recorded[0] == 0 and recorded[-1] == steps and len(recorded) <= 1002
    for keeps, bound in ((schedule.keeps_weights, 1002), (schedule.keeps_planes, 52), (schedule.evaluates, 62)):
        kept = [step for step in range(steps + 1) if keeps(step)]
        assert kept[0] == 0 and kept[-1] == steps and len(kept) <= bound
        assert set(kept) <= set(recorded) or keeps == schedule.evaluates
    for step in recorded[:-1][:50]:
        assert schedule.next_recorded(step) == recorded[recorded.index(step) + 1]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"truncation": "full"}, Work(1, 2, 1)),  # the second pass: the last loss alone, of a recorded step
        ({"truncation": "windows"}, Work(1, 1.2, 1)),
        ({"truncation": "sliding"}, Work(1, (17 + 18 + 19 + 20 + 4) / 20, 4)),
        ({"truncation": "stream", "truncation_stride": 2}, Work(1 + 38 / 20, 38 / 20 + 0.2, 10)),
        ({"truncation": "full", "clip": "backprop"}, Work(1, 3, 2)),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_the_work_of_a_step(changes: dict[str, object], expected: Work) -> None:
    flat = {"task.name": "copy", "task.length": 20, "truncation_length": 4, "steps": 1000}
    found = work(RunConfig.from_flat(flat | changes))
    assert (found.forward, found.backward, found.passes) == pytest.approx(
        (expected.forward, expected.backward, expected.passes)
    )


def test_the_caller_keeps_threads_and_subnormals() -> None:
    torch.set_num_threads(2)
    next(iter(train(small())))
    assert torch.get_num_threads() == 2 and float(torch.tensor(1e-40) * 1) > 0
    torch.set_num_threads(1)


def test_history_covers_every_step_once() -> None:
    config = small(steps=2500)
    steps = [step for frame, _ in zip(train(config), range(5)) for step in frame.history["step"]]
    assert steps == list(range(0, 41))  # five frames, ten steps apart
