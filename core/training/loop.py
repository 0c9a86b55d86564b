"""Training: a network learns, and each recorded step says what was measured on the way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from core.backprop.evaluation import evaluate
from core.cells import Trajectory
from core.config import RunConfig
from core.data import held_out, probes, scored_at_once, training_batch
from core.frames import NOT_SCORED, SCALARS, Frame, Planes
from core.schedule import Schedule
from core.tasks import Batch
from core.training.checkpoint import pack, unpack
from core.training.device import device_of
from core.training.freed_memory import give_back_freed_memory, keep_freed_memory
from core.training.learner import Learner, Learnt

SUBNORMAL = 1e-40


def train(config: RunConfig, resume: bytes | None = None, *, device: str | torch.device = "cpu") -> Training:
    """Train ``config`` from step 0, or from a checkpoint of the same config, yielding a Frame per recorded step.

    Each frame is computed by one torch thread, see ``one_thread_without_subnormals``. The weights start the same on
    every ``device``; its sums may differ in their last digits. Raises ConfigError where torch does not have it.
    """
    return Training(config, resume, device_of(str(device)))


@dataclass(frozen=True)
class BeforeUpdate:
    """Of the weights before an update: each tensor's norm, the weights, the state that the batch goes on from, the
    probes' planes; None where not stored."""

    norms: dict[str, float]
    weights: dict[str, np.ndarray] | None
    carried: tuple[np.ndarray, ...] | None
    planes: Planes | None


