"""Training: a network learns, and each recorded step says what was measured on the way."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from core.backprop.bptt import Gradients, gradients
from core.backprop.clipping import clip
from core.backprop.evaluation import evaluate
from core.backprop.readout import init_readout
from core.cells import cell_of, init_from_config
from core.checkpoint import pack, unpack
from core.config import RunConfig
from core.data import held_out, probes, training_batch
from core.frames import SCALARS, Frame, Planes
from core.schedule import Schedule

SUBNORMAL = 1e-40
EVALUATION_UNITS = 8192
"""Hidden units times sequences that one scoring pass takes: small nets are bound by the number of operations."""


def train(config: RunConfig, resume: bytes | None = None) -> Training:
    """Train ``config`` from step 0, or from a checkpoint of the same config, yielding a Frame per recorded step.

    Each frame is computed by one torch thread, see ``one_thread_without_subnormals``.
    """
    return Training(config, resume)


class Training(Iterator[Frame]):
    """An iterator of Frames with a memory: ``checkpoint()`` holds all that the next frames depend on."""

    def __init__(self, config: RunConfig, resume: bytes | None = None) -> None:
        self.config, self.schedule = config, Schedule.of(config)
        self.cell = cell_of(config.cell)
        self.step, self.over = 0, False
        self.score, self.error, self.score_step = math.nan, math.nan, 0
        self.params, self.vector = _one_vector(_initial_parameters(config))
        self.readout = {name: self.params[f"readout.{name}"] for name in ("weight", "bias")}
        self.optimizer = _optimizer(config, self.vector)
        self.history: dict[str, list[float]] = {name: [] for name in ("step", *SCALARS)}
        self._held_out, self._probes = held_out(config), torch.from_numpy(probes(config).x)
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
        raise StopIteration

    def _train_one_step(self) -> Frame | None:
        step, config = self.step, self.config
        record = self.schedule.records(step)
        if self.schedule.evaluates(step):
            self._evaluate()
        back = self._gradients(record)
        last = step == config.steps or not math.isfinite(back.loss)  # a run that exploded has nothing more to learn
        clipped = clip({"all": _joined(back.grads, self.params)}, config.clip, config.clip_threshold)
        weights = _arrays(self.params) if (record and self.schedule.keeps_weights(step)) or last else None
        planes = self._planes() if (record and self.schedule.keeps_planes(step)) or last else None
        param_norm, norms = (
            _norm(self.vector),
            {name: _norm(value) for name, value in self.params.items() if record or last},
        )
        update = math.nan if last else self._update(clipped.grads["all"])
        values = (back.loss, self.score, self.error, clipped.norm_before, clipped.norm_after, update, param_norm)
        self._remember(step, values)
        self.step, self.over = step + 1, last
        if not (record or last):
            return None
        if last and not record:  # an exploded run ends between two recorded steps: measure this one after all
            back = self._gradients(True)
        return self._frame(step, values, norms, back, planes, weights)

    def _gradients(self, record: bool) -> Gradients:
        batch = training_batch(self.config, self.step)
        return gradients(self.cell, self.params, self.readout, batch, self.config.cuts, record=record)

    def _evaluate(self) -> None:
        chunk = max(64, EVALUATION_UNITS // self.config.cell.hidden_size)
        result = evaluate(self.cell, self.params, self.readout, self._held_out, chunk)
        self.score_step = self.step
        if result.mse is not None:
            self.error = result.mse / float(np.var(self._held_out.target[self._held_out.scored], dtype=np.float64))
            self.score = max(0.0, 1 - self.error) if math.isfinite(self.error) else 0.0
        elif result.accuracy is not None:
            self.score, self.error = result.accuracy, result.loss / self.config.task.baseline_loss

    def _update(self, gradient: Tensor) -> float:
        before = self.vector.clone()
        self.vector.grad = gradient
        self.optimizer.step()
        return _norm(self.vector - before)

    def _planes(self) -> Planes:
        trajectory = self.cell.forward(self.params, self._probes)
        return Planes(
            {name: gate.numpy().copy() for name, gate in trajectory.gates.items()},
            trajectory.h.numpy().copy(),
            None if trajectory.c is None else trajectory.c.numpy().copy(),
        )

    # -- what a step leaves behind --------------------------------------------------------------------------------

    def _remember(self, step: int, values: tuple[float, ...]) -> None:
        for name, value in zip(("step", *SCALARS), (step, *values), strict=True):
            self.history[name].append(value)

    def _frame(
        self,
        step: int,
        values: tuple[float, ...],
        norms: dict[str, float],
        back: Gradients,
        planes: Planes | None,
        weights: dict[str, np.ndarray] | None,
    ) -> Frame:
        history = {name: np.array(taken) for name, taken in self.history.items()}
        self.history = {name: [] for name in self.history}
        profiles, flow_last = back.profiles, back.flow_last
        assert profiles is not None and flow_last is not None
        return Frame(
            step=step,
            **dict(zip(SCALARS, values, strict=True)),
            score_step=self.score_step,
            param_norms=norms,
            grad_h=profiles.grad_h,
            grad_c=profiles.grad_c,
            flow=profiles.flow,
            flow_last=flow_last,
            history=history,
            planes=planes,
            weights=weights,
        )

    # -- checkpoints ----------------------------------------------------------------------------------------------

    def checkpoint(self) -> bytes:
        """The state after the last yielded frame; ``train(config, resume=…)`` goes on from it with the same bits."""
        state = self.optimizer.state_dict()["state"].get(0, {})
        tensors = {f"optimizer.{key}": torch.as_tensor(value) for key, value in state.items() if value is not None}
        tensors["parameters"] = self.vector
        scalars = [self.step, self.over, self.score, self.error, self.score_step]
        tensors["progress"] = torch.tensor(scalars, dtype=torch.float64)
        return pack(self.config.digest(), tensors)

    def _restore(self, content: bytes) -> None:
        tensors = unpack(self.config.digest(), content)
        step, over, self.score, self.error, score_step = tensors.pop("progress").tolist()
        self.step, self.over, self.score_step = int(step), bool(over), int(score_step)
        self.vector.copy_(tensors.pop("parameters"))
        state = {name.removeprefix("optimizer."): value for name, value in tensors.items()}
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": {0: state} if state else {}})


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


def _initial_parameters(config: RunConfig) -> dict[str, Tensor]:
    """The cell's parameters and the readout's, drawn from the seed; readout as torch.nn.Linear starts."""
    generator = torch.Generator().manual_seed(config.seed)
    params = init_from_config(config.cell, config.task.input_size, config.task.length, generator)
    readout = init_readout(config.cell.hidden_size, config.task.output_size, generator=generator)
    return params | {f"readout.{name}": value for name, value in readout.items()}


def _one_vector(params: dict[str, Tensor]) -> tuple[dict[str, Tensor], Tensor]:
    """The parameters as views of one vector: an update is then one pass, not one a tensor (a third of the step's time
    in a small net)."""
    vector = torch.cat([value.reshape(-1) for value in params.values()])
    parts = vector.split([value.numel() for value in params.values()])
    return {name: part.view(value.shape) for (name, value), part in zip(params.items(), parts, strict=True)}, vector


def _joined(grads: Mapping[str, Tensor], params: Mapping[str, Tensor]) -> Tensor:
    """The gradient as one vector, in the order of the parameters'."""
    return torch.cat([grads[name].reshape(-1) for name in params])


def _optimizer(config: RunConfig, vector: Tensor) -> torch.optim.Optimizer:
    if config.optimizer == "adam":
        return torch.optim.Adam([vector], lr=config.lr, fused=True)
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop([vector], lr=config.lr, foreach=False)
    return torch.optim.SGD([vector], lr=config.lr, momentum=0.9 if config.optimizer == "momentum" else 0.0, fused=True)


def _arrays(params: dict[str, Tensor]) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy().copy() for name, value in params.items()}


def _norm(value: Tensor) -> float:
    return float(torch.linalg.vector_norm(value, dtype=torch.float64))
