"""The gradient through time of anybody's recurrent PyTorch network: what arrives at every hidden state.

torch's own layers (nn.RNN, nn.LSTM, nn.GRU) hide the states between their steps, so nobody can ask autograd for their
gradients. Here the layer runs as it is, and a second pass of this project's cells, on the same weights and inputs, is
handed the gradient that came back to the layer's output: by the chain rule it gives ∂L/∂h and ∂L/∂c of every step. Its
states are held against the layer's own outputs before anything is said. Of a loop over steps (nn.LSTMCell, or any
module that is called once a step) autograd is asked itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pandas import DataFrame
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from core.cells import VARIANTS, Back, Cell, Trajectory
from core.errors import UnrolledError

AGREES = 1e-4
"""Largest difference between the layer's outputs and the second pass, as a share of the largest output, in float32; in
float64 a millionth of that."""
LIMITS = (
    "It cannot look into dropout between the layers of one nn.LSTM, nn.GRU or nn.RNN while that is switched on, into "
    "proj_size, into scripted or compiled modules, nor into gradients that flow back through an output more than once."
)


@dataclass(frozen=True)
class Recorded:
    """One direction of one layer over one backward pass.

    name       of the module, with the layer and "reverse" where it has several
    gradients  {"h": (T+1, N, H), "c": …} ∂L/∂state, total derivatives; [0] is the initial state. A reverse direction
               runs from the end: its [0] is the state before the last input
    gates      {"i": (T, N, H), …} after their nonlinearity; empty where there are none or the step is not known
    lengths    (N,) steps of each sequence; gradients beyond are zero
    """

    name: str
    gradients: Mapping[str, Tensor]
    gates: Mapping[str, Tensor]
    lengths: Tensor
    parts: Sequence[_Part] = field(default=(), repr=False)

    @property
    def grad_h(self) -> NDArray[np.float64]:
        """(T+1,) ‖∂L/∂h[t]‖ of one sequence, averaged over the batch."""
        return _profile([self.gradients["h"]])

    @property
    def grad_c(self) -> NDArray[np.float64] | None:
        """(T+1,) likewise of c; None where there is none."""
        return _profile([self.gradients["c"]]) if "c" in self.gradients else None

    @property
    def flow(self) -> NDArray[np.float64]:
        """(T+1,) likewise of the whole state."""
        return _profile(list(self.gradients.values()))

    @cached_property
    def weight_gradients(self) -> dict[str, Tensor]:
        """{parameter: (T, …)} what each time step adds to ∂L/∂weights: their sum over T is the gradient itself.

        Raises UnrolledError for a loop over steps, whose inside is not known here.
        """
        if not self.parts:
            raise UnrolledError(
                f"`{self.name}` is a loop over steps: what a step adds to the weights is known for nn.RNN, nn.LSTM and "
                "nn.GRU alone. Ask those."
            )
        total: dict[str, Tensor] = {}
        T = len(self.gradients["h"]) - 1
        for part in self.parts:
            steps = len(part.back.alphas if isinstance(part.back.alphas, Tensor) else part.back.alphas[0])
            for t in range(steps):
                for name, grad in part.cell.parameter_gradients(part.trajectory, part.back.alphas, t, t + 1).items():
                    room = total.setdefault(name, grad.new_zeros(T, *grad.shape))
                    room[t] += grad
        return total

    def table(self) -> DataFrame:
        """A row a time step."""
        columns = {"time step": np.arange(len(self.grad_h)), "gradient of h": self.grad_h}
        if self.grad_c is not None:
            columns["gradient of c"] = self.grad_c
        return DataFrame(columns | {"flow": self.flow})


@dataclass(frozen=True)
class _Part:
    """Sequences of one length: their second pass."""

    cell: Cell
    trajectory: Trajectory
    back: Back
    sequences: Tensor


def record(model: nn.Module, batch: Any, loss: Callable[[Any], Tensor], *, step: str | None = None) -> list[Recorded]:
    """One forward and backward pass of ``model`` on ``batch`` (a tensor, or a tuple of its arguments), recorded.

    ``loss`` makes a number of what the model answers. ``step`` names a submodule that is called once a time step, where
    the network is a loop of its own; nn.RNNCell & co. are found by themselves. The parameters' ``grad`` stay as they
    are. Raises UnrolledError where nothing recurrent is found, and for what LIMITS says.
    """
    before = [parameter.grad for parameter in model.parameters()]
    for parameter in model.parameters():
        parameter.grad = None
    try:
        with watch(model, step=step) as watched:
            several = isinstance(batch, tuple) and not isinstance(batch, PackedSequence)
            loss(model(*batch) if several else model(batch)).backward()
    finally:
        for parameter, grad in zip(model.parameters(), before, strict=True):
            parameter.grad = grad
    if not watched.recordings:
        raise UnrolledError(
            f"`model` (={type(model).__name__}) ran no nn.RNN, nn.LSTM, nn.GRU nor a cell of theirs that the loss "
            "depends on. Name the submodule of your own loop with `step`."
        )
    return watched.recordings[-1][1]


@contextmanager
def watch(model: nn.Module, every: int = 1, *, step: str | None = None) -> Iterator[Watch]:
    """Record every ``every``-th pass through ``model`` in the block, and do nothing in the others.

    The loop stays as it is, ``loss.backward()`` included: ``watched.recordings`` are (number of the pass, what was
    recorded) pairs, and each is there as soon as the next pass begins or the block ends.
    """
    if every < 1:
        raise UnrolledError(f"`every` (={every}) must be at least 1. Record every first, tenth or hundredth pass.")
    watched = Watch(model, every, step)
    try:
        yield watched
        watched.settle()
    finally:
        watched.leave()


class Watch:
    """What ``watch`` hands out."""

    def __init__(self, model: nn.Module, every: int, step: str | None) -> None:
        self.recordings: list[tuple[int, list[Recorded]]] = []
        self._every, self._passes, self._on = every, -1, False
        self._layers: list[_Call] = []
        self._loops: dict[str, list[tuple[Tensor, ...]]] = {}
        names = dict(model.named_modules())
        if step is not None and step not in names:
            raise UnrolledError(f"`step` (={step}) is no submodule. Choose one of: {', '.join(filter(None, names))}.")
        self._hooks = [model.register_forward_pre_hook(self._begin)]
        for name, module in names.items():
            if isinstance(module, nn.RNNBase):
                self._hooks.append(module.register_forward_hook(self._of_layer(name or "model"), with_kwargs=True))
            elif isinstance(module, nn.RNNCellBase) or name == step:
                self._hooks.append(module.register_forward_hook(self._of_loop(name or "model")))

    def _begin(self, module: nn.Module, arguments: Any) -> None:
        self.settle()
        self._passes += 1
        self._on = self._passes % self._every == 0

    def _of_layer(self, name: str) -> Callable[..., None]:
        def hook(module: Any, arguments: Any, named: Any, output: Any) -> None:
            if self._on and torch.is_grad_enabled():
                given = [*arguments, *named.values()]
                self._layers.append(_Call.of(name, module, given[0], given[1] if len(given) > 1 else None, output))

        return hook

    def _of_loop(self, name: str) -> Callable[..., None]:
        def hook(module: Any, arguments: Any, output: Any) -> None:
            if self._on and torch.is_grad_enabled():
                made = tuple(part for part in _flat(output) if part.requires_grad)
                for part in made:
                    part.retain_grad()
                self._loops.setdefault(name, []).append(made)

        return hook

    def settle(self) -> None:
        """Work out what the last recorded pass left, once its backward pass has been."""
        found = [one for call in self._layers if call.reached for one in call.recorded()]
        found += [_of_loop(name, steps) for name, steps in self._loops.items() if _reached(steps)]
        self._layers, self._loops = [], {}
        if found:
            self.recordings.append((self._passes, found))

    def leave(self) -> None:
        """Take all hooks away."""
        for hook in self._hooks:
            hook.remove()


# -- a loop over steps -------------------------------------------------------------------------------------------------


def _flat(output: Any) -> list[Tensor]:
    if isinstance(output, Tensor):
        return [output]
    return [part for each in output for part in _flat(each)] if isinstance(output, tuple | list) else []


def _reached(steps: Sequence[tuple[Tensor, ...]]) -> bool:
    return any(part.grad is not None for made in steps for part in made)


def _of_loop(name: str, steps: Sequence[tuple[Tensor, ...]]) -> Recorded:
    """The first two outputs of every call are h and, where there is one, c; nobody hands out the initial state."""
    names = ("h", "c")[: min(len(steps[0]), 2)]
    gradients: dict[str, Tensor] = {}
    for place, part in enumerate(names):
        made = [outputs[place] for outputs in steps]
        grads = [torch.zeros_like(one) if one.grad is None else one.grad for one in made]
        gradients[part] = torch.stack([torch.zeros_like(grads[0]), *grads]).flatten(1, -2)
    N = gradients["h"].shape[1]
    return Recorded(name, gradients, {}, torch.full((N,), len(steps)))


# -- a layer of torch's ------------------------------------------------------------------------------------------------


@dataclass
class _Call:
    """One call of a layer: what went in and came out, time first, and the gradients that came back to the outputs.

    x        (T, N, C), padded; lengths (N,) of the sequences
    state    the initial state's parts, (layers · directions, N, H) each, or None
    output   (T, N, directions · H)
    last     the last state's parts
    weights  by (layer, direction), as they were: an optimiser may move them before this is looked at
    """

    name: str
    module: nn.RNNBase
    x: Tensor
    lengths: Tensor
    state: tuple[Tensor, ...] | None
    output: Tensor
    last: tuple[Tensor, ...]
    packed: PackedSequence | None
    weights: dict[tuple[int, int], dict[str, Tensor]]
    came: dict[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, module: nn.RNNBase, given: Any, state: Any, made: tuple[Any, Any]) -> _Call:
        """Listens to what comes back to the outputs."""
        output, last = made
        last = last if isinstance(last, tuple) else (last,)
        state = None if state is None else state if isinstance(state, tuple) else (state,)
        packed = output if isinstance(output, PackedSequence) else None
        if packed is not None:
            x, lengths = pad_packed_sequence(given)
            seen, _ = pad_packed_sequence(packed)
        else:
            x, seen = _time_first(given, module), _time_first(output, module)  # pyright: ignore[reportArgumentType]
            lengths = torch.full((x.shape[1],), len(x))
            if given.dim() == 2:
                state = None if state is None else tuple(part.unsqueeze(1) for part in state)
        places = [(layer, way) for layer in range(module.num_layers) for way in range(2 if module.bidirectional else 1)]
        weights = {place: _params(module, *place) for place in places}
        call = cls(name, module, x.detach(), lengths, state, seen.detach(), last, packed, weights)
        heard: list[tuple[str, Any]] = [("output", output if packed is None else packed.data), *zip(("h", "c"), last)]
        for key, part in heard:
            if part.requires_grad:
                part.register_hook(lambda grad, key=key: call.came.__setitem__(key, call.came.get(key, 0) + grad))
        return call

    @property
    def reached(self) -> bool:
        """Whether anything came back."""
        return bool(self.came)

    def recorded(self) -> list[Recorded]:
        """Every layer and direction, the top one first."""
        module, cell = self.module, cell_of_layer(self.module)
        ways, total = 2 if module.bidirectional else 1, module.num_layers
        arriving = self._arriving()
        groups = [(int(length), (self.lengths == length).nonzero().squeeze(1)) for length in self.lengths.unique()]
        found: dict[tuple[int, int], list[_Part]] = {}
        with torch.no_grad():
            for length, own in groups:
                self._run_group(cell, length, own, ways, total, arriving, found)
        return [self._merged(layer, way, parts) for (layer, way), parts in sorted(found.items(), reverse=True)]

    def _arriving(self) -> dict[str, Tensor]:
        """Gradients at the outputs, time first, and at the last states; zeros where none came."""
        output = self.came.get("output")
        if output is None:
            local = torch.zeros_like(self.output)
        elif self.packed is not None:
            local, _ = pad_packed_sequence(self.packed._replace(data=output))
        else:
            local = _time_first(output, self.module)
        found = {"output": local}
        for key, part in zip(("h", "c"), self.last):
            grad = self.came.get(key, torch.zeros_like(part))
            found[key] = grad.unsqueeze(1) if grad.dim() == 2 else grad
        return found

    def _run_group(
        self, cell: Cell, length: int, own: Tensor, ways: int, total: int, arriving: Mapping[str, Tensor],
        found: dict[tuple[int, int], list[_Part]],
    ) -> None:  # fmt: skip
        """The second pass over sequences of one length: forwards from the bottom up, back from the top down."""
        below, passes = self.x[:length, own], []
        for layer in range(total):
            made = []
            for way in range(ways):
                params = self.weights[layer, way]
                place = layer * ways + way
                start = None if self.state is None else tuple(part[place, own].detach() for part in self.state)
                trajectory = cell.forward(params, below.flip(0) if way else below, start)
                made.append((params, trajectory))
            below = torch.cat([_in_time(t.h[1:], way) for way, (_, t) in enumerate(made)], dim=-1)
            passes.append(made)
        self._check(below, self.output[:length, own])
        local = arriving["output"][:length, own]
        for layer in reversed(range(total)):
            downwards = 0
            for way, part in enumerate(local.chunk(ways, dim=-1)):
                params, trajectory = passes[layer][way]
                place = layer * ways + way
                ends = tuple(arriving[key][place, own] for key in ("h", "c")[: len(cell.state_parts)])
                back = cell.backward(params, trajectory, _in_time(part, way).contiguous(), arriving=ends)
                found.setdefault((layer, way), []).append(_Part(cell, trajectory, back, own))
                downwards = downwards + _in_time(cell.input_gradient(params, trajectory, back.alphas), way)
            local = downwards if isinstance(downwards, Tensor) else local

    def _check(self, ours: Tensor, theirs: Tensor) -> None:
        scale = AGREES * (1e-6 if ours.dtype == torch.float64 else 1)
        off = float((ours - theirs).abs().max()) if ours.numel() else 0.0
        if not off <= scale * max(1.0, float(theirs.abs().max())):
            why = " Its dropout is on: call `model.eval()` first, or set it to 0." if self._drops else ""
            raise UnrolledError(
                f"`{self.name}` answers otherwise than its weights say (largest difference {off:.2g}), so nothing is "
                f"said of its gradients.{why}"
            )

    @property
    def _drops(self) -> bool:
        return bool(self.module.dropout and self.module.training and self.module.num_layers > 1)

    def _merged(self, layer: int, way: int, parts: Sequence[_Part]) -> Recorded:
        """The groups of sequences together again, zero beyond their ends."""
        T, N = len(self.x), self.x.shape[1]

        def whole(tensors: Sequence[Tensor], steps: int) -> Tensor:
            room = tensors[0].new_zeros(steps, N, tensors[0].shape[-1])
            for part, tensor in zip(parts, tensors, strict=True):
                room[: len(tensor), part.sequences] = tensor
            return room

        first = parts[0]
        gradients = {key: whole([part.back.states[key] for part in parts], T + 1) for key in first.back.states}
        gates = {key: whole([part.trajectory.gates[key] for part in parts], T) for key in first.trajectory.gates}
        several = self.module.num_layers > 1
        name = self.name + (f".l{layer}" if several else "") + (".reverse" if way else "")
        return Recorded(name, gradients, gates, self.lengths, tuple(parts))


def cell_of_layer(module: nn.RNNBase) -> Cell:
    """The cell that computes what one of torch's layers does. Raises UnrolledError where there is none."""
    if getattr(module, "proj_size", 0):
        raise UnrolledError(
            f"`proj_size` (={module.proj_size}) changes what h is, which the second pass does not do. Use a layer "
            "without it."
        )
    for cell in VARIANTS.values():
        own = cell.torch_layer(1, 1)
        if own is not None and own.mode == module.mode:
            return cell
    raise UnrolledError(f"`{type(module).__name__}` (mode {module.mode}) is none of the cells here. Use `step`.")


def _params(module: nn.RNNBase, layer: int, way: int) -> dict[str, Tensor]:
    """Copies of a layer's parameters, without their endings; biases of zero where it has none."""
    ending = f"_l{layer}{'_reverse' if way else ''}"
    weights = {name: getattr(module, name + ending).detach().clone() for name in ("weight_ih", "weight_hh")}
    rows = weights["weight_hh"].new_zeros(len(weights["weight_hh"]))
    if not module.bias:
        return weights | {"bias_ih": rows, "bias_hh": rows}
    return weights | {name: getattr(module, name + ending).detach().clone() for name in ("bias_ih", "bias_hh")}


def _time_first(part: Tensor, module: nn.RNNBase) -> Tensor:
    if part.dim() == 2:
        return part.unsqueeze(1)
    return part.transpose(0, 1) if module.batch_first else part


def _in_time(part: Tensor, way: int) -> Tensor:
    return part.flip(0) if way else part


def _profile(parts: Sequence[Tensor]) -> NDArray[np.float64]:
    squares = sum(part.double().square().sum(dim=-1) for part in parts)
    assert isinstance(squares, Tensor)
    return squares.sqrt().mean(dim=1).cpu().numpy()
