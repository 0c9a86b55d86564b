"""The network of a run and how it learns from one batch: gradients, clipping, one update or several."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.backprop.bptt import Measured, gradients, recorded
from core.backprop.clipping import Clipped, clip, compared
from core.backprop.profiles import Profile, Profiles
from core.backprop.stream import Stream
from core.config import RunConfig
from core.learning_rate import rate_at
from core.network import READOUT, Network
from core.tasks import Batch
from core.training.optimizers import memory_of, optimizer_of, remember, set_rate


@dataclass(frozen=True)
class Learnt:
    """What one training step measured: norms and angle are those of its update with the largest gradient.

    profiles and flow_last are None where they were not asked for.
    """

    loss: float
    grad_norm: float
    grad_norm_clipped: float
    clip_angle: float
    profiles: Profiles | None
    flow_last: Profile | None


class Learner:
    """The network of a run; its parameters are views of ``vector``, in their order.

    So an update is one pass, not one a tensor (a third of the step's time in a small net). The optimiser has what is
    ``trained``, names of parameters: all of the vector, or its end.
    """

    def __init__(self, config: RunConfig, device: torch.device | None = None) -> None:
        self.config, drawn = config, Network.drawn(config)
        self.params, self.vector = _one_vector(drawn.parameters, device)
        running = {name: value.to(device) for name, value in drawn.layer.running.items()}
        self.network = Network.named(drawn.cell, self.params | running)
        whole = config.trained == "all"
        self.trained = [name for name in self.params if whole or name.startswith(READOUT)]
        size = sum(self.params[name].numel() for name in self.trained)
        self._moved = self.vector[len(self.vector) - size :]
        self.optimizer = optimizer_of(config, self._moved, 0)
        self.carried: tuple[Tensor, ...] | None = None
        """The state that the next batch goes on from, (N, H) each part; None: from zero."""
        self._clamp = config.clip_threshold if config.clip == "backprop" else None

    def learn(self, batch: Batch, step: int, *, move: bool, record: bool) -> Learnt:
        """Training step number ``step``, on ``batch``. Without ``move``, and from a loss on that is not finite, nothing
        moves."""
        whole = self.config.trained == "all"
        batch = replace(batch, start=self.going_on_from)
        set_rate(self.optimizer, rate_at(self.config, step))
        if self.config.truncation == "stream":
            return self._learn_on_the_way(batch, move, whole)
        found = gradients(
            self.network, batch,
            truncation=self.config.truncated, clamp=self._clamp, parameters=whole, record=record,
        )  # fmt: skip
        clipped = self._clipped(found)
        if move and math.isfinite(found.loss):
            self._move(clipped)
            self._follow(self.network.cell.statistics(found.trajectory))
            self._carry(found.trajectory.last)
        return Learnt(
            found.loss, clipped.norm_before, clipped.norm_after, clipped.angle, found.profiles, found.flow_last
        )

    def _learn_on_the_way(self, batch: Batch, move: bool, whole: bool) -> Learnt:
        """With several updates; always recorded, since none of them could be repeated."""
        stream = Stream(self.network, batch, self.config.truncated, clamp=self._clamp, parameters=whole)
        largest = (-math.inf, -math.inf, 0.0)
        for found in stream:
            clipped = self._clipped(found)
            if not clipped.norm_before <= largest[0]:  # a NaN is the largest of all, and the last
                largest = clipped.norm_before, clipped.norm_after, clipped.angle
            if not math.isfinite(stream.loss):
                break
            if move:
                self._move(clipped)
        if move and math.isfinite(stream.loss):
            self._follow(stream.statistics)
            self._carry(stream.last)
        return Learnt(stream.loss, *largest, *recorded(stream.back, stream.alone))

    @property
    def going_on_from(self) -> tuple[np.ndarray, ...] | None:
        """``carried`` as a batch has it."""
        return None if self.carried is None else tuple(part.cpu().numpy().copy() for part in self.carried)

    def _follow(self, statistics: dict[str, Tensor]) -> None:
        self.network.layer.follow(statistics, self.config.batch_size)

    def _carry(self, last: tuple[Tensor, ...]) -> None:
        """Where the config says so, the next batch goes on from the state in which this one ended."""
        if self.config.carries:
            self.carried = last

    def _clipped(self, found: Measured) -> Clipped:
        grads = {"all": self._joined(found.grads)}
        if self.config.clip != "backprop":
            return clip(grads, self.config.clip, self.config.clip_threshold)
        return compared(grads if found.free is None else {"all": self._joined(found.free)}, grads)

    def _joined(self, grads: dict[str, Tensor]) -> Tensor:
        """The gradient of what is trained as one vector, in the order of the parameters'."""
        return torch.cat([grads[name].reshape(-1) for name in self.trained])

    def _move(self, clipped: Clipped) -> None:
        self._moved.grad = clipped.grads["all"]
        self.optimizer.step()

    # -- what the next steps depend on ----------------------------------------------------------------------------

    def state(self) -> dict[str, Tensor]:
        """Parameters, running statistics, the optimiser's memory and the carried state."""
        memory = {f"optimizer.{name}": value for name, value in memory_of(self.optimizer).items()}
        carried = {f"carried.{k}": part for k, part in enumerate(self.carried or ())}
        return memory | dict(self.network.layer.running) | carried | {"parameters": self.vector}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what ``state`` gave."""
        self.vector.copy_(tensors["parameters"])
        for name, value in self.network.layer.running.items():
            value.copy_(tensors[name])
        memory = {
            name.removeprefix("optimizer."): value
            for name, value in tensors.items()
            if name.startswith("optimizer.")
        }  # fmt: skip
        remember(self.optimizer, memory)
        parts = sum(name.startswith("carried.") for name in tensors)
        self.carried = tuple(tensors[f"carried.{k}"].to(self.vector.device) for k in range(parts)) or None


def _one_vector(params: dict[str, Tensor], device: torch.device | None) -> tuple[dict[str, Tensor], Tensor]:
    """The parameters as views of one vector on ``device``, and the vector."""
    vector = torch.cat([value.reshape(-1) for value in params.values()]).to(device)
    parts = vector.split([value.numel() for value in params.values()])
    return {name: part.view(value.shape) for (name, value), part in zip(params.items(), parts, strict=True)}, vector