class Training(Iterator[Frame]):
    """An iterator of Frames with a memory: ``checkpoint()`` holds all that the next frames depend on."""

    def __init__(self, config: RunConfig, resume: bytes | None, device: torch.device) -> None:
        keep_freed_memory()
        self.config, self.schedule = config, Schedule.of(config)
        self.learner = Learner(config, device)
        self.step, self.over = 0, False
        self.score, self.error, self.score_step = math.nan, math.nan, NOT_SCORED
        self.history: dict[str, list[float]] = {name: [] for name in ("step", *SCALARS)}
        self._probes = torch.from_numpy(probes(config).x).to(device)
        if resume is not None:
            self._restore(resume)

    # -- one step at a time ---------------------------------------------------------------------------------------

    def __next__(self) -> Frame:
        """Train up to and including the next recorded step."""
        with one_thread_without_subnormals():
            while not self.over:
                frame = self._train_one_step()
                if frame is not None:
                    return frame
        give_back_freed_memory()
        raise StopIteration

    def _train_one_step(self) -> Frame | None:
        step, config, batch = self.step, self.config, training_batch(self.config, self.step)
        record, final = self.schedule.records(step), step == config.steps
        if self.schedule.evaluates(step):
            self._evaluate()
        before, kept = self.learner.vector.clone(), self._kept(record, final)
        learnt = self.learner.learn(batch, step, move=not final, record=record)
        update = math.nan if final else _norm(self.learner.vector - before)
        if not math.isfinite(learnt.loss):  # a run that exploded has nothing more to learn
            self.learner.vector.copy_(before)
            update, final, kept = math.nan, True, self._kept(record, True)
            if learnt.profiles is None:  # it ends between two recorded steps: measure this one after all
                learnt = self.learner.learn(batch, step, move=False, record=True)
        moved = {} if final or not record else self._moved(before)
        norms = learnt.grad_norm, learnt.grad_norm_clipped, learnt.clip_angle
        values = (learnt.loss, self.score, self.error, *norms, update, _norm(before))
        self._remember(step, values)
        self.step, self.over = step + 1, final
        return replace(self._frame(step, values, kept, learnt), update_norms=moved) if record or final else None

    def _kept(self, record: bool, final: bool) -> BeforeUpdate:
        """What is stored of the weights as they are now, before this step's update."""
        params, schedule = self.learner.params, self.schedule
        weights = final or (record and schedule.keeps_weights(self.step))
        planes = final or (record and schedule.keeps_planes(self.step))
        return BeforeUpdate(
            {name: _norm(value) for name, value in params.items()} if record or final else {},
            {name: _array(value) for name, value in self.learner.network.tensors.items()} if weights else None,
            self.learner.going_on_from if weights else None,
            self._planes() if planes else None,
        )

    def _moved(self, before: Tensor) -> dict[str, float]:
        """How far each tensor that is trained has come from the vector ``before``."""
        learner, first, found = self.learner, 0, dict[str, float]()
        for name, value in learner.params.items():
            if name in learner.trained:
                found[name] = _norm(value.reshape(-1) - before[first : first + value.numel()])
            first += value.numel()
        return found

    @cached_property
    def _held_out(self) -> Batch:
        return held_out(self.config)

    def _evaluate(self) -> None:
        learner, config, batch = self.learner, self.config, self._held_out
        resets = replace(config.truncated, T=len(batch.x)).resets
        found = evaluate(learner.network, batch, scored_at_once(config), resets)
        self.score, self.error = config.task.score_of(found.loss, found.accuracy, found.mse)
        self.score_step = self.step

    def _planes(self) -> Planes:
        *below, top = map(
            _planes, self.learner.network.layer.evaluating().forward(self._probes, resets=self.config.resets).layers
        )  # fmt: skip
        return replace(top, below=tuple(below))

    # -- what a step leaves behind --------------------------------------------------------------------------------

    def _remember(self, step: int, values: tuple[float, ...]) -> None:
        for name, value in zip(("step", *SCALARS), (step, *values), strict=True):
            self.history[name].append(value)

    def _frame(self, step: int, values: tuple[float, ...], kept: BeforeUpdate, learnt: Learnt) -> Frame:
        history = {name: np.array(taken) for name, taken in self.history.items()}
        self.history = {name: [] for name in self.history}
        profiles, flow_last = learnt.profiles, learnt.flow_last
        assert profiles is not None and flow_last is not None
        return Frame(
            step=step,
            **dict(zip(SCALARS, values, strict=True)),
            score_step=self.score_step,
            param_norms=kept.norms,
            **vars(profiles),
            flow_last=flow_last,
            history=history,
            planes=kept.planes,
            weights=kept.weights,
            carried=kept.carried,
        )

    # -- checkpoints ----------------------------------------------------------------------------------------------

    def checkpoint(self) -> bytes:
        """The state after the last yielded frame; ``train(config, resume=…)`` goes on from it with the same bits."""
        scalars = [self.step, self.over, self.score, self.error, self.score_step]
        progress = {"progress": torch.tensor(scalars, dtype=torch.float64)}
        return pack(self.config.digest(), self.learner.state() | progress)

    def _restore(self, content: bytes) -> None:
        tensors = unpack(self.config.digest(), content)
        step, over, self.score, self.error, score_step = tensors["progress"].tolist()
        self.step, self.over, self.score_step = int(step), bool(over), int(score_step)
        self.learner.restore(tensors)


@contextmanager
def one_thread_without_subnormals() -> Iterator[None]:
    """Both are part of "same config, same machine, same bits", and the caller's own settings come back afterwards.

    float32 gradients reach the subnormal numbers, which are very slow, after some 170 steps at a factor of .6.
    """
    threads, flushed = torch.get_num_threads(), float(torch.tensor(SUBNORMAL) * 1) == 0
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(flushed)
        torch.set_num_threads(threads)


def _planes(way: Trajectory) -> Planes:
    """Those of one layer."""
    gates, c = {name: _array(gate) for name, gate in way.gates.items()}, way.c
    return Planes(gates, _array(way.h), None if c is None else _array(c))


def _array(value: Tensor) -> np.ndarray:
    return value.cpu().numpy().copy()


def _norm(value: Tensor) -> float:
    return float(torch.linalg.vector_norm(value, dtype=torch.float64))
