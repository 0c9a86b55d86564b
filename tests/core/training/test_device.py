"""Other devices: what is asked for must be there, and nothing on the way may stay behind on the processor."""

from __future__ import annotations

import pytest
import torch

from core.__main__ import main
from core.backprop import squares
from core.cells import GRU, LSTM, RNN, Peephole, elementwise
from core.cells.base import Cell
from core.config import RunConfig
from core.errors import ConfigError
from core.training import train
from core.training.device import device_of, device_of_host

CELLS = (RNN(), RNN("relu"), LSTM(), Peephole(), Peephole("gers"), GRU(), GRU("before"))
SMALL = {"task.length": 12, "cell.hidden_size": 5, "batch_size": 3, "steps": 4}


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_forward_and_backward_stay_on_the_device_of_the_weights(cell: Cell) -> None:
    """Of torch's device without numbers, which mixes with the processor as little as CUDA does."""
    drawn = cell.init(2, 4, generator=torch.Generator().manual_seed(0))
    params = {name: value.to("meta") for name, value in drawn.items()}
    x, local = torch.empty(9, 3, 2, device="meta"), torch.empty(9, 3, 4, device="meta")
    trajectory = cell.forward(params, x, resets=(3,))
    back = cell.backward(params, trajectory, local, cuts=(5,), clamp=0.1)
    kept = [*trajectory.gates.values(), trajectory.h, back.grad_h, back.alphas, *back.grads.values()]
    assert {part.device.type for part in kept} == {"meta"}
    with pytest.raises(RuntimeError):
        cell.forward(drawn, x)


@pytest.mark.parametrize("name", ("rnn", "lstm", "peephole", "gru"))
def test_the_way_of_other_devices_trains_the_same_network(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = RunConfig.from_flat({"cell.name": name, **SMALL})
    compiled = list(train(config))
    for module in (elementwise, squares):
        monkeypatch.setattr(module, "on_kernels", lambda tensor: False)
    other = list(train(config))
    assert len(other) == len(compiled) == 5
    for one, two in zip(compiled, other, strict=True):
        assert two.loss == pytest.approx(one.loss, rel=1e-5)
        assert two.flow == pytest.approx(one.flow, rel=1e-3)


@pytest.mark.parametrize(("name", "sentence"), [
    ("gpu", "`device` (=gpu) is not known. Use cpu, cuda, or cuda:1 for the second one."),
    ("meta", "`device` (=meta) is not served. Use cpu or cuda."),
    ("cuda", "`device` (=cuda) is not here: torch sees no CUDA device. Use cpu"),
])  # fmt: skip
def test_a_device_that_is_not_there(name: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setenv("UNROLLED_DEVICE", name)
    for ask in (lambda: device_of(name), device_of_host, lambda: train(RunConfig.from_flat(SMALL), device=name)):
        with pytest.raises(ConfigError) as raised:
            ask()
        assert sentence in str(raised.value)


def test_a_second_device_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert device_of("cuda") == torch.device("cuda")
    with pytest.raises(ConfigError, match=r"\(=cuda:1\) is not here: torch sees 1. Use cuda:0"):
        device_of("cuda:1")


def test_the_command_line_says_so_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--preset", "temporal-order-rnn", "--device", "gpu"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", ("rnn", "lstm", "peephole", "gru"))
@pytest.mark.parametrize("truncation", ("full", "windows", "sliding", "stream"))
def test_cuda_trains_the_same_network(name: str, truncation: str) -> None:
    config = RunConfig.from_flat({"cell.name": name, "truncation": truncation, "truncation_length": 5, **SMALL})
    here, there = list(train(config)), train(config, device="cuda")
    first = next(there)
    assert first.loss == pytest.approx(here[0].loss, rel=1e-5)
    resumed = list(train(config, there.checkpoint(), device="cuda"))
    assert resumed[-1].loss == pytest.approx(here[-1].loss, rel=1e-3)
