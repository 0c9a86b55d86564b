"""A cell of one layer: the loops over time, once for all of them; each cell writes a step of each pass."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from core.anatomy import Anatomy
from core.anatomy.base import Normalisation
from core.cells import initialisation
from core.cells.base import Cell, Params, State
from core.cells.normalisation import OF_BATCH, STATISTICS, Norm, normalised, of_steps
from core.cells.products import with_one
from core.cells.trajectory import Back, Carry, Trajectory, before, room_for_gradients, room_for_states, time_first

AtStep = Callable[[int], None]
"""What is done at step t, in place."""


@dataclass(frozen=True)
class OneLayer(Cell):
    """A cell by its formulas."""

    normalisation: Normalisation = field(default="none", kw_only=True)

    anatomy_type: ClassVar[type[Anatomy]]

    @cached_property
    def anatomy(self) -> Anatomy:
        return self.anatomy_type(**{field.name: getattr(self, field.name) for field in fields(self)})

    def init(
        self,
        input_size: int,
        hidden_size: int,
        *,
        generator: torch.Generator,
        scheme: str = "default",
        forget_bias: float | None = None,
        scale: float | None = None,
        time_span: int | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> dict[str, Tensor]:
        start = initialisation.Start(scheme, forget_bias, scale, time_span)
        return initialisation.draw(self.anatomy, input_size, hidden_size, generator, start, dtype)

    # -- over a whole sequence ------------------------------------------------------------------------------------

    @torch.no_grad()
    def forward(
        self, params: Params, x: Tensor, state: State | None = None, *, resets: Collection[int] = (), first: int = 0
    ) -> Trajectory:
        T, N, _ = x.shape
        params = of_steps(params, range(first, first + T))
        weight = params["weight_hh"]
        came = [part.T for part in state] if state is not None else [
            weight.new_zeros(weight.shape[1], N) for _ in self.state_parts
        ]  # fmt: skip
        saved = {"inputs": with_one(x)}
        saved |= {part: room_for_states(start, T) for part, start in zip(self.state_parts, came, strict=True)}
        step, blocks = self._forward(params, saved, resets)
        for t in range(T):
            step(t)
        if resets:  # then also what the steps went on from
            saved |= {f"{part}_before": torch.stack(before(saved[part], resets)) for part in self.state_parts}
        shared = {name: saved.pop(name) for name in list(saved) if name.startswith(OF_BATCH)}
        norms = {name: params[name] for name in self._norms_by if name in params}
        return Trajectory(saved, self.state_parts, blocks, self._sums, frozenset(resets), norms, shared)

    @property
    def _norms_by(self) -> tuple[str, ...]:
        """Parameters that the derivative of its normalisation needs."""
        of_inputs = ("weight_ih",) if self.anatomy.gains else ()
        return (*of_inputs, *self.anatomy.gains, *self.anatomy.statistics)

    @abstractmethod
    def _forward(
        self, params: Params, saved: dict[str, Tensor], resets: Collection[int]
    ) -> tuple[AtStep, Mapping[str, int]]:
        """What step t does, in place, from the inputs and the first state in ``saved``, to which it adds what it keeps;
        and the place of each gate among the blocks of ``saved["gates"]``."""

    @property
    def _sums(self) -> Mapping[str, int]:
        """Place of each sum among the blocks of the alphas."""
        return {name: place for place, name in enumerate(self.sum_names)}

    @torch.no_grad()
    def backward(
        self,
        params: Params,
        trajectory: Trajectory,
        grad_out: Tensor,
        *,
        cuts: Collection[int] = (),
        clamp: float | None = None,
        arriving: State | None = None,
        parameters: bool = True,
    ) -> Back:
        later = [part.T for part in arriving] if arriving is not None else [None] * len(self.state_parts)
        h, *others = self.state_parts
        grads = {h: room_for_gradients(grad_out, later[0])}
        for part, end in zip(others, later[1:], strict=True):
            grads[part] = torch.empty_like(grads[h])
            grads[part][-1] = 0 if end is None else end
        step, alphas = self._backward(params, trajectory.whole, grads)
        carry = Carry(trajectory.resets.union(cuts), clamp)
        arriving_h, rest = grads[h].unbind(), [grads[part].unbind() for part in others]
        for t in range(len(grad_out) - 1, -1, -1):
            local = carry.set_aside(t, arriving_h[t])
            step(t)
            if local is not None:
                carry.limit(t, arriving_h[t]).add_(local)
                for part in rest:
                    carry.limit(t, part[t])
        alphas = self._folded(alphas.flatten(1, 2), grads[h].shape[1])
        found = self.parameter_gradients(trajectory, alphas) if parameters else {}
        return Back({part: time_first(grad) for part, grad in grads.items()}, found, (alphas,))

    @abstractmethod
    def _backward(self, params: Params, saved: dict[str, Tensor], grads: dict[str, Tensor]) -> tuple[AtStep, Tensor]:
        """What step t does on the way back, in place, and the alphas (T, blocks, H, N) that it writes.

        ``grads`` are ∂L/∂state, (T+1, H, N) a part: that of h comes with the local gradients, to which is added, of
        the others only the last is known.
        """

    def _folded(self, alphas: Tensor, H: int) -> Tensor:
        """The alphas (T, blocks·H, N) of the loops as those of the sums that have weights."""
        return alphas

    @torch.no_grad()
    def parameter_gradients(
        self, trajectory: Trajectory, alphas: Tensor, first: int = 0, stop: int | None = None
    ) -> dict[str, Tensor]:
        stop = len(alphas) if stop is None else stop
        steps = trajectory.between(first, stop)
        return self._parameters(alphas[first:stop], steps.whole | dict(steps.norms))

    def input_gradient(self, params: Params, trajectory: Trajectory, alphas: Tensor) -> Tensor:
        return time_first(self._inputs_back(dict(params) | dict(trajectory.norms), trajectory.whole, alphas))

    def _inputs_back(self, params: Params, saved: dict[str, Tensor], alphas: Tensor) -> Tensor:
        """∂L/∂inputs (T, C, N) from the alphas (T, blocks·H, N)."""
        self.lacks("what it sends back to its input")

    @abstractmethod
    def _parameters(self, alphas: Tensor, saved: dict[str, Tensor]) -> dict[str, Tensor]:
        """∂L/∂parameters from the alphas (T, blocks·H, N) and what was saved of the same steps, gains included."""

    def first_statistics(self, hidden_size: int, steps: int) -> dict[str, Tensor]:
        return {name: torch.full((steps, blocks * hidden_size), float(name.startswith("variance")))
                for name, blocks in self.anatomy.statistics.items()}  # fmt: skip

    def statistics(self, trajectory: Trajectory) -> dict[str, Tensor]:
        found = {}
        for what, prefix in zip(STATISTICS, OF_BATCH, strict=False):
            saved = {name.removeprefix(prefix): rows.T for name, rows in trajectory.shared.items()
                     if name.startswith(prefix)}  # fmt: skip
            found |= {f"{what}_{name}": rows.T for name, rows in self._rows_of(saved).items()}
        return found

    def _rows_of(self, products: dict[str, Tensor]) -> dict[str, Tensor]:
        """{product of the loops: rows (R, T)} as {"ih", "hh", …: rows in the parameters' order}."""
        return products

    def at_sums(self, trajectory: Trajectory, back: Back) -> dict[str, Tensor]:
        blocks = back.alphas.unflatten(1, (-1, trajectory.h.shape[2]))
        return {name: time_first(blocks[:, place]) for name, place in trajectory.sums.items()}

    def input_sums(self, params: Params, x: Tensor) -> Tensor:
        return normalised(x @ params["weight_ih"].T, self.norm(params, "ih"), params["weight_hh"].shape[1])

    def state_sums(self, params: Params, h: Tensor) -> Tensor:
        return normalised(h @ params["weight_hh"].T, self.norm(params, "hh"), params["weight_hh"].shape[1])

    def recurrent_blocks(self, params: Params) -> dict[str, Tensor]:
        return dict(zip(self.sum_names, params["weight_hh"].chunk(len(self.sum_names)), strict=True))

    def recurrent_norms(self, params: Params) -> dict[str, Norm]:
        norm, H = self.norm(params, "hh"), params["weight_hh"].shape[1]
        return {} if norm is None else {q: norm.between(k * H, (k + 1) * H) for k, q in enumerate(self.sum_names)}

    def norm(self, params: Params, name: str) -> Norm | None:
        """How what the input ("ih") or the state ("hh") brings is normalised, or c on its way to h ("c")."""
        if self.normalisation == "none":
            return None
        return Norm.of(self.normalisation, params, name)

    def peepholes(self, params: Params) -> dict[str, Tensor]:
        names = self.anatomy.peepholes
        return dict(zip(names, params["weight_peephole"], strict=True)) if names else {}


def with_norms(params: Params, trajectory: Trajectory) -> Params:
    """With the statistics that were held on this way, those of its own steps."""
    return dict(params) | dict(trajectory.norms)
