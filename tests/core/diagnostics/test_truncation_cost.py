"""The step in windows is checked against the engine's; its memory against the allocator's own record."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.backprop.bptt import gradients
from core.config import RunConfig
from core.diagnostics import truncation_cost as module
from core.diagnostics.truncation_cost import Alive, Windowed, cost
from core.moment import Moment
from core.training.replay import moment_of
from core.truncation import windows

CELLS = ["rnn", "lstm", "peephole", "gru"]


def moment(cell: str = "lstm", task: str = "copy", **flat) -> Moment:
    sizes = {"task.length": 40, "cell.hidden_size": 16, "batch_size": 8, "cell.name": cell, "task.name": task}
    return moment_of(RunConfig.from_flat(sizes | flat), 0)


def in_double(taken: Moment) -> Moment:
    return replace(taken, network=taken.network.wide())


@pytest.mark.parametrize("K", [1, 7, 40])
@pytest.mark.parametrize("task", ["copy", "adding"])
@pytest.mark.parametrize("cell", CELLS)
def test_what_is_timed_is_truncated_backpropagation(cell, task, K) -> None:
    taken = in_double(moment(cell, task))
    with torch.no_grad():
        found = Windowed(taken).carry_out(module._segments(40, K))
    judge = gradients(taken.network, taken.batch, windows(40, K)).grads
    assert found.keys() == judge.keys()
    for name, values in judge.items():
        torch.testing.assert_close(found[name], values, rtol=1e-9, atol=1e-12)


def test_every_k_up_to_the_whole_sequence_is_measured() -> None:
    found = cost(moment())
    assert found["K"][0] == 1 and found["K"][-1] == 40 and (np.diff(found["K"]) > 0).all()
    assert (found["seconds"] > 0).all() and np.isfinite(found["bytes"]).all()
    assert (np.diff(found["bytes"]) > 0).all() and found["bytes"][-1] > 8 * found["bytes"][0]


def test_long_windows_are_not_counted(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_COUNTED", 20)
    found = cost(moment())
    assert (np.isnan(found["bytes"]) == (found["K"] > 20)).all()


ALLOCATED = """
import sys, torch
from torch.profiler import ProfilerActivity, profile
from core.config import RunConfig
from core.diagnostics.truncation_cost import Windowed, _segments
from core.training.replay import moment_of
torch.set_num_threads(1)
flat = {"task.length": 40, "cell.hidden_size": 16, "batch_size": 8, "task.name": "copy", "cell.name": sys.argv[1]}
step = Windowed(moment_of(RunConfig.from_flat(flat), 0))
for K in (5, 40):
    with torch.no_grad(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        step.carry_out(_segments(40, K)[-2:])
    events = record.profiler.kineto_results.events()
    changes = sorted((event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]")
    now = peak = 0
    for _, change in changes:
        now += change
        peak = max(peak, now)
    print("peak", peak)
"""


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_the_bytes_are_those_that_the_allocator_records(cell) -> None:
    """In a process of its own: torch's profiler leaves its mark on the one that used it."""
    done = subprocess.run([sys.executable, "-c", ALLOCATED, cell], capture_output=True, text=True, check=True)
    theirs = [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("peak")]
    step = Windowed(moment(cell))
    ours = [module._bytes(step, K) for K in (5, 40)]
    np.testing.assert_allclose(ours, theirs, rtol=0.1)  # what an operation holds inside itself is not seen


def test_memory_is_counted_while_it_lives() -> None:
    given = torch.ones(1000)
    with Alive([given]) as alive:
        view = given[:10]
        one = torch.zeros(256)
        same = one.view(16, 16)
        two = one + 1
        assert alive.now == 2 * 4 * 256
        del one
        assert alive.now == 2 * 4 * 256  # its view still holds it
        del same
        assert alive.now == 4 * 256
        three = torch.cat([two, view])
    assert alive.peak == alive.now == 4 * (256 + len(three))


@pytest.mark.parametrize("length", [5, 6])
def test_the_shortest_sequences_have_a_cost_too(length) -> None:
    found = cost(moment(**{"task.length": length, "task.symbols_to_copy": 1}))
    assert found["K"].tolist()[0] == 1 and found["K"][-1] == length
