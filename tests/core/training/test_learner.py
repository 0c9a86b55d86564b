"""Several updates a batch, frozen recurrences and every kind of clipping, against plain loops with torch.optim."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from core import RunConfig, train
from core.cells import cell_of
from core.data import training_batch
from core.frames import Frame
from core.learning_rate import rate_at

CELLS = ("rnn", "lstm", "peephole", "gru")
MODES = ("full", "windows", "sliding", "stream", "reset")
TASKS: dict[str, dict[str, Any]] = {
    "copy": {"task.name": "copy", "task.length": 9, "task.symbols_to_copy": 2, "task.alphabet": 2},
    "order": {"task.name": "temporal-order", "task.length": 11, "task.asked": "every"},
    "order-last": {"task.name": "temporal-order", "task.length": 11},
}
STREAM = {"truncation": "stream", "truncation_length": 4, "truncation_stride": 3}
OPTIMIZERS = {
    "sgd": lambda parameters, lr: torch.optim.SGD(parameters, lr=lr),
    "momentum": lambda parameters, lr: torch.optim.SGD(parameters, lr=lr, momentum=0.9),
    "nesterov": lambda parameters, lr: torch.optim.SGD(parameters, lr=lr, momentum=0.9, nesterov=True),
    "adagrad": lambda parameters, lr: torch.optim.Adagrad(parameters, lr=lr),
    "adam": lambda parameters, lr: torch.optim.Adam(parameters, lr=lr),
    "adamw": lambda parameters, lr: torch.optim.AdamW(parameters, lr=lr, weight_decay=0.3),
    "rmsprop": lambda parameters, lr: torch.optim.RMSprop(parameters, lr=lr),
}


def small(**changes: Any) -> RunConfig:
    flat = {"cell.hidden_size": 5, "batch_size": 4, "steps": 4, "optimizer": "sgd", "lr": 0.5, "clip": "none"}
    return RunConfig.from_flat(flat | TASKS[changes.pop("task", "copy")] | changes)


def weights_of(frame: Frame) -> dict[str, torch.Tensor]:
    assert frame.weights is not None
    return {name: torch.tensor(value) for name, value in frame.weights.items()}


class PlainLoop:
    """A stream as one would write it with torch: run, cut by detach, backward, clip, step."""

    def __init__(self, config: RunConfig, start: dict[str, torch.Tensor]) -> None:
        self.config, self.cell = config, cell_of(config.cell)
        self.params = {name: value.requires_grad_() for name, value in start.items()}
        moved = [v for name, v in self.params.items() if config.trained == "all" or name.startswith("readout.")]
        self.moved, self.optimizer = moved, OPTIMIZERS[config.optimizer](moved, config.lr)

    def forward(self, x: torch.Tensor, state: tuple[torch.Tensor, ...]) -> list[tuple[torch.Tensor, ...]]:
        states, limit = [state], self.config.clip_threshold / x.shape[1]
        for x_t in x:
            before = tuple(part.clone() for part in states[-1])
            for part in before:
                if self.config.clip == "backprop" and part.requires_grad:
                    part.register_hook(lambda grad: grad.clamp(-limit, limit))
            states.append(self.cell.step(self.params, x_t, before)[0])
        return states

    def loss(self, h: torch.Tensor, target: torch.Tensor, asked: torch.Tensor, of: torch.Tensor) -> torch.Tensor:
        answer = h @ self.params["readout.weight"].T + self.params["readout.bias"]
        each = cross_entropy(answer.flatten(0, 1), target.flatten(), reduction="none").view(target.shape)
        return (torch.where(asked, each, 0) / of).sum(dim=0).mean()

    def train_on(self, step: int) -> tuple[float, list[float]]:
        """(loss, raw gradient norm of each update)."""
        batch = training_batch(self.config, step)
        x, target, asked = torch.tensor(batch.x), torch.tensor(batch.target), torch.tensor(batch.asked)
        T, N, H = len(x), x.shape[1], self.config.cell.hidden_size
        k1, k2 = self.config.truncation_stride or self.config.truncation_length, self.config.truncation_length
        stored = {0: tuple(torch.zeros(N, H) for _ in self.cell.state_parts)}
        total, norms, previous = 0.0, [], 0
        for update in [point for point in range(1, T + 1) if (T - point) % k1 == 0]:
            own = range(previous, update)
            lossless = not asked[own.start : own.stop].any()
            first = own.start if lossless else max(0, update - k2)
            states = self.forward(x[first:update], stored[first])
            stored |= {first + k: tuple(part.detach() for part in state) for k, state in enumerate(states)}
            previous = update
            if lossless:
                continue
            h = torch.stack([state[0] for state in states[own.start - first + 1 :]])
            loss = self.loss(h, target[own.start : update], asked[own.start : update], asked.sum(dim=0))
            total += float(loss.detach())
            norms.append(self.update(loss))
        return total, norms

    def update(self, loss: torch.Tensor) -> float:
        self.optimizer.zero_grad()
        loss.backward()
        norm = float(torch.nn.utils.get_total_norm([part.grad for part in self.moved if part.grad is not None]))
        if self.config.clip == "norm":
            torch.nn.utils.clip_grad_norm_(self.moved, self.config.clip_threshold)
        if self.config.clip == "value":
            torch.nn.utils.clip_grad_value_(self.moved, self.config.clip_threshold)
        self.optimizer.step()
        return norm


def follow(config: RunConfig, rtol: float = 2e-4) -> None:
    """Every frame of the run against the plain loop that starts from the same weights."""
    frames = list(train(config))
    twin = PlainLoop(config, weights_of(frames[0]))
    for frame, after in pairwise(frames):
        loss, norms = twin.train_on(frame.step)
        assert frame.loss == pytest.approx(loss, rel=rtol)
        if config.clip != "backprop":
            assert frame.grad_norm == pytest.approx(max(norms), rel=1e-3)
        for name, value in weights_of(after).items():
            torch.testing.assert_close(value, twin.params[name].detach(), rtol=rtol, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("k1", [None, 1, 3])
def test_a_stream_is_the_plain_loop(cell: str, task: str, k1: int | None) -> None:
    follow(small(task=task, **STREAM | {"cell.name": cell, "truncation_stride": k1}))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_stream_with_every_optimiser(optimizer: str) -> None:
    follow(small(**STREAM, optimizer=optimizer, lr=0.01, weight_decay=0.3), rtol=2e-3)


SCHEDULES = {
    "constant": lambda step: 0.2,
    "warm-up": lambda step: 0.2 * min((step + 1) / 3, 1),
    "cosine": lambda step: 0.1 * (1 + math.cos(math.pi * step / 4)),
}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("changes", [STREAM, {}], ids=["stream", "full"])
def test_the_rate_of_every_step_is_the_schedules(schedule: str, changes: dict[str, Any]) -> None:
    """torch's LambdaLR does the same, once a training step."""
    config = small(**changes, lr=0.2, lr_schedule=schedule, warmup_steps=3)
    frames = list(train(config))
    twin = PlainLoop(config, weights_of(frames[0]))
    rates = torch.optim.lr_scheduler.LambdaLR(twin.optimizer, lambda step: SCHEDULES[schedule](step) / 0.2)
    for frame, after in pairwise(frames):
        assert rate_at(config, frame.step) == pytest.approx(twin.optimizer.param_groups[0]["lr"])
        twin.train_on(frame.step)
        rates.step()
        for name, value in weights_of(after).items():
            torch.testing.assert_close(value, twin.params[name].detach(), rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("clip", [{"clip": "norm"}, {"clip": "value"}, {"clip": "backprop"}], ids=lambda c: c["clip"])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("truncation", [STREAM, {}], ids=["stream", "full"])
def test_clipping_is_that_of_the_plain_loop(clip: dict[str, str], cell: str, truncation: dict[str, Any]) -> None:
    """Full backpropagation is the stream with one update."""
    threshold = 0.001 if clip["clip"] == "backprop" else 0.02
    config = small(**truncation, **clip, clip_threshold=threshold, **{"cell.name": cell})
    frames = list(train(config))
    assert any(frame.clipped for frame in frames)
    if truncation:
        follow(config)
        return
    as_stream = config.replace(truncation="stream", truncation_length=9)
    twin = PlainLoop(as_stream, weights_of(frames[0]))
    for frame, after in pairwise(frames):
        twin.train_on(frame.step)
        for name, value in weights_of(after).items():
            torch.testing.assert_close(value, twin.params[name].detach(), rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_a_frozen_recurrence_stays_as_it_started(mode: str) -> None:
    config = small(truncation=mode, truncation_length=4, trained="readout", clip="norm", clip_threshold=0.1)
    frames = list(train(config))
    first, last = weights_of(frames[0]), weights_of(frames[-1])
    for name, value in first.items():
        assert torch.equal(value, last[name]) == (not name.startswith("readout."))
    assert all(frame.flow.any() for frame in frames)
    if mode == "stream":
        follow(config)


def test_the_norm_of_a_frozen_recurrence_is_the_readouts() -> None:
    config = small(trained="readout", clip="norm", clip_threshold=0.01, steps=2)
    frames = list(train(config))
    twin = PlainLoop(config.replace(truncation="stream", truncation_length=9), weights_of(frames[0]))
    _, (norm,) = twin.train_on(0)
    assert frames[0].grad_norm == pytest.approx(norm, rel=1e-4)
    assert frames[0].grad_norm_clipped == pytest.approx(0.01, rel=1e-4)
    assert frames[0].update_size == pytest.approx(0.01 * config.lr, rel=1e-3)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("cell", CELLS)
def test_a_window_as_long_as_the_sequence_gives_the_run_of_full_backpropagation(cell: str, task: str) -> None:
    full, *others = (
        list(train(small(task=task, truncation=mode, truncation_length=60, **{"cell.name": cell}))) for mode in MODES
    )
    for frames in others:
        for mine, theirs in zip(frames, full, strict=True):
            assert (mine.loss, mine.grad_norm, mine.score) == (theirs.loss, theirs.grad_norm, theirs.score)
            for profile in ("grad_h", "flow", "flow_last"):
                np.testing.assert_array_equal(getattr(mine, profile), getattr(theirs, profile))
            assert all(torch.equal(value, weights_of(theirs)[name]) for name, value in weights_of(mine).items())


def test_a_stream_with_one_loss_is_windows() -> None:
    """Asked at the end alone there is one update, which sees what the last window sees."""
    stream, windows = (
        list(train(small(task="order-last", truncation=mode, truncation_length=4, truncation_stride=2)))
        for mode in ("stream", "windows")
    )
    for mine, theirs in zip(stream, windows, strict=True):
        assert mine.loss == pytest.approx(theirs.loss, rel=1e-5)
        np.testing.assert_allclose(mine.flow, theirs.flow, rtol=1e-3, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cell", CELLS)
def test_every_mode_resumes_with_the_same_bits(mode: str, cell: str) -> None:
    changes = {"cell.name": cell, "truncation": mode, "truncation_length": 4, "truncation_stride": 2}
    config = small(**changes, optimizer="adam", lr=0.02, clip="backprop", clip_threshold=0.05)
    whole, first = list(train(config)), train(config)
    next(first), next(first)
    for mine, theirs in zip(train(config, first.checkpoint()), whole[2:], strict=True):
        assert all(torch.equal(value, weights_of(theirs)[name]) for name, value in weights_of(mine).items())
        np.testing.assert_array_equal(mine.flow, theirs.flow)
        assert mine.history["clip_angle"].tolist() == theirs.history["clip_angle"].tolist()


def test_a_frozen_recurrence_resumes_too() -> None:
    config = small(trained="readout", optimizer="adam")
    whole, first = list(train(config)), train(config)
    next(first), next(first)
    resumed = list(train(config, first.checkpoint()))
    assert all(torch.equal(v, weights_of(whole[-1])[k]) for k, v in weights_of(resumed[-1]).items())


def test_an_exploding_stream_ends_with_the_weights_that_the_step_began_with() -> None:
    flat = {"task.name": "adding", "task.length": 9, "task.asked": "every", "cell.name": "rnn"}
    flat |= {"optimizer": "sgd", "lr": 10, "clip": "none", "steps": 3000, "batch_size": 4}
    config = RunConfig.from_flat(flat | STREAM)
    last = list(train(config))[-1]
    assert not math.isfinite(last.loss) and 0 < last.step < 3000
    assert math.isnan(last.update_size) and last.planes is not None
    begun = list(train(config.replace(steps=last.step)))[-1]  # the last step of a run updates nothing
    for name, value in weights_of(begun).items():
        np.testing.assert_array_equal(value, weights_of(last)[name])


@pytest.mark.parametrize("clip", ["none", "norm", "value", "backprop"])
def test_the_angle_is_zero_where_the_direction_is_kept(clip: str) -> None:
    frames = list(train(small(clip=clip, clip_threshold=0.005)))
    angles = [angle for frame in frames for angle in frame.history["clip_angle"]]
    assert all(angle == 0 for angle in angles) if clip in ("none", "norm") else all(0 < a < 180 for a in angles)
    assert frames[0].to_json()["clip_angle"] == frames[0].clip_angle
    assert frames[0].clipped == (clip != "none")


@pytest.mark.parametrize("cell", CELLS)
def test_a_reset_state_is_scored_and_drawn_as_it_is_trained(cell: str) -> None:
    """With windows of one step there is no memory: the score is that of a net that sees the last input alone."""
    config = small(task="order-last", truncation="reset", truncation_length=1, steps=1, **{"cell.name": cell})
    frame = next(train(config))
    assert frame.planes is not None
    weights, x = weights_of(frame), torch.tensor(np.eye(6, dtype=np.float32))
    zeros = tuple(torch.zeros(6, 5) for _ in cell_of(config.cell).state_parts)
    (by_input, *_), _ = cell_of(config.cell).step(weights, x, zeros)
    from core.data import held_out, probes

    shown = probes(config).x.argmax(axis=2)  # (T, P)
    np.testing.assert_allclose(frame.planes.h[1:], by_input.numpy()[shown], atol=1e-3)
    batch = held_out(config)
    answer = (by_input @ weights["readout.weight"].T + weights["readout.bias"]).argmax(dim=1).numpy()
    assert frame.score == pytest.approx((answer[batch.x[-1].argmax(axis=1)] == batch.target[-1]).mean())
